/* exec_env.c: the variables by which a program knows whom it serves. The settings cannot name them. */
#include "handlers/exec_env.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "handlers/spawn.h"

enum var { PROTO, CONN_ID, LOCAL_IP, LOCAL_PORT, IP, PORT, ADDR, ADDR_PORT, HOST, VARS };

static const char *const name[VARS] = {
	[PROTO] = "PROTO",
	[CONN_ID] = "SOCKD_CONN_ID",
	[LOCAL_IP] = "TCPLOCALIP",
	[LOCAL_PORT] = "TCPLOCALPORT",
	[IP] = "TCPREMOTEIP",
	[PORT] = "TCPREMOTEPORT",
	[ADDR] = "REMOTE_ADDR",
	[ADDR_PORT] = "REMOTE_PORT",
	[HOST] = "REMOTE_HOST",
};

static struct spawn_env fixed; /* with room for the others behind its end */
static char text[VARS][ADDR_TEXT_MAX + 16];

int exec_env_init(const struct handler_env *env)
{
	char **room;

	if (spawn_env_set(&fixed, "PATH", CONF_PROGRAM_PATH) < 0 ||
		spawn_env_set(&fixed, "LANG", "C") < 0 ||
		spawn_env_set(&fixed, "SOCKD_SERVICE", env->service) < 0 ||
		spawn_env_conf(&fixed, env->conf) < 0)
		return -1;
	room = reallocarray(fixed.var, fixed.n + VARS + 1, sizeof(*room));
	if (room)
		fixed.var = room;
	return room ? 0 : -1;
}

/* Add a variable behind the n that are there. */
static void add(size_t *n, enum var v, const char *value)
{
	snprintf(text[v], sizeof(text[v]), "%s=%s", name[v], value);
	fixed.var[(*n)++] = text[v];
}

static void add_number(size_t *n, enum var v, unsigned value)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%u", value);
	add(n, v, digits);
}

static bool is_tcp(const struct addr *a)
{
	return a->len && a->sa.sa_family != AF_UNIX;
}

char *const *exec_env(struct conn *c)
{
	const struct addr *local = conn_local(c);
	char value[ADDR_TEXT_MAX];
	size_t n = fixed.n;

	snprintf(value, sizeof(value), "%016" PRIx64, c->id);
	add(&n, CONN_ID, value);
	add(&n, PROTO, is_tcp(&c->peer) ? "TCP" : "UNIX");
	if (is_tcp(&c->peer) && is_tcp(local)) {
		addr_host(local, value);
		add(&n, LOCAL_IP, value);
		add_number(&n, LOCAL_PORT, addr_port(local));
	}
	if (is_tcp(&c->peer)) {
		addr_host(&c->peer, value);
		add(&n, IP, value);
		add(&n, ADDR, value);
		add(&n, HOST, value);
		add_number(&n, PORT, addr_port(&c->peer));
		add_number(&n, ADDR_PORT, addr_port(&c->peer));
	}
	fixed.var[n] = NULL;
	return fixed.var;
}
