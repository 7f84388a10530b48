/* kv.c: a key-value store, as a module for sockd. All workers of the service share it.
 *
 *	service kv {
 *		listen = {"127.0.0.1:7070"}
 *		handler = "module"
 *		module = "/usr/local/lib/sockd/kv.so"
 *		options = {"max-keys=1000"}
 *	}
 *
 * A request is a line, ended by LF or CR LF; so is each answer.
 *
 *	set KEY VALUE	ok
 *	get KEY		value VALUE, or none
 *	del KEY		ok, or none
 *	incr KEY [N]	value NUMBER: N (1) more than before; a key that is not there counts as 0
 *	list [PREFIX]	key KEY for each, in no order, then end
 *	quit		the end of the connection
 *
 * What is wrong is answered by: error TEXT. A KEY has 1 to 64 printable characters without a space, a VALUE
 * is the rest of the line, up to 512 bytes. Requests may be sent without waiting for answers.
 *
 * Options: max-keys=N (24576 at most), and for tests crash-on=KEY: the worker dies while it sets that key.
 *
 * A worker may die at any point, with the lock held. So each change becomes visible by one store into
 * `state`, and a death leaves nothing half done but the count, which the next worker makes anew.
 *
 * Build: cc -shared -fPIC -pthread -o kv.so kv.c $(pkg-config --cflags sockd)
 */
#define _GNU_SOURCE 1
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <sockd/module.h>

#define KEY_BYTES   64
#define VALUE_BYTES 512
#define LINE_BYTES  1024
#define CELLS       32768 /* a power of two */
#define KEYS_MAX    (CELLS / 4 * 3)

enum state { EMPTY, DELETED, VALUE_0, VALUE_1 }; /* the last two: live, and which value counts */

struct cell {
	_Atomic uint32_t state;
	char key[KEY_BYTES + 1];
	char value[2][VALUE_BYTES + 1];
};

#define LOCK_READY UINT32_MAX

/* In shared memory, all zero at first. */
struct store {
	_Atomic uint32_t maker; /* of the lock: its pid, then LOCK_READY */
	pthread_mutex_t lock;
	uint32_t count; /* live cells */
	struct cell cell[CELLS];
};

static uint32_t max_keys = KEYS_MAX;
static const char *crash_on = "";

/* --- The lock --------------------------------------------------------------------------------- */

static void lock_make(struct store *store)
{
	pthread_mutexattr_t a;

	pthread_mutexattr_init(&a);
	pthread_mutexattr_setpshared(&a, PTHREAD_PROCESS_SHARED);
	pthread_mutexattr_setrobust(&a, PTHREAD_MUTEX_ROBUST);
	pthread_mutex_init(&store->lock, &a);
	pthread_mutexattr_destroy(&a);
	atomic_store(&store->maker, LOCK_READY);
}

/* The first worker makes the lock; if it dies over that, another does. */
static void lock_init(struct store *store)
{
	for (;;) {
		uint32_t maker = atomic_load(&store->maker);

		if (maker == LOCK_READY)
			return;
		if ((maker == 0 || (kill((pid_t)maker, 0) < 0 && errno == ESRCH)) &&
			atomic_compare_exchange_strong(&store->maker, &maker, (uint32_t)getpid()))
			lock_make(store);
		else
			usleep(1000);
	}
}

static bool is_live(const struct cell *c)
{
	return atomic_load(&c->state) >= VALUE_0;
}

static struct store *store_lock(const struct sockd_worker *w)
{
	struct store *store = w->shared;
	int rc = pthread_mutex_lock(&store->lock);

	if (rc == 0)
		return store;
	if (rc != EOWNERDEAD)
		abort();
	w->log(LOG_NOTICE, "a worker died with the lock held");
	store->count = 0;
	for (size_t i = 0; i < CELLS; i++)
		store->count += is_live(&store->cell[i]);
	pthread_mutex_consistent(&store->lock);
	return store;
}

static void store_unlock(struct store *store)
{
	pthread_mutex_unlock(&store->lock);
}

/* --- The store; all with the lock held -------------------------------------------------------- */

/* FNV-1a. Source: RFC 9923 */
static uint32_t hash(const char *key)
{
	uint32_t h = 2166136261U;

	for (; *key; key++)
		h = (h ^ (unsigned char)*key) * 16777619U;
	return h;
}

/* The cell of a key; else NULL and in *space where it would go. A quarter of the cells is never in use. */
static struct cell *cell_find(struct store *store, const char *key, struct cell **space)
{
	size_t at = hash(key) % CELLS, first = CELLS;

