/* service_parts.h: what the files of struct service share. For them alone.
 *
 * service.c           its life: generations come, are tried, and go
 * service_listen.c    its listening sockets
 * service_fork.c      its processes, and their slots
 * service_board.c     what readers of its scoreboard see
 */
#ifndef SOCKD_CORE_SERVICE_PARTS_H
#define SOCKD_CORE_SERVICE_PARTS_H

#include "core/service.h"

/* Close a set and empty it; those that a reload is about to give to others are left to it. */
void service_close_listeners(struct listener **l, size_t *n);

/* Close what a reload dropped and no pool has any more. */
void service_close_dropped(struct service *s);

/* Take a new set. Those that it does not have wait for older pools to be done with them. */
void service_replace_listeners(struct service *s, struct listener *listener, size_t n);

/* Put every listener on hold that ends with the service. Returns false if there is none: those that
 * systemd keeps open are left to the next owner, and those that changed hands are not ours. */
bool service_hold_listeners(const struct service *s);

/* Listen again on what a hostile worker has shut down. */
void service_revive_listeners(struct service *s);

#endif
