/* conf.h: the settings: one table of keys; load, resolve, dump, compare. Pure: nothing here binds,
 * starts or logs. What is wrong goes into a struct conf_errors as "FILE:LINE: what".
 *
 * The way of the settings: a child process runs conf_load() and conf_resolve() on the file, and
 * hands back conf_dump(CONF_DUMP_RESOLVED); the master runs conf_load(CONF_RESOLVED) on that text,
 * which looks nothing up.
 */
#ifndef SOCKD_CONF_CONF_H
#define SOCKD_CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/util.h"
#include "net/addr.h"

#ifndef RUNSTATEDIR
#define RUNSTATEDIR "/run"
#endif

#define CONF_NAME_MAX 63 /* characters of a service's name */

/* A list of strings; owned by its struct conf. */
struct conf_list {
	char **item; /* NULL at its end; NULL itself while there is none */
	size_t n;
};

/* "N/SECONDS": N at once, filled again in so many seconds. n 0: no limit. */
struct conf_rate {
	long n;
	long seconds;
};

/* Resource limits, in the order of the section `limits`. */
enum conf_limit { CONF_NOFILE, CONF_AS, CONF_CPU, CONF_CORE, CONF_NPROC, CONF_FSIZE, CONF_LIMITS };
#define CONF_UNLIMITED (-1)
#define CONF_INHERIT   (-2)

enum conf_proxy { CONF_PROXY_OFF, CONF_PROXY_V1, CONF_PROXY_V2, CONF_PROXY_ANY };
enum conf_sandbox {
	CONF_SANDBOX_AUTO,
	CONF_SANDBOX_OFF,
	CONF_SANDBOX_BASIC,
	CONF_SANDBOX_STRICT,
};

/* Where the name of a program is searched, and PATH of its environment. */
#define CONF_PROGRAM_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct conf_service {
	char *name;
	int line; /* where its section starts, and in which file: for messages */
	char *file;

	/* Keys, in the order of the table. Strings are never NULL unless said so. */
	bool enabled;
	struct conf_list listen;
	long socket_mode;
	char *socket_user;  /* NULL: as the master */
	char *socket_group; /* NULL */
	bool freebind;
	long backlog;
	char *handler;
	long workers; /* 0 = auto as written; a resolved service has the number */
	long max_workers;
	long worker_idle; /* s */
	long spare_workers;
	long max_connections;
	long max_connections_jitter; /* percent */
	char *user;                  /* NULL: as the global one */
	char *group;                 /* NULL */
	char *chroot;                /* NULL: none */
	long umask;
	long nice;
	long limit[CONF_LIMITS]; /* or CONF_UNLIMITED, CONF_INHERIT; bytes, s, numbers */
	long sandbox;            /* enum conf_sandbox */
	bool no_new_privileges;
	struct conf_list allow; /* as written; the resolved text is below */
	struct conf_list deny;
	long max_per_source; /* 0: no limit */
	struct conf_rate rate, rate_per_source;
	long first_byte_timeout; /* s; 0: none */
	long idle_timeout;
	long session_timeout;
	long proxy_protocol; /* enum conf_proxy */
	struct conf_list proxy_trusted;
	bool nodelay;
	long keepalive;      /* s of idleness before the first probe; 0: off */
	long defer_accept;   /* s; 0: off */
	long fastopen;       /* length of the queue; 0: off */
	long user_timeout;   /* s; 0: the kernel's */
	long receive_buffer; /* bytes; 0: the kernel's choice */
	long send_buffer;
	bool log_connections;
	struct conf_list command;     /* resolved: the first item is an absolute path */
	struct conf_list environment; /* NAME=VALUE */
	struct conf_list pass_environment;
	char *directory; /* NULL: / */
	int stop_signal; /* SIG* */
	bool notify;
	long max_surge;
	struct conf_list upstream;
	long send_proxy;      /* enum conf_proxy, not ANY */
	long connect_timeout; /* s; 0: the kernel's */
	char *module;         /* NULL */
	struct conf_list options;
	char *text; /* NULL: none */

	/* Filled by conf_resolve(), or from the internal keys of a resolved dump. */
	struct addr *addrs;
	size_t n_addrs;
	bool change_user; /* the next three are meant */
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* supplementary */
	size_t n_groups;
	struct conf_list resolved_groups; /* groups and addrs as text; private to src/conf */
	struct conf_list resolved_listen;
	uid_t socket_uid; /* -1: leave */
	gid_t socket_gid;
	char *resolved_allow; /* prefixes for access_new(), those of files too; "" allows all */
	char *resolved_deny;
	char *resolved_trusted;
	char *resolved_code; /* tells one state of the file of a program or module from the next */
};

