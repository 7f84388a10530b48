/* keys.c: the table of keys, one row each. The order is that of the dump. */
#include "conf/conf_internal.h"

#include <limits.h>
#include <signal.h>
#include <string.h>
#include <syslog.h>

#define NAME_CHARS  40       /* longer names are not compared with known ones */
#define YEAR        31536000 /* s; the longest time that can be asked for */
#define BACKLOG_MAX 1048576
#define NOFILE_MAX  1048576 /* fs.nr_open as it comes; nobody may have more. proc_sys_fs(5) */

/* clang-format off */
static const struct conf_word log_levels[] = {
	{"debug", LOG_DEBUG}, {"info", LOG_INFO}, {"notice", LOG_NOTICE}, {"warning", LOG_WARNING},
	{"error", LOG_ERR}, {NULL, 0},
};
static const struct conf_word log_facilities[] = {
	{"daemon", LOG_DAEMON}, {"user", LOG_USER}, {"auth", LOG_AUTH}, {"authpriv", LOG_AUTHPRIV},
	{"cron", LOG_CRON}, {"ftp", LOG_FTP}, {"lpr", LOG_LPR}, {"mail", LOG_MAIL},
	{"news", LOG_NEWS}, {"uucp", LOG_UUCP}, {"local0", LOG_LOCAL0}, {"local1", LOG_LOCAL1},
	{"local2", LOG_LOCAL2}, {"local3", LOG_LOCAL3}, {"local4", LOG_LOCAL4},
	{"local5", LOG_LOCAL5}, {"local6", LOG_LOCAL6}, {"local7", LOG_LOCAL7}, {NULL, 0},
};
static const struct conf_word log_formats[] = {{"text", 0}, {"json", 1}, {NULL, 0}};
static const struct conf_word automatic[] = {{"auto", 0}, {NULL, 0}};
static const struct conf_word truth[] = {
	{"true", 1}, {"false", 0}, {"yes", 1}, {"no", 0}, {"on", 1}, {"off", 0}, {NULL, 0},
};
static const struct conf_word limit_words[] = {
	{"inherit", CONF_INHERIT}, {"unlimited", CONF_UNLIMITED}, {NULL, 0},
};
static const struct conf_word nofile_words[] = {
	{"inherit", CONF_INHERIT}, {"unlimited", NOFILE_MAX}, {NULL, 0},
};
static const struct conf_word sandboxes[] = {
	{"auto", CONF_SANDBOX_AUTO}, {"strict", CONF_SANDBOX_STRICT},
	{"basic", CONF_SANDBOX_BASIC}, {"off", CONF_SANDBOX_OFF}, {NULL, 0},
};
static const struct conf_word proxies[] = {
	{"off", CONF_PROXY_OFF}, {"v1", CONF_PROXY_V1}, {"v2", CONF_PROXY_V2},
	{"any", CONF_PROXY_ANY}, {NULL, 0},
};
static const struct conf_word proxies_out[] = {
	{"off", CONF_PROXY_OFF}, {"v1", CONF_PROXY_V1}, {"v2", CONF_PROXY_V2}, {NULL, 0},
};
static const struct conf_word stop_signals[] = {
	{"TERM", SIGTERM}, {"INT", SIGINT}, {"QUIT", SIGQUIT}, {"HUP", SIGHUP}, {"USR1", SIGUSR1},
	{"USR2", SIGUSR2}, {"WINCH", SIGWINCH}, {"KILL", SIGKILL}, {NULL, 0},
};

#define FIELD(s, f) .offset = offsetof(struct s, f), .size = sizeof(((struct s *)0)->f)
#define GLOBAL(f)   .scope = KEY_GLOBAL, FIELD(conf, f)
#define SERVICE(f)  .scope = KEY_SERVICE, FIELD(conf_service, f)
#define INTERNAL(f) .scope = KEY_INTERNAL, FIELD(conf_service, f), RANGE(INT_MIN, INT_MAX)
#define BOOL        .word = truth
#define SECONDS(d)  .def = (d), RANGE(0, YEAR), .unit = "seconds"
#define LIMIT(i, a, b, words) \
	.scope = KEY_LIMITS, FIELD(conf_service, limit[i]), .def = "inherit", .word = (words), \
	RANGE(a, b), .effect = CONF_WORKERS
#define RANGE(a, b) .min = (a), .max = (b)

