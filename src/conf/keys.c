/* keys.c: the table of keys, one row each. The order is that of the dump. */
#include "conf/conf_keys.h"

#include <limits.h>
#include <string.h>
#include <syslog.h>

#ifndef RUNSTATEDIR
#define RUNSTATEDIR "/run"
#endif

#define NAME_CHARS  40       /* longer names are not compared with known ones */
#define YEAR        31536000 /* s; the longest time that can be asked for */
#define BACKLOG_MAX 1048576

static const struct conf_choice log_levels[] = {
	{"debug", LOG_DEBUG},
	{"info", LOG_INFO},
	{"notice", LOG_NOTICE},
	{"warning", LOG_WARNING},
	{"error", LOG_ERR},
	{NULL, 0},
};

static const struct conf_choice log_facilities[] = {
	{"daemon", LOG_DAEMON},
	{"user", LOG_USER},
	{"auth", LOG_AUTH},
	{"authpriv", LOG_AUTHPRIV},
	{"cron", LOG_CRON},
	{"ftp", LOG_FTP},
	{"lpr", LOG_LPR},
	{"mail", LOG_MAIL},
	{"news", LOG_NEWS},
	{"uucp", LOG_UUCP},
	{"local0", LOG_LOCAL0},
	{"local1", LOG_LOCAL1},
	{"local2", LOG_LOCAL2},
	{"local3", LOG_LOCAL3},
	{"local4", LOG_LOCAL4},
	{"local5", LOG_LOCAL5},
	{"local6", LOG_LOCAL6},
	{"local7", LOG_LOCAL7},
	{NULL, 0},
};

static const struct conf_choice log_formats[] = {{"text", 0}, {"json", 1}, {NULL, 0}};

#define FIELD(s, f) .offset = offsetof(struct s, f), .size = sizeof(((struct s *)0)->f)
#define GLOBAL(f)   .scope = KEY_GLOBAL, FIELD(conf, f)
#define SERVICE(f)  .scope = KEY_SERVICE, FIELD(conf_service, f)
#define INTERNAL(f) .scope = KEY_SERVICE | KEY_INTERNAL, FIELD(conf_service, f)
#define RANGE(a, b) .min = (a), .max = (b)
#define IDS         RANGE(INT_MIN, UINT_MAX)

/* clang-format off */
const struct conf_key conf_keys[] = {
	{"user", CONF_OPTIONAL, GLOBAL(user)},
	{"group", CONF_OPTIONAL, GLOBAL(group)},
	{"pidfile", CONF_PATH, GLOBAL(pidfile), .def = RUNSTATEDIR "/sockd.pid"},
	{"log-level", CONF_CHOICE, GLOBAL(log_level), .def = "info", .choice = log_levels},
	{"log-facility", CONF_CHOICE, GLOBAL(log_facility), .def = "daemon", .choice = log_facilities},
	{"log-format", CONF_CHOICE, GLOBAL(log_json), .def = "text", .choice = log_formats},
	{"shutdown-timeout", CONF_NUMBER, GLOBAL(shutdown_timeout), .def = "30", RANGE(0, YEAR), .unit = "seconds"},
	{"drain-timeout", CONF_NUMBER, GLOBAL(drain_timeout), .def = "30", RANGE(0, YEAR), .unit = "seconds"},
	{"include", CONF_INCLUDE, .scope = KEY_GLOBAL},
	{"defaults", CONF_SECTION, .scope = KEY_GLOBAL},
	{"service", CONF_SECTION, .scope = KEY_GLOBAL},
	{"resolved-file", CONF_STRING, .scope = KEY_GLOBAL | KEY_INTERNAL, FIELD(conf, file), .def = ""},

	{"enabled", CONF_BOOL, SERVICE(enabled), .def = "true", .effect = CONF_LISTEN},
	{"listen", CONF_LIST, SERVICE(listen), .effect = CONF_LISTEN},
	{"socket-mode", CONF_OCTAL, SERVICE(socket_mode), .def = "0660", RANGE(0, 0777), .effect = CONF_SOCKET},
	{"socket-user", CONF_OPTIONAL, SERVICE(socket_user)},
	{"socket-group", CONF_OPTIONAL, SERVICE(socket_group)},
	{"freebind", CONF_BOOL, SERVICE(freebind), .def = "false", .effect = CONF_SOCKET},
	{"backlog", CONF_NUMBER, SERVICE(backlog), .def = "511", RANGE(1, BACKLOG_MAX), .effect = CONF_SOCKET},
	{"handler", CONF_STRING, SERVICE(handler), .def = "", .effect = CONF_WORKERS},
	{"workers", CONF_AUTO, SERVICE(workers), .def = "4", RANGE(1, CONF_WORKERS_MAX), .effect = CONF_POOL},
	{"max-workers", CONF_NUMBER, SERVICE(max_workers), RANGE(1, CONF_WORKERS_MAX), .effect = CONF_POOL},
	{"worker-idle", CONF_NUMBER, SERVICE(worker_idle), .def = "60", RANGE(1, YEAR), .unit = "seconds", .effect = CONF_POOL},
	{"spare-workers", CONF_NUMBER, SERVICE(spare_workers), .def = "1", RANGE(1, CONF_WORKERS_MAX), .effect = CONF_POOL},
	{"max-connections", CONF_NUMBER, SERVICE(max_connections), .def = "0", RANGE(0, INT_MAX), .effect = CONF_WORKERS},
	{"max-connections-jitter", CONF_NUMBER, SERVICE(max_connections_jitter), .def = "10", RANGE(0, 100), .unit = "percent", .effect = CONF_WORKERS},
	{"user", CONF_OPTIONAL, SERVICE(user)},
	{"group", CONF_OPTIONAL, SERVICE(group)},
	{"log-connections", CONF_BOOL, SERVICE(log_connections), .def = "true", .effect = CONF_WORKERS},
	{"text", CONF_OPTIONAL, SERVICE(text), .effect = CONF_WORKERS},

	{"resolved-file", CONF_BORROWED, INTERNAL(file)},
	{"resolved-line", CONF_NUMBER, INTERNAL(line), RANGE(0, INT_MAX)},
	{"resolved-change-user", CONF_BOOL, INTERNAL(change_user), .def = "false", .effect = CONF_WORKERS, .blame = "user"},
	{"resolved-uid", CONF_NUMBER, INTERNAL(uid), .def = "0", IDS, .effect = CONF_WORKERS, .blame = "user"},
	{"resolved-gid", CONF_NUMBER, INTERNAL(gid), .def = "0", IDS, .effect = CONF_WORKERS, .blame = "group"},
	{"resolved-groups", CONF_IDS, INTERNAL(groups), IDS, .effect = CONF_WORKERS, .blame = "group"},
	{"resolved-socket-uid", CONF_NUMBER, INTERNAL(socket_uid), .def = "-1", IDS, .effect = CONF_SOCKET, .blame = "socket-user"},
	{"resolved-socket-gid", CONF_NUMBER, INTERNAL(socket_gid), .def = "-1", IDS, .effect = CONF_SOCKET, .blame = "socket-group"},
};
/* clang-format on */

