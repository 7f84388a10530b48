/* control.h: the socket on which sockctl speaks to the master.
 *
 * A client sends one line, "COMMAND[ ARGUMENT...]\n", and reads "ok\n" or "error REASON\n" and text until
 * the end. "boards" is answered with descriptors of the scoreboards: whatever there is to compute from
 * them is computed by the client.
 */
#ifndef SOCKD_CORE_CONTROL_H
#define SOCKD_CORE_CONTROL_H

#include <stdbool.h>

#include "conf/conf.h"

/* Listen on control-socket, if the settings name one.
 * inherited  the listening descriptor of the program that this one takes over from, or -1; owned
 * Returns 0, or -1 after logging why. The default path is only tried: then 0 too. */
int control_open(const struct conf *c, int inherited);

/* Take the group from other settings; the socket changes hands too. */
void control_group_set(const struct conf *c);

/* The listening descriptor, for the next program; -1: none. */
int control_fd(void);

/* Close it, with all clients. keep  the next program goes on with the socket: leave its name */
void control_close(bool keep);

/* What a client waits for is known. ticket  of reload_request() */
void control_reloaded(bool dry, unsigned ticket, bool good, const char *text);
void control_upgraded(bool good, const char *text);

#endif