const struct conf_key conf_keys[] = {
	{"user", CONF_STRING, GLOBAL(user)},
	{"group", CONF_STRING, GLOBAL(group)},
	{"control-socket", CONF_PATH, GLOBAL(control_socket), .def = CONF_CONTROL_SOCKET},
	{"control-group", CONF_STRING, GLOBAL(control_group)},
	{"pidfile", CONF_PATH, GLOBAL(pidfile), .def = RUNSTATEDIR "/sockd.pid"},
	{"log-level", CONF_NUMBER, GLOBAL(log_level), .def = "info", .word = log_levels},
	{"log-facility", CONF_NUMBER, GLOBAL(log_facility), .def = "daemon", .word = log_facilities},
	{"log-format", CONF_NUMBER, GLOBAL(log_json), .def = "text", .word = log_formats},
	{"shutdown-timeout", CONF_NUMBER, GLOBAL(shutdown_timeout), .def = "30", RANGE(0, YEAR), .unit = "seconds"},
	{"drain-timeout", CONF_NUMBER, GLOBAL(drain_timeout), .def = "30", RANGE(0, YEAR), .unit = "seconds"},
	{"include", CONF_INCLUDE, .scope = KEY_GLOBAL},
	{"defaults", CONF_SECTION, .scope = KEY_GLOBAL},
	{"service", CONF_SECTION, .scope = KEY_GLOBAL},

	{"enabled", CONF_NUMBER, SERVICE(enabled), .def = "true", BOOL, .effect = CONF_LISTEN},
	{"listen", CONF_LIST, SERVICE(listen), .effect = CONF_LISTEN, .required = true},
	{"socket-mode", CONF_OCTAL, SERVICE(socket_mode), .def = "0660", RANGE(0, 0777), .effect = CONF_SOCKET},
	{"socket-user", CONF_STRING, SERVICE(socket_user), .effect = CONF_SOCKET},
	{"socket-group", CONF_STRING, SERVICE(socket_group), .effect = CONF_SOCKET},
	{"freebind", CONF_NUMBER, SERVICE(freebind), .def = "false", BOOL, .effect = CONF_SOCKET},
	{"backlog", CONF_NUMBER, SERVICE(backlog), .def = "511", RANGE(1, BACKLOG_MAX), .effect = CONF_SOCKET},
	{"handler", CONF_STRING, SERVICE(handler), .def = "", .effect = CONF_WORKERS, .required = true},
	{"workers", CONF_NUMBER, SERVICE(workers), .def = "4", RANGE(1, CONF_WORKERS_MAX), .word = automatic, .effect = CONF_POOL},
	{"max-workers", CONF_NUMBER, SERVICE(max_workers), RANGE(1, CONF_WORKERS_MAX), .effect = CONF_POOL, .never = "program"},
	{"worker-idle", CONF_NUMBER, SERVICE(worker_idle), .def = "60", RANGE(1, YEAR), .unit = "seconds", .effect = CONF_POOL, .never = "program"},
	{"spare-workers", CONF_NUMBER, SERVICE(spare_workers), .def = "1", RANGE(1, CONF_WORKERS_MAX), .effect = CONF_POOL, .never = "program"},
	{"max-connections", CONF_NUMBER, SERVICE(max_connections), .def = "0", RANGE(0, INT_MAX), .effect = CONF_WORKERS, .never = "program"},
	{"max-connections-jitter", CONF_NUMBER, SERVICE(max_connections_jitter), .def = "10", RANGE(0, 100), .unit = "percent", .effect = CONF_WORKERS, .never = "program"},
	{"user", CONF_STRING, SERVICE(user), .effect = CONF_WORKERS},
	{"group", CONF_STRING, SERVICE(group), .effect = CONF_WORKERS},
	{"chroot", CONF_PATH, SERVICE(chroot), .effect = CONF_WORKERS},
	{"umask", CONF_OCTAL, SERVICE(umask), .def = "0022", RANGE(0, 0777), .effect = CONF_WORKERS},
	{"nice", CONF_NUMBER, SERVICE(nice), .def = "0", RANGE(-20, 19), .effect = CONF_WORKERS},
	{"limits", CONF_SECTION, .scope = KEY_SERVICE},
	{"nofile", CONF_NUMBER, LIMIT(CONF_NOFILE, 3, NOFILE_MAX, nofile_words)},
	{"as", CONF_NUMBER, LIMIT(CONF_AS, 1, LONG_MAX, limit_words), .unit = "bytes"},
	{"cpu", CONF_NUMBER, LIMIT(CONF_CPU, 1, LONG_MAX, limit_words), .unit = "seconds"},
	{"core", CONF_NUMBER, LIMIT(CONF_CORE, 0, LONG_MAX, limit_words), .unit = "bytes"},
	{"nproc", CONF_NUMBER, LIMIT(CONF_NPROC, 1, INT_MAX, limit_words)},
	{"fsize", CONF_NUMBER, LIMIT(CONF_FSIZE, 0, LONG_MAX, limit_words), .unit = "bytes"},
	{"sandbox", CONF_NUMBER, SERVICE(sandbox), .def = "auto", .word = sandboxes, .effect = CONF_WORKERS},
	{"no-new-privileges", CONF_NUMBER, SERVICE(no_new_privileges), .def = "true", BOOL, .effect = CONF_WORKERS},
	{"allow", CONF_LIST, SERVICE(allow), .effect = CONF_WORKERS, .never = "program"},
	{"deny", CONF_LIST, SERVICE(deny), .effect = CONF_WORKERS, .never = "program"},
	{"max-per-source", CONF_NUMBER, SERVICE(max_per_source), .def = "0", RANGE(0, INT_MAX), .effect = CONF_WORKERS, .never = "program"},
	{"rate", CONF_RATE, SERVICE(rate), RANGE(1, YEAR), .effect = CONF_WORKERS, .never = "program"},
	{"rate-per-source", CONF_RATE, SERVICE(rate_per_source), RANGE(1, YEAR), .effect = CONF_WORKERS, .never = "program"},
	{"first-byte-timeout", CONF_NUMBER, SERVICE(first_byte_timeout), SECONDS("0"), .effect = CONF_WORKERS, .never = "program"},
	{"idle-timeout", CONF_NUMBER, SERVICE(idle_timeout), SECONDS("0"), .effect = CONF_WORKERS, .never = "program"},
	{"session-timeout", CONF_NUMBER, SERVICE(session_timeout), SECONDS("0"), .effect = CONF_WORKERS, .never = "program"},
	{"proxy-protocol", CONF_NUMBER, SERVICE(proxy_protocol), .def = "off", .word = proxies, .effect = CONF_WORKERS, .never = "program"},
	{"proxy-trusted", CONF_LIST, SERVICE(proxy_trusted), .effect = CONF_WORKERS, .never = "program"},
	{"nodelay", CONF_NUMBER, SERVICE(nodelay), .def = "false", BOOL, .effect = CONF_SOCKET},
	{"keepalive", CONF_NUMBER, SERVICE(keepalive), .def = "0", RANGE(0, 32767), .unit = "seconds", .effect = CONF_SOCKET},
	{"defer-accept", CONF_NUMBER, SERVICE(defer_accept), .def = "0", RANGE(0, 32767), .unit = "seconds", .effect = CONF_SOCKET},
	{"fastopen", CONF_NUMBER, SERVICE(fastopen), .def = "0", RANGE(0, BACKLOG_MAX), .effect = CONF_SOCKET},
	{"user-timeout", CONF_NUMBER, SERVICE(user_timeout), .def = "0", RANGE(0, INT_MAX / 1000), .unit = "seconds", .effect = CONF_SOCKET},
	{"receive-buffer", CONF_NUMBER, SERVICE(receive_buffer), .def = "0", RANGE(0, INT_MAX / 2), .unit = "bytes", .effect = CONF_SOCKET},
	{"send-buffer", CONF_NUMBER, SERVICE(send_buffer), .def = "0", RANGE(0, INT_MAX / 2), .unit = "bytes", .effect = CONF_SOCKET},
	{"log-connections", CONF_NUMBER, SERVICE(log_connections), .def = "true", BOOL, .effect = CONF_WORKERS, .never = "program"},
	{"command", CONF_LIST, SERVICE(command), .effect = CONF_WORKERS, .only = "exec program", .required = true},
	{"environment", CONF_LIST, SERVICE(environment), .effect = CONF_WORKERS, .only = "exec program"},
	{"pass-environment", CONF_LIST, SERVICE(pass_environment), .effect = CONF_WORKERS, .only = "exec program"},
	{"directory", CONF_PATH, SERVICE(directory), .effect = CONF_WORKERS, .only = "exec program"},
	{"stop-signal", CONF_NUMBER, SERVICE(stop_signal), .def = "TERM", .word = stop_signals, .effect = CONF_WORKERS, .only = "exec program"},
	{"notify", CONF_NUMBER, SERVICE(notify), .def = "false", BOOL, .effect = CONF_WORKERS, .only = "program"},
	{"max-surge", CONF_NUMBER, SERVICE(max_surge), .def = "1", RANGE(1, CONF_WORKERS_MAX), .effect = CONF_POOL, .only = "program"},
	{"upstream", CONF_LIST, SERVICE(upstream), .effect = CONF_WORKERS, .only = "proxy", .required = true},
	{"send-proxy", CONF_NUMBER, SERVICE(send_proxy), .def = "off", .word = proxies_out, .effect = CONF_WORKERS, .only = "proxy"},
	{"connect-timeout", CONF_NUMBER, SERVICE(connect_timeout), SECONDS("10"), .effect = CONF_WORKERS, .only = "proxy"},
	{"module", CONF_PATH, SERVICE(module), .effect = CONF_WORKERS, .only = "module", .required = true},
	{"options", CONF_LIST, SERVICE(options), .effect = CONF_WORKERS, .only = "module"},
	{"text", CONF_STRING, SERVICE(text), .effect = CONF_WORKERS, .only = "qotd chat"},

	/* What conf_resolve() finds, for the master, which looks nothing up. */
	{"resolved-file", CONF_STRING, INTERNAL(file), .def = ""},
	{"resolved-line", CONF_NUMBER, INTERNAL(line), .def = "0"},
	{"resolved-change-user", CONF_NUMBER, INTERNAL(change_user), .def = "0", .effect = CONF_WORKERS},
	{"resolved-uid", CONF_NUMBER, INTERNAL(uid), .def = "0", .effect = CONF_WORKERS},
	{"resolved-gid", CONF_NUMBER, INTERNAL(gid), .def = "0", .effect = CONF_WORKERS},
	{"resolved-groups", CONF_LIST, INTERNAL(resolved_groups), .effect = CONF_WORKERS},
	{"resolved-listen", CONF_LIST, INTERNAL(resolved_listen), .effect = CONF_LISTEN},
	{"resolved-socket-uid", CONF_NUMBER, INTERNAL(socket_uid), .def = "0", .effect = CONF_SOCKET},
	{"resolved-allow", CONF_TEXT, INTERNAL(resolved_allow), .effect = CONF_WORKERS},
	{"resolved-deny", CONF_TEXT, INTERNAL(resolved_deny), .effect = CONF_WORKERS},
	{"resolved-trusted", CONF_TEXT, INTERNAL(resolved_trusted), .effect = CONF_WORKERS},
	{"resolved-code", CONF_STRING, INTERNAL(resolved_code), .def = "", .effect = CONF_WORKERS, .only = "program module"},
	{"resolved-socket-gid", CONF_NUMBER, INTERNAL(socket_gid), .def = "0", .effect = CONF_SOCKET},
	{.name = NULL},
};
/* clang-format on */

