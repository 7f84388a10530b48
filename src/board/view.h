/* view.h: read scoreboards: sums and copies of what others write at the same time. For sockctl and the
 * status handler. Everything is a value: nothing points into the board. Enumerators are in range, times
 * are not in the future, and texts end; those of a service are printable ASCII. Numbers may be lies.
 */
#ifndef SOCKD_BOARD_VIEW_H
#define SOCKD_BOARD_VIEW_H

#include "board/board.h"

/* A service at one moment, all its slots added up. */
struct view_service {
	char name[64], handler[16];
	char listen[BOARD_LISTEN][ADDR_TEXT_MAX];
	unsigned n_listen;
	bool counted; /* false: its programs accept by themselves, nobody counts connections */
	enum board_mode mode;
	unsigned workers, max_workers, target, generation;
	unsigned queue, queue_limit; /* of all its listeners, when the master looked */
	uint64_t queue_ms;           /* CLOCK_MONOTONIC of that; 0: never */
	unsigned state[SLOT_STATES]; /* workers in each; SLOT_EMPTY stays 0 */
	uint64_t connections, bytes_in, bytes_out;
	uint64_t refused[REFUSED_REASONS], exits[EXIT_REASONS];
	uint64_t wait[BOARD_WAITS], wait_ms, time[BOARD_TIMES], time_ms;
};
void view_service(const struct board *b, struct view_service *v);

struct view_worker {
	unsigned slot, generation;
	int pid;
	enum board_state state;
	uint64_t since_ms, started_ms;             /* CLOCK_MONOTONIC */
	uint64_t connections, bytes_in, bytes_out; /* of all that had the slot */
	struct board_peer peer;                    /* while busy */
};

/* The next worker that lives, from slot *from on; *from is put behind it. False: there is none. */
bool view_worker(const struct board *b, unsigned *from, struct view_worker *w);

/* The last connections that ended or were refused, the newest first.
 * Returns how many, at most max. */
size_t view_recent(const struct board *b, struct board_recent *out, size_t max);

struct view_master {
	int pid;
	unsigned state; /* enum master_state of core/master.h */
	char sockd[32], file[256], reload_text[512];
	uint64_t started_s, loaded_s, reloaded_s;
	uint64_t reloads_good, reloads_bad;
};
void view_master(const struct board_master *b, struct view_master *v);

/* The bucket of a histogram (its bound: tally_wait_bound(), tally_time_bound()) that percent of all lie
 * in or below. -1: it is empty. */
int view_percentile(const uint64_t *count, unsigned buckets, unsigned percent);

/* "192.0.2.1:80", "[2001:db8::1]:80", "unix:"; "" for none. */
void view_peer(const struct board_peer *p, char out[ADDR_TEXT_MAX]);

/* Why it was refused, or how it ended, as in the log: "refused: rate", "eof", "exited exit=3". */
#define VIEW_END_MAX 48
void view_end(const struct board_recent *r, char *out, size_t size);

/* Names for people, logs and metrics: "idle", "crashed", "running", "starting". The refusals' are
 * admit_reason(). */
const char *view_state(enum board_state s);
const char *view_exit(enum board_exit e);
const char *view_mode(enum board_mode m);
const char *view_master_state(unsigned state);

#endif
