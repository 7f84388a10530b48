/* daemon.h: the shell around the master: background, pidfile. */
#ifndef SOCKD_CORE_DAEMON_H
#define SOCKD_CORE_DAEMON_H

#include "base/util.h"

/* Go to the background. The parent stays until daemon_ready() and exits with the status that this
 * gives; if the daemon ends before, with the status of daemon_tell(), or 1.
 * Returns in the daemon: 0, or -1 with errno (in the parent, nothing was started). */
int daemon_start(void);

/* Close every descriptor from this number on, but the pipe to the parent. */
void daemon_close_from(int fd);

/* Let the parent go, and the terminal. Does nothing without daemon_start(). */
void daemon_ready(void);

/* Tell the parent with which status to exit. */
void daemon_tell(int status);

/* Create (or take over, if nobody has it locked) and lock a pidfile; its content is written later.
 * A symlink, or anything but a regular file, is refused.
 * Returns 0, or -1 after logging why. Source: flock(2) */
int pidfile_lock(const char *path);

/* Write our pid into it. Returns 0, or -1 after logging why. Does nothing if none is locked. */
int pidfile_write(void);

/* The locked file, for the next program, or -1; and in that program: use it, if the settings name it.
 * It is owned, and stays the other's until pidfile_write(). */
int pidfile_fd(void);
void pidfile_inherit(int fd);

/* It is the next program's: forget it. */
void pidfile_release(void);

/* Remove it, if it is still ours. */
void pidfile_remove(void);

#endif
