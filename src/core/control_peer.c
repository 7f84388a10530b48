/* control_peer.c: the kernel says who connected; the tree of processes says where they come from. */
#include "core/control_peer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/util.h"
#include "core/heir.h"
#include "core/service.h"

#define GROUPS_MAX 1024 /* a peer with more is looked at by its first ones */
#define DEPTH_MAX  128  /* of the tree */

static bool in_group(int fd, gid_t primary, gid_t group)
{
	gid_t all[GROUPS_MAX];
	socklen_t len = sizeof(all);

	if (group == (gid_t)-1)
		return false;
	if (primary == group)
		return true;
	if (getsockopt(fd, SOL_SOCKET, SO_PEERGROUPS, all, &len) < 0)
		return false;
	for (size_t i = 0; i < len / sizeof(*all); i++) {
		if (all[i] == group)
			return true;
	}
	return false;
}

static bool pool_has(const struct pool *p, pid_t pid)
{
	for (size_t i = 0; i < p->n; i++) {
		if (p->worker[i].pid == pid)
			return true;
	}
	return false;
}

static bool is_worker(pid_t pid)
{
	for (const struct service *s = services; s; s = s->next) {
		for (const struct pool *p = s->pool; p; p = p->next) {
			if (pool_has(p, pid))
				return true;
		}
		if (s->trial && pool_has(s->trial, pid))
			return true;
	}
	return false;
}

/* Returns 0 if it has none that can be seen from here, -1 if there is no such process. */
static pid_t parent_of(pid_t pid)
{
	struct buf text = {0};
	const char *state;
	char path[32];
	int parent = -1;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	/* "PID (NAME) STATE PPID": the name may hold anything. */
	if (read_file(path, 4096, &text) == 0 && (state = strrchr(text.data, ')')) != NULL &&
		strlen(state) > 4)
		parent = (int)strtol(state + 4, NULL, 10);
	buf_free(&text);
	return parent;
}

static bool is_ours(pid_t pid)
{
	int depth = 0;

	/* Orphans are given to the master. One that is gone may have been anybody's; but an ordinary user may
	 * not be shown the processes of others. */
	for (; pid > 0; depth++) {
		if (depth == DEPTH_MAX || is_worker(pid))
			return true;
		if (depth && (pid == master_pid || heir_is_older(pid)))
			return true;
		pid = parent_of(pid);
	}
	return pid < 0 && (depth == 1 || geteuid() == 0);
}

bool control_peer_may(int fd, gid_t group, struct control_peer *peer)
{
	struct ucred cred;
	socklen_t len = sizeof(cred);

	*peer = (struct control_peer){0, (uid_t)-1};
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) < 0)
		return false;
	*peer = (struct control_peer){cred.pid, cred.uid};
	if (cred.uid != 0 && cred.uid != geteuid() && !in_group(fd, cred.gid, group))
		return false;
	return !is_ours(cred.pid);
}