_Static_assert(ARRAY_SIZE(conf_keys) <= CONF_KEYS_MAX, "CONF_KEYS_MAX is too small");

bool key_has_value(const struct conf_key *k, unsigned scope)
{
	return k->type < CONF_INCLUDE && (k->scope & scope);
}

bool has_word(const char *words, const char *word)
{
	size_t n = strlen(word);

	for (const char *p = words; n && (p = strstr(p, word)); p += n) {
		if ((p == words || p[-1] == ' ') && (!p[n] || p[n] == ' '))
			return true;
	}
	return false;
}

bool key_has_handler(const struct conf_key *k, const char *handler)
{
	if (k->only && !has_word(k->only, handler))
		return false;
	return !k->never || !has_word(k->never, handler);
}

bool key_fits(const char *name, const struct conf_service *s)
{
	const struct conf_key *k = key_find(name, strlen(name), KEY_SERVICE);

	return k && key_has_handler(k, s->handler);
}

bool key_is_list(const struct conf_key *k)
{
	return k->type == CONF_LIST || k->type == CONF_TEXT;
}

const struct conf_key *key_find(const char *name, size_t len, unsigned scope)
{
	for (const struct conf_key *k = conf_keys; k->name; k++) {
		if ((k->scope & scope) && strlen(k->name) == len && !memcmp(k->name, name, len))
			return k;
	}
	return NULL;
}

/* Insertions, deletions and changes that turn a into b. */
static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned row[NAME_CHARS + 1];

	for (size_t j = 0; j <= nb; j++)
		row[j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		unsigned diagonal = row[0];

		row[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			unsigned best = diagonal + (a[i - 1] != b[j - 1]);

			diagonal = row[j];
			if (row[j] + 1 < best)
				best = row[j] + 1;
			if (row[j - 1] + 1 < best)
				best = row[j - 1] + 1;
			row[j] = best;
		}
	}
	return row[nb];
}

const char *key_nearest(const char *name, size_t len, unsigned scope)
{
	const char *nearest = NULL;
	unsigned limit = len < 2 ? 1 : len < 5 ? 2 : 3;

	for (const struct conf_key *k = conf_keys; k->name; k++) {
		size_t n = strlen(k->name);
		unsigned d = limit;

		if ((k->scope & scope) && len <= NAME_CHARS && n <= NAME_CHARS)
			d = distance(name, len, k->name, n);
		if (d < limit) {
			nearest = k->name;
			limit = d;
		}
	}
	return nearest;
}
