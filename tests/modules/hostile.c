/* hostile.c: a module that does what none should. The option `do=WHAT` tells what; serve() does it and then,
 * if it still can, echoes. The options `in=init`, `in=check` do it there. */
#define _GNU_SOURCE 1
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <sockd/module.h>

static const char *option(const char *const *options, size_t n, const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < n; i++) {
		if (strncmp(options[i], name, len) == 0 && options[i][len] == '=')
			return options[i] + len + 1;
	}
	return "";
}

/* True for every socket that is listened on. */
static bool is_listener(int fd)
{
	int on = 0;
	socklen_t len = sizeof(on);

	return getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 && on;
}

static void shut_listeners(void)
{
	for (int fd = 0; fd < 1024; fd++) {
		if (is_listener(fd))
			shutdown(fd, SHUT_RDWR);
	}
}

static void unblock_listeners(void)
{
	for (int fd = 0; fd < 1024; fd++) {
		if (is_listener(fd))
			fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
	}
}

static void close_all(void)
{
	for (int fd = 0; fd < 1024; fd++)
		close(fd);
}

/* Random bytes over all that other processes see too. */
static void scribble(void)
{
	static struct {
		unsigned char *from, *to;
	} shared[64];
	FILE *maps = fopen("/proc/self/maps", "re");
	unsigned long from, to;
	char rights[8], line[512];
	size_t n = 0;

	while (maps && n < 64 && fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%lx %7s", &from, &to, rights) == 3 &&
			!strcmp(rights, "rw-s")) {
			shared[n].from = (unsigned char *)from;
			shared[n++].to = (unsigned char *)to;
		}
	}
	if (maps)
		fclose(maps);
	for (size_t i = 0; i < n; i++) {
		for (unsigned char *p = shared[i].from; p < shared[i].to; p++)
			*p = (unsigned char)rand();
	}
	fprintf(stderr, "scribbled over %zu mappings\n", n);
}

static void flood(void)
{
	for (int i = 0; i < 50000; i++)
		fprintf(stderr, "hostile line %d of a flood without end\n", i);
}

static void leak(void)
{
	while (open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0)
		;
}

/* A child that comes back as if it were the worker. */
static void fork_and_return(void)
{
	fprintf(stderr, "forked %d\n", (int)fork());
}

static void print(void)
{
	puts("printed by a module");
	fflush(stdout);
}

static _Noreturn void hang(void)
{
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	for (;;)
		pause();
}

static _Noreturn void spin(void)
{
	for (volatile unsigned i = 0;; i++)
		;
}

static volatile int *volatile nowhere;

static void act(const char *what)
{
	if (!strcmp(what, "crash"))
		*nowhere = 0;
	else if (!strcmp(what, "abort"))
		abort();
	else if (!strcmp(what, "exit"))
		exit(0);
	else if (!strcmp(what, "exit-3"))
		exit(3);
	else if (!strcmp(what, "fork"))
		fork_and_return();
	else if (!strcmp(what, "print"))
		print();
	else if (!strcmp(what, "hang"))
		hang();
	else if (!strcmp(what, "spin"))
		spin();
	else if (!strcmp(what, "shutdown"))
		shut_listeners();
	else if (!strcmp(what, "nonblock"))
		unblock_listeners();
	else if (!strcmp(what, "close-all"))
		close_all();
	else if (!strcmp(what, "scribble"))
		scribble();
	else if (!strcmp(what, "flood"))
		flood();
	else if (!strcmp(what, "leak"))
		leak();
}

static const struct {
	const char *name;
	int level, option;
} socket_options[] = {
	{"SO_KEEPALIVE", SOL_SOCKET, SO_KEEPALIVE},
	{"SO_RCVBUF", SOL_SOCKET, SO_RCVBUF},
	{"SO_SNDBUF", SOL_SOCKET, SO_SNDBUF},
	{"TCP_DEFER_ACCEPT", IPPROTO_TCP, TCP_DEFER_ACCEPT},
	{"TCP_FASTOPEN", IPPROTO_TCP, TCP_FASTOPEN},
	{"TCP_KEEPCNT", IPPROTO_TCP, TCP_KEEPCNT},
	{"TCP_KEEPIDLE", IPPROTO_TCP, TCP_KEEPIDLE},
	{"TCP_KEEPINTVL", IPPROTO_TCP, TCP_KEEPINTVL},
	{"TCP_NODELAY", IPPROTO_TCP, TCP_NODELAY},
	{"TCP_USER_TIMEOUT", IPPROTO_TCP, TCP_USER_TIMEOUT},
};

