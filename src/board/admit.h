/* admit.h: limits that all workers of a service share: connections at a time from one source, and the
 * rates at which new ones are let in.
 *
 * How many a source has is counted in the live slots, so that nothing leaks when a worker dies. Rates
 * are kept in a table of fixed size; when it is full, the entry that has the most left is forgotten.
 *
 * A lock in the board makes that exact. Its holder has it for a microsecond; one that was stopped or
 * killed holds up others for 20 ms, once. Whatever a hostile worker writes: no call takes longer
 * than 200 ms.
 */
#ifndef SOCKD_BOARD_ADMIT_H
#define SOCKD_BOARD_ADMIT_H

#include "board/board.h"
#include "net/addr.h"

struct admit_limits {
	long max_per_source; /* 0: none; the next two as well, by their n */
	long rate_n, rate_s; /* n at once, filled again in s seconds */
	long source_n, source_s;
	const struct board *const *older; /* NULL, or boards up to a NULL whose sources count too */
};

/* Source of an address: one IPv4 address (mapped ones too), or the /64 of an IPv6 one. 0: a unix
 * address, which is no source. */
uint64_t admit_source(const struct addr *a);

/* Let a connection in, or not. On success the slot counts for its source until admit_leave(). What is
 * refused takes nothing from any limit. Without limits the board is not touched.
 * now_us  of CLOCK_MONOTONIC
 * Returns REFUSED_NOT, or the reason. */
enum board_refusal admit(struct board *b, unsigned slot, uint64_t source,
	const struct admit_limits *limits, uint64_t now_us);

/* The connection of the slot has ended. */
void admit_leave(struct board *b, unsigned slot);

/* Master: a worker of this slot is gone; nothing of it stays but what it has refused. */
void admit_clear(struct board *b, unsigned slot);

/* Count a refusal in the worker's slot. True if a line about it may be written now: one a second for each
 * reason, in all workers together. *since  receives how many were refused since the last line, with
 * this one. */
bool admit_refused(
	struct board *b, unsigned slot, enum board_refusal why, uint64_t now_ms, uint64_t *since);

const char *admit_reason(enum board_refusal why);

#endif
