/* sdnotify.h: what systemd wants to hear: one datagram to $NOTIFY_SOCKET. Source: sd_notify(3) */
#ifndef SOCKD_BASE_SDNOTIFY_H
#define SOCKD_BASE_SDNOTIFY_H

#include "base/util.h"

/* Remember $NOTIFY_SOCKET and $WATCHDOG_USEC of this process, and take them out of the
 * environment. Call it once, early. */
void sdnotify_init(void);

/* Send state lines ("READY=1\nSTATUS=..."). Never blocks. Does nothing without a socket.
 * fd  to be sent along, or -1
 * Returns 0, or -1 with errno. */
int sdnotify_fd(int fd, const char *fmt, ...) PRINTF_LIKE(2, 3);
#define sdnotify(...) sdnotify_fd(-1, __VA_ARGS__)

/* True if systemd keeps descriptors for this service: $FDSTORE, which it sets since version 254. */
bool sdnotify_stores(void);

/* True if somebody wants to hear. */
bool sdnotify_heard(void);

/* Say nothing, until told otherwise: systemd listens to one process of the service alone. */
void sdnotify_mute(bool on);

/* Put the variables back, for the program that this process is about to become. */
void sdnotify_export(void);

/* Interval in ms at which WATCHDOG=1 must be sent (half of what systemd allows), 0 = never. */
unsigned sdnotify_watchdog_ms(void);

#endif