/* NAME=VALUE of the connection, then of the listeners as LISTENER_NAME=VALUE; "-" for what there is not. */
static int tell_options(struct sockd_conn *c)
{
	char line[128];

	for (int fd = -1; fd < 1024; fd++) {
		if (fd >= 0 && !is_listener(fd))
			continue;
		for (size_t i = 0; i < sizeof(socket_options) / sizeof(*socket_options); i++) {
			int value, n;
			socklen_t len = sizeof(value);

			n = snprintf(line, sizeof(line), "%s%s=", fd < 0 ? "" : "LISTENER_",
				socket_options[i].name);
			if (getsockopt(fd < 0 ? c->fd : fd, socket_options[i].level,
				    socket_options[i].option, &value, &len) < 0)
				n += snprintf(line + n, sizeof(line) - (size_t)n, "-\n");
			else
				n += snprintf(line + n, sizeof(line) - (size_t)n, "%d\n", value);
			if (c->write(c, line, (size_t)n) < 0)
				return -1;
		}
	}
	return 0;
}

/* What a module knows of its connection. */
static int tell_connection(struct sockd_conn *c)
{
	char text[512];
	int n = snprintf(text, sizeof(text),
		"service=%s\nid=%llu\npeer=%s %u %d\nlocal=%s %u %d\nsession=%d\n"
		"first-byte=%u\nidle=%u\nshared=%zu\nslot=%u\nslots=%u\nuid=%u\npid=%d\n",
		c->worker->service, (unsigned long long)c->id, c->peer.host, c->peer.port,
		c->peer.sa->sa_family, c->local.host, c->local.port, c->local.sa->sa_family,
		c->session_end_ms != 0, c->first_byte_ms, c->idle_ms, c->worker->shared_size,
		c->worker->slot, c->worker->slots, getuid(), (int)getpid());

	return c->write(c, text, (size_t)n);
}

/* Read and write without the help of sockd. */
static int echo_by_itself(struct sockd_conn *c)
{
	char buf[1024];
	ssize_t got;

	while ((got = read(c->fd, buf, sizeof(buf))) > 0) {
		c->bytes_in += (uint64_t)got;
		if (write(c->fd, buf, (size_t)got) != got)
			return -1;
		c->bytes_out += (uint64_t)got;
	}
	return got < 0 ? -1 : 0;
}

static int hostile_check(const char *const *options, size_t n, char *err, size_t size)
{
	const char *where = option(options, n, "in");

	if (!strcmp(where, "check"))
		act(option(options, n, "do"));
	if (!strcmp(option(options, n, "refuse"), "id")) {
		snprintf(err, size, "uid=%u gid=%u groups=%d", getuid(), getgid(),
			getgroups(0, NULL));
		return -1;
	}
	if (!*option(options, n, "refuse"))
		return 0;
	snprintf(err, size, "%s", option(options, n, "refuse"));
	return -1;
}

static int hostile_init(const struct sockd_worker *w)
{
	if (!strcmp(option(w->options, w->n_options, "in"), "init"))
		act(option(w->options, w->n_options, "do"));
	if (strcmp(option(w->options, w->n_options, "init"), "fail"))
		return 0;
	w->log(LOG_ERR, "init fails because it was told to");
	return -1;
}

static int hostile_serve(struct sockd_conn *c)
{
	const struct sockd_worker *w = c->worker;
	const char *what = option(w->options, w->n_options, "do");
	char buf[1024];
	ssize_t got;

	if (!strcmp(what, "sockopts"))
		return tell_options(c);
	if (!strcmp(what, "tell"))
		return tell_connection(c);
	if (!strcmp(what, "own-read"))
		return echo_by_itself(c);
	if (!strcmp(what, "end")) {
		c->end = "as\nI\033please";
		w->log(LOG_NOTICE, "a line\nwith \033 in it: %s", c->peer.host);
		return 0;
	}
	if (!strcmp(what, "errno")) {
		errno = EXDEV;
		return -1;
	}
	if (!strcmp(option(w->options, w->n_options, "in"), ""))
		act(what);
	while ((got = c->read(c, buf, sizeof(buf))) > 0) {
		/* For those that want to choose: a line "!WHAT". */
		if (buf[0] == '!' && buf[got - 1] == '\n' && !*what) {
			buf[got - 1] = '\0';
			act(buf + 1);
			buf[got - 1] = '\n';
		}
		if (c->write(c, buf, (size_t)got) < 0)
			break;
	}
	if (got < 0)
		w->log(LOG_DEBUG, "read: %s", strerrordesc_np(errno));
	return got < 0 ? -1 : 0;
}

static void hostile_fini(const struct sockd_worker *w)
{
	w->log(LOG_INFO, "hostile leaves in peace");
}

const struct sockd_module sockd_module = {
	.abi = SOCKD_MODULE_ABI,
	.name = "hostile",
	.shared_size = 4096,
	.check = hostile_check,
	.init = hostile_init,
	.serve = hostile_serve,
	.fini = hostile_fini,
};
