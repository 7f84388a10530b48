/* settings.h: settings as the master has them: read by a child, shared by counting. */
#ifndef SOCKD_CORE_SETTINGS_H
#define SOCKD_CORE_SETTINGS_H

#include "conf/conf.h"

/* Settings in use by the master and by pools of older generations. */
struct settings {
	struct conf *conf;
	unsigned refs;
};

struct handler;

/* What h->check() says of the settings of a service. If h->check_apart: said by a child in the chroot and
 * as the user of the service; a child that crashes, hangs or leaves is an error about that key. Blocks,
 * for 10 s at most.
 * err  receives the reason, printable
 * Returns NULL, or the key that is wrong, valid until the next call. */
const char *check_run(
	const struct handler *h, const struct conf_service *s, char *err, size_t size);

struct settings *settings_hold(struct settings *s);
void settings_release(struct settings *s);

/* Fork a child that loads, resolves and checks the settings of src, and writes what it found into
 * a pipe: 'D' and the dump, or 'E' and the errors, a line each. Whatever a parser does in there
 * (exit, crash, hang in the resolver), the caller only sees a pipe that ends.
 * dump_flags  of conf_dump()
 * child       receives its pid; the caller reaps it
 * Returns the reading end (CLOEXEC), or -1 with errno. */
int settings_child(const struct conf_source *src, unsigned dump_flags, pid_t *child);

/* Understand what came through the pipe, all of it.
 * status  of the reaped child, or -1 if unknown
 * Returns true for a dump, left in out without its mark; false for errors, likewise: never empty. */
bool settings_answer(struct buf *out, int status);

/* The same in one blocking call, for start-up, -t and -T.
 * waits  called once a second meanwhile; may be NULL */
bool settings_read(
	const struct conf_source *src, unsigned dump_flags, void (*waits)(void), struct buf *out);

/* Make settings from a resolved dump. name is what they came from, for messages.
 * Returns them with one reference, or NULL with the reasons in err; none: out of memory. */
struct settings *settings_parse(
	const char *dump, const char *name, unsigned flags, struct buf *err);

#endif
