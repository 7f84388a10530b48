/* listener_help.h: what the tests of listeners share: addresses, a folder, a look at stderr. */
#ifndef SOCKD_TESTS_LISTENER_HELP_H
#define SOCKD_TESTS_LISTENER_HELP_H

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/util.h"
#include "net/listener.h"

static bool no_ipv6; /* plays a kernel without IPv6 */

/* Takes the place of the C library's. */
int socket(int domain, int type, int protocol); /* for -Wmissing-prototypes */
int socket(int domain, int type, int protocol)
{
	if (no_ipv6 && domain == AF_INET6) {
		errno = EAFNOSUPPORT;
		return -1;
	}
	return (int)syscall(SYS_socket, domain, type, protocol);
}

static char dir[64];
static char err[256];
static const struct listener_options plain = {
	.backlog = 16, .socket_mode = 0660, .socket_uid = (uid_t)-1, .socket_gid = (gid_t)-1};

static inline struct addr address(const char *text)
{
	static struct addr found[ADDR_MAX];

	if (addr_parse(text, ADDR_NUMERIC, found, err, sizeof(err)) != 1)
		fail_msg("%s: %s", text, err);
	return found[0];
}

static inline struct addr path_address(const char *name)
{
	char text[128];

	snprintf(text, sizeof(text), "unix:%s/%s", dir, name);
	return address(text);
}

static inline struct listener opened(const struct addr *a)
{
	struct listener l;

	err[0] = '\0';
	if (listener_open(&l, a, &plain, 0, err, sizeof(err)) < 0)
		fail_msg("listener_open: %s", err);
	return l;
}

/* What goes to stderr from here to stderr_end(). */
static int saved_stderr;
static FILE *caught;

static inline void stderr_begin(void)
{
	fflush(stderr);
	saved_stderr = fcntl(2, F_DUPFD_CLOEXEC, 100);
	caught = tmpfile();
	assert_non_null(caught);
	dup2(fileno(caught), 2);
}

static inline const char *stderr_end(void)
{
	static char text[4096];
	size_t n;

	fflush(stderr);
	dup2(saved_stderr, 2);
	close(saved_stderr);
	rewind(caught);
	n = fread(text, 1, sizeof(text) - 1, caught);
	text[n] = '\0';
	fclose(caught);
	return text;
}

static inline int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof(dir), "/tmp/test_listener.XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static inline int remove_dir(void **state)
{
	(void)state;
	return rmdir(dir); /* fails if a test left something */
}

#endif
