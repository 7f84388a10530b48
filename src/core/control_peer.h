/* control_peer.h: who may ask the master for something. */
#ifndef SOCKD_CORE_CONTROL_PEER_H
#define SOCKD_CORE_CONTROL_PEER_H

#include <stdbool.h>
#include <sys/types.h>

/* The client of a connected unix socket may ask: root, the master's own user, or a member of group ((gid_t)-1:
 * none); never a process that descends from a worker or program of this sockd.
 * peer  receives who it is. Source: unix(7), SO_PEERCRED, SO_PEERGROUPS */
struct control_peer {
	pid_t pid;
	uid_t uid;
};
bool control_peer_may(int fd, gid_t group, struct control_peer *peer);

#endif
