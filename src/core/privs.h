/* privs.h: give up rights, for good, in one place. */
#ifndef SOCKD_CORE_PRIVS_H
#define SOCKD_CORE_PRIVS_H

#include "base/util.h"

/* Become uid, gid with these supplementary groups, and check that there is no way back.
 * Returns 0, or -1 after logging why; the caller must then leave.
 * Source: credentials(7), setresuid(2), setgroups(2) */
int privs_drop(uid_t uid, gid_t gid, const gid_t *groups, size_t n_groups);

/* Give up every capability and the ways to get one back, but stay who we are: root then is a user
 * like others, and those cannot signal it. Returns 0, or -1 after logging why.
 * Source: capset(2), capabilities(7) */
int privs_disarm(void);

#endif