	*space = NULL;
	for (size_t i = 0; i < CELLS; i++, at = (at + 1) % CELLS) {
		struct cell *c = &store->cell[at];

		if (is_live(c)) {
			if (!strcmp(c->key, key))
				return c;
			continue;
		}
		if (first == CELLS)
			first = at;
		if (atomic_load(&c->state) == EMPTY)
			break;
	}
	if (first < CELLS)
		*space = &store->cell[first];
	return NULL;
}

static const char *cell_value(const struct cell *c)
{
	return c->value[atomic_load(&c->state) == VALUE_1];
}

static void value_copy(char *to, const char *value, const char *key)
{
	size_t n = strlen(value);

	memcpy(to, value, n / 2);
	if (!strcmp(key, crash_on))
		abort();
	memcpy(to + n / 2, value + n / 2, n - n / 2 + 1);
}

/* Returns NULL, or what is wrong. */
static const char *cell_set(struct store *store, const char *key, const char *value)
{
	struct cell *space, *c = cell_find(store, key, &space);

	if (c) {
		bool old = atomic_load(&c->state) == VALUE_1;

		value_copy(c->value[!old], value, key);
		atomic_store(&c->state, old ? VALUE_0 : VALUE_1);
		return NULL;
	}
	if (store->count >= max_keys || !space)
		return "too many keys";
	strcpy(space->key, key);
	value_copy(space->value[0], value, key);
	atomic_store(&space->state, VALUE_0);
	store->count++;
	return NULL;
}

/* A cell that ends a chain becomes empty again, and so do the deleted ones before it. */
static void cell_delete(struct store *store, struct cell *c)
{
	size_t at = (size_t)(c - store->cell);

	atomic_store(&c->state, DELETED);
	store->count--;
	if (atomic_load(&store->cell[(at + 1) % CELLS].state) != EMPTY)
		return;
	for (; atomic_load(&store->cell[at].state) == DELETED; at = (at + CELLS - 1) % CELLS)
		atomic_store(&store->cell[at].state, EMPTY);
}

static const char *cell_add(struct store *store, const char *key, int64_t n, int64_t *sum)
{
	struct cell *space, *c = cell_find(store, key, &space);
	char text[32], *end = text;
	int64_t old = 0;

	if (c) {
		errno = 0;
		old = strtoll(cell_value(c), &end, 10);
		if (errno || end == cell_value(c) || *end)
			return "not a number";
	}
	if (__builtin_add_overflow(old, n, sum))
		return "the number would be too large";
	snprintf(text, sizeof(text), "%" PRId64, *sum);
	return cell_set(store, key, text);
}

/* --- Requests --------------------------------------------------------------------------------- */

struct talk {
	struct sockd_conn *conn;
	size_t n; /* bytes of answers */
	char out[8192];
	bool failed;
};

static void talk_flush(struct talk *t)
{
	if (t->n && !t->failed)
		t->failed = t->conn->write(t->conn, t->out, t->n) < 0;
	t->n = 0;
}

/* One line of an answer: two words. */
static void talk_say(struct talk *t, const char *word, const char *more)
{
	if (sizeof(t->out) - t->n < LINE_BYTES)
		talk_flush(t);
	t->n += (size_t)snprintf(
		t->out + t->n, LINE_BYTES, "%s%s%s\n", word, *more ? " " : "", more);
}

static void answer_get(struct talk *t, const char *key)
{
	struct store *store = store_lock(t->conn->worker);
	struct cell *space, *c = cell_find(store, key, &space);
	char value[VALUE_BYTES + 1] = "";

	if (c)
		strcpy(value, cell_value(c));
	store_unlock(store);
	talk_say(t, c ? "value" : "none", value);
}

static void answer_set(struct talk *t, const char *key, const char *value)
{
	struct store *store;
	const char *error;

	if (strlen(value) > VALUE_BYTES) {
		talk_say(t, "error", "the value is too long");
		return;
	}
	store = store_lock(t->conn->worker);
	error = cell_set(store, key, value);
	store_unlock(store);
	talk_say(t, error ? "error" : "ok", error ? error : "");
}

static void answer_del(struct talk *t, const char *key)
{
	struct store *store = store_lock(t->conn->worker);
	struct cell *space, *c = cell_find(store, key, &space);

	if (c)
		cell_delete(store, c);
	store_unlock(store);
	talk_say(t, c ? "ok" : "none", "");
}

static void answer_incr(struct talk *t, const char *key, const char *by)
{
	struct store *store;
	char text[32], *end;
	int64_t sum = 0, n;
	const char *error;

	errno = 0;
	n = *by ? strtoll(by, &end, 10) : 1;
	if (*by && (errno || *end)) {
		talk_say(t, "error", "not a number");
		return;
	}
	store = store_lock(t->conn->worker);
	error = cell_add(store, key, n, &sum);
	store_unlock(store);
	snprintf(text, sizeof(text), "%" PRId64, sum);
	talk_say(t, error ? "error" : "value", error ? error : text);
}

