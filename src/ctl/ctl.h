/* ctl.h: sockctl asks the master for a command, or for the scoreboards, and shows what it gets. */
#ifndef SOCKD_CTL_CTL_H
#define SOCKD_CTL_CTL_H

#include "base/util.h"
#include "board/view.h"

#define EXIT_USAGE    2
#define ASK_MS        5000  /* for an answer that the master has at hand */
#define ASK_RESULT_MS 60000 /* for one that it has to work for */

/* The command line. */
struct ctl {
	const char *socket;
	bool json, colour;
	size_t lines; /* of recent */
	size_t width; /* of the terminal; 0: there is none */
};
extern struct ctl ctl;

/* Say what is wrong (as JSON, if that was asked for) and leave. */
_Noreturn void die(int status, const char *fmt, ...) PRINTF_LIKE(2, 3);
_Noreturn void die_lines(const char *error, const char *lines);

/* Print out and leave; fails if it cannot be written. */
_Noreturn void print(struct buf *out);

/* ask.c: an answer of the master. Zero-initialise it. */
struct answer {
	bool good;
	char error[512];  /* why not, without a newline; "" if good */
	struct buf text;  /* all of it */
	const char *body; /* behind its first line; in text */
	int *fd;          /* what came with it; owned */
	size_t n_fd;
};

/* Send a command and take its answer up to the end, or until timeout_ms are over. False: error tells why,
 * whether the master has refused or is not there. */
bool ask(struct answer *a, const char *command, unsigned timeout_ms);
void answer_free(struct answer *a);

/* snapshot.c: all scoreboards, and what they say now. */
struct entry {
	const struct board *board;
	struct view_service v; /* its name is the master's word */
};
struct snapshot {
	const struct board_master *board;
	struct view_master master;
	struct entry *service;
	size_t n;
	uint64_t now_ms, now_s; /* CLOCK_MONOTONIC, CLOCK_REALTIME */
};

/* only  the name of a service, or NULL: all
 * Returns false with why in error. */
bool snapshot_take(struct snapshot *s, const char *only, unsigned timeout_ms, char error[512]);
void snapshot_free(struct snapshot *s);

/* The last ended connections of all services, the newest first; freed by the caller. */
struct ended {
	const char *service; /* in the snapshot */
	struct board_recent r;
};
struct ended *snapshot_recent(const struct snapshot *s, size_t max, size_t *n);

/* table.c: cells in rows, aligned. Texts are printable ASCII. */
enum style { PLAIN, BOLD, DIM, RED, GREEN, YELLOW, CYAN };
#define TABLE_COLUMNS 20
struct table {
	const char *align, *order;
	struct buf cells;               /* a byte of style, text, NUL for each */
	size_t n, width[TABLE_COLUMNS]; /* of a column, 0: it is left out */
};

/* align  'l' or 'r' for each column
 * order  in which they are left out if there is no room, from '1' to 'f'; '-': never
 * head   their names, with blanks between */
void table_begin(struct table *t, const char *align, const char *order, const char *head);
void table_cell(struct table *t, enum style style, const char *fmt, ...) PRINTF_LIKE(3, 4);
/* Append it to out and free it. width  that lines must fit into; 0: any. Before columns from '9' on go, long
 * texts are cut, and marked with a '~'. */
void table_end(struct table *t, struct buf *out, size_t width);
/* Append text in a style, cut to width unless that is 0. */
void text_styled(struct buf *out, enum style style, const char *text, size_t width);

/* Numbers for people, in a static ring of buffers that is long enough for a row. */
const char *human_bytes(uint64_t n);
const char *human_ms(uint64_t ms);
const char *human_count(uint64_t n);
const char *human_rate(double per_second);
const char *human_clock(uint64_t s, uint64_t now_s); /* local time; with the date if not today's */
const char *human_percentiles(const uint64_t *count, unsigned n, uint64_t (*bound_ms)(unsigned));
const char *human_below(
	const uint64_t *count, unsigned n, unsigned percent, uint64_t (*bound_ms)(unsigned));
const char *plain(const char *text); /* escaped: for texts that are not ASCII for sure */

/* show.c: what the commands of that name print. service  NULL: all */
void show_status(const char *service);
void show_workers(const char *service);
void show_recent(const char *service);

/* Rows of what has ended, for recent and top. */
void recent_table(struct buf *out, const struct snapshot *s, size_t max, size_t width);
enum style mode_style(enum board_mode mode);
enum style state_style(unsigned master_state);
uint64_t sum(const uint64_t *n, size_t count);

/* top.c */
_Noreturn void top(void);

#endif