struct conf {
	char *file; /* what the settings were read from, for messages */
	char *user; /* NULL: sockd if it exists, else nobody, if root; else no change */
	char *group;
	char *control_socket; /* NULL or "": none */
	char *control_group;  /* NULL: root and the master's own user alone */
	char *pidfile;    /* NULL or "": none. conf_load() fills in the default of the contract */
	int log_level;    /* LOG_* */
	int log_facility; /* LOG_DAEMON, ... */
	bool log_json;
	long shutdown_timeout; /* s */
	long drain_timeout;    /* s; 0 = no limit */
	struct conf_service *service;
	size_t n_services;        /* enabled or not */
	struct conf_lines *lines; /* where each key was given; private to src/conf */
};

/* What is wrong, one line each: "FILE:LINE: text\n". */
struct conf_errors {
	struct buf text;
	size_t n;
};

/* Add an error about a key of a service. s NULL: a global key; key NULL: the whole section. The file
 * and line are those where the key was set, else of the section, else of the defaults section. */
void conf_error(struct conf_errors *e, const struct conf *c, const struct conf_service *s,
	const char *key, const char *fmt, ...) PRINTF_LIKE(5, 6);

#define CONF_RESOLVED       0x01 /* the text is a resolved dump: internal keys are allowed */
#define CONF_NO_PIDFILE     0x02 /* none by default: -n, -L */
#define CONF_NO_CONTROL     0x04 /* the same of the control socket: -L */
#define CONF_CONTROL_SOCKET RUNSTATEDIR "/sockd/control" /* the default */

struct conf_source {
	const char *path;          /* settings file; NULL: text */
	const char *text;          /* the settings themselves */
	const char *text_name;     /* for messages when text is given: "command line" */
	const char *const *option; /* -o KEY=VALUE, in order; they win over the file */
	size_t n_options;
	const char *service; /* -L: options that are service keys belong to this service, which text
	                      * declares; NULL: such an option is an error that says so */
	unsigned flags;
};

/* Read settings, check types, ranges, duplicates, names, and fill in every default.
 * e       receives what is wrong; more than one where possible
 * Returns the settings, or NULL with e->n > 0. Free with conf_free(). Looks nothing up. */
struct conf *conf_load(const struct conf_source *src, struct conf_errors *e);
void conf_free(struct conf *c);

/* Checks that conf cannot do itself, since handlers stand above it. Called by conf_resolve() for each
 * enabled service: returns NULL if all is well, else the key to blame, with the reason in err. */
typedef const char *conf_check_fn(const struct conf_service *s, char *err, size_t size);

/* Look up hosts, services, users, groups, programs, modules, folders and files of prefixes; fill in
 * the users that will be used; replace `auto` by a number and a program's name by its path; find two
 * services on one address, relays that would loop, and keys that a handler does not have; run check.
 * May block in the resolver, and takes on other rights to files for a moment: for a process with one
 * thread. Does nothing to settings that were loaded from a resolved dump.
 * Returns 0, or -1 with e->n > 0. */
int conf_resolve(struct conf *c, conf_check_fn *check, struct conf_errors *e);

#define CONF_DUMP_RESOLVED 0x01 /* with numeric addresses and the internal keys */

/* Write the effective settings in the file's own syntax. The output of a dump, loaded and dumped
 * again, is the same text. */
void conf_dump(const struct conf *c, struct buf *out, unsigned flags);

/* What a change of a key asks for. */
enum conf_effect {
	CONF_SAME = 0,
	CONF_POOL = 1,    /* the pool adjusts itself; workers and connections stay */
	CONF_SOCKET = 2,  /* the listener is adjusted in place */
	CONF_WORKERS = 4, /* new workers; the listeners stay */
	CONF_LISTEN = 8,  /* other listeners, and new workers */
};

/* Compare two services of resolved settings key by key.
 * keys    receives the names of the keys that differ, separated by spaces; may be NULL
 * Returns the effects, or-ed. */
unsigned conf_compare(const struct conf_service *a, const struct conf_service *b, struct buf *keys);

/* Write what differs between two resolved settings, a line each, and what it would cost. */
void conf_diff(const struct conf *a, const struct conf *b, struct buf *out);

/* Service by name, or NULL. Borrowed. */
struct conf_service *conf_find(const struct conf *c, const char *name);

/* CPUs that affinity and the cgroup's quota leave to this process; at least 1.
 * root    prefix of /proc and /sys, "" but in tests. Source: sched_getaffinity(2), cgroups(7) */
long conf_auto_workers(const char *root);

#endif