/* Some cells at a time, so that a slow client holds up nobody: no write happens under the lock. */
static void answer_list(struct talk *t, const char *prefix)
{
	struct store *store;
	enum { STEP = 64 };
	char key[STEP][KEY_BYTES + 1];

	for (size_t at = 0; at < CELLS && !t->failed; at += STEP) {
		size_t n = 0;

		store = store_lock(t->conn->worker);
		for (size_t i = at; i < at + STEP; i++) {
			const struct cell *c = &store->cell[i];

			if (is_live(c) && !strncmp(c->key, prefix, strlen(prefix)))
				strcpy(key[n++], c->key);
		}
		store_unlock(store);
		for (size_t i = 0; i < n; i++)
			talk_say(t, "key", key[i]);
	}
	talk_say(t, "end", "");
}

static bool is_key(const char *text)
{
	size_t n = strlen(text);

	for (const char *p = text; *p; p++) {
		if (*p <= ' ' || *p > '~')
			return false;
	}
	return n >= 1 && n <= KEY_BYTES;
}

/* Returns false for the last request. */
static bool answer(struct talk *t, char *line)
{
	char *word = strsep(&line, " "), *key = line ? line : word + strlen(word);
	char *value = strchr(key, ' ');
	bool needs_value = !strcmp(word, "set");

	if (!strcmp(word, "quit"))
		return false;
	if (!strcmp(word, "list")) {
		answer_list(t, key);
		return true;
	}
	if (value)
		*value++ = '\0';
	if (strcmp(word, "get") && strcmp(word, "set") && strcmp(word, "del") &&
		strcmp(word, "incr"))
		talk_say(t, "error", "expected one of get, set, del, incr, list, quit");
	else if (!is_key(key))
		talk_say(t, "error", "a key has 1 to 64 printable characters");
	else if (needs_value && !value)
		talk_say(t, "error", "a value is missing");
	else if (needs_value)
		answer_set(t, key, value);
	else if (!strcmp(word, "incr"))
		answer_incr(t, key, value ? value : "");
	else if (value)
		talk_say(t, "error", "one key, and nothing behind it");
	else if (!strcmp(word, "get"))
		answer_get(t, key);
	else
		answer_del(t, key);
	return true;
}

/* Answer all whole lines of in. Returns how many bytes they were, or -1 after the last request. */
static ssize_t answer_lines(struct talk *t, char *in, size_t n)
{
	char *line = in, *end;

	while (!t->failed && (end = memchr(line, '\n', n - (size_t)(line - in)))) {
		size_t len = (size_t)(end - line);

		len -= len && end[-1] == '\r';
		line[len] = '\0';
		if (strlen(line) < len)
			talk_say(t, "error", "a NUL byte");
		else if (!answer(t, line))
			return -1;
		line = end + 1;
	}
	return line - in;
}

static int kv_serve(struct sockd_conn *c)
{
	struct talk t = {.conn = c};
	char in[LINE_BYTES];
	size_t n = 0;

	for (;;) {
		ssize_t got = c->read(c, in + n, sizeof(in) - n), used;

		if (got <= 0)
			return (int)got;
		n += (size_t)got;
		used = answer_lines(&t, in, n);
		if (used == 0 && n == sizeof(in)) {
			talk_say(&t, "error", "the line is too long");
			c->end = "line-too-long";
			used = -1;
		}
		talk_flush(&t);
		if (t.failed)
			return -1;
		if (used < 0)
			return 0;
		n -= (size_t)used;
		memmove(in, in + used, n);
	}
}

/* --- The module ------------------------------------------------------------------------------- */

static int kv_check(const char *const *options, size_t n, char *err, size_t size)
{
	for (size_t i = 0; i < n; i++) {
		unsigned long keys;
		char *end;

		if (!strncmp(options[i], "crash-on=", 9)) {
			crash_on = options[i] + 9;
			continue;
		}
		if (strncmp(options[i], "max-keys=", 9)) {
			snprintf(err, size, "unknown option '%s', expected max-keys=N", options[i]);
			return -1;
		}
		keys = strtoul(options[i] + 9, &end, 10);
		if (*end || keys < 1 || keys > KEYS_MAX) {
			snprintf(err, size, "max-keys is a number from 1 to %d", KEYS_MAX);
			return -1;
		}
		max_keys = (uint32_t)keys;
	}
	return 0;
}

static int kv_init(const struct sockd_worker *w)
{
	char err[1];

	lock_init(w->shared);
	return kv_check(w->options, w->n_options, err, sizeof(err));
}

const struct sockd_module sockd_module = {
	.abi = SOCKD_MODULE_ABI,
	.name = "kv",
	.shared_size = sizeof(struct store),
	.check = kv_check,
	.init = kv_init,
	.serve = kv_serve,
};