const size_t conf_n_keys = ARRAY_SIZE(conf_keys);

static bool in_scope(const struct conf_key *k, unsigned scope)
{
	if ((k->scope & KEY_INTERNAL) && !(scope & KEY_INTERNAL))
		return false;
	return (k->scope & scope & ~(unsigned)KEY_INTERNAL) != 0;
}

bool key_has_value(const struct conf_key *k, unsigned scope)
{
	return k->type != CONF_INCLUDE && k->type != CONF_SECTION && in_scope(k, scope);
}

const struct conf_key *key_find(const char *name, size_t len, unsigned scope)
{
	for (const struct conf_key *k = conf_keys; k < conf_keys + conf_n_keys; k++) {
		if (in_scope(k, scope) && strlen(k->name) == len && !memcmp(k->name, name, len))
			return k;
	}
	return NULL;
}

static unsigned min3(unsigned a, unsigned b, unsigned c)
{
	unsigned m = a < b ? a : b;

	return m < c ? m : c;
}

/* Edits that turn a into b: insertions, deletions, changes, and swaps of neighbours. */
static unsigned distance(const char *a, size_t na, const char *b, size_t nb)
{
	unsigned d[NAME_CHARS + 1][NAME_CHARS + 1];

	for (size_t i = 0; i <= na; i++)
		d[i][0] = (unsigned)i;
	for (size_t j = 0; j <= nb; j++)
		d[0][j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		for (size_t j = 1; j <= nb; j++) {
			unsigned change = d[i - 1][j - 1] + (a[i - 1] != b[j - 1]);

			d[i][j] = min3(d[i - 1][j] + 1, d[i][j - 1] + 1, change);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] &&
				d[i - 2][j - 2] + 1 < d[i][j])
				d[i][j] = d[i - 2][j - 2] + 1;
		}
	}
	return d[na][nb];
}

const char *key_nearest(const char *name, size_t len, unsigned scope)
{
	const char *best = NULL;
	unsigned limit = len < 5 ? 1 : 2;

	if (len > NAME_CHARS)
		return NULL;
	for (const struct conf_key *k = conf_keys; k < conf_keys + conf_n_keys; k++) {
		size_t n = strlen(k->name);
		unsigned d;

		if (!in_scope(k, scope & ~(unsigned)KEY_INTERNAL) || n > NAME_CHARS)
			continue;
		d = distance(name, len, k->name, n);
		if (d > limit)
			continue;
		best = k->name;
		limit = d ? d - 1 : 0;
	}
	return best;
}

const char *conf_key_name(size_t i, bool *is_global, bool *is_service)
{
	for (const struct conf_key *k = conf_keys; k < conf_keys + conf_n_keys; k++) {
		if ((k->scope & KEY_INTERNAL) || i--)
			continue;
		*is_global = (k->scope & KEY_GLOBAL) != 0;
		*is_service = (k->scope & KEY_SERVICE) != 0;
		return k->name;
	}
	return NULL;
}

_Static_assert(ARRAY_SIZE(conf_keys) <= CONF_KEYS_MAX, "CONF_KEYS_MAX is too small");
