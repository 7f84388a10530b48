/* privs.c: the one function that changes who a process is. */
#include "core/privs.h"

#include <grp.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

static int ids_are(uid_t uid, gid_t gid)
{
	uid_t r, e, s;
	gid_t rg, eg, sg;

	if (getresuid(&r, &e, &s) < 0 || getresgid(&rg, &eg, &sg) < 0)
		return 0;
	return r == uid && e == uid && s == uid && rg == gid && eg == gid && sg == gid;
}

int privs_drop(uid_t uid, gid_t gid, const gid_t *groups, size_t n_groups)
{
	if (setgroups(n_groups, groups) < 0)
		log_msg(LOG_ERR, "setgroups: %m");
	else if (setresgid(gid, gid, gid) < 0)
		log_msg(LOG_ERR, "setresgid %u: %m", gid);
	else if (setresuid(uid, uid, uid) < 0)
		log_msg(LOG_ERR, "setresuid %u: %m", uid);
	else if (!ids_are(uid, gid))
		log_msg(LOG_ERR, "the change to user %u, group %u did not last", uid, gid);
	else if (uid != 0 && (setresuid(0, 0, 0) == 0 || setuid(0) == 0 || seteuid(0) == 0))
		log_msg(LOG_ERR, "root could be regained after the change to user %u", uid);
	else
		return 0;
	return -1;
}

int privs_disarm(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = {0};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
		prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) == 0 &&
		syscall(SYS_capset, &head, none) == 0)
		return 0;
	log_msg(LOG_ERR, "capabilities cannot be given up: %m");
	return -1;
}
