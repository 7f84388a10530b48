/* tally.h: what a worker writes on its slot as connections come and go. */
#ifndef SOCKD_BOARD_TALLY_H
#define SOCKD_BOARD_TALLY_H

#include "board/board.h"
#include "net/conn.h"

/* A connection has come: the slot is busy. Asks the kernel how long it has waited in the queue.
 * Returns that in ms; 0 if nobody knows. */
unsigned tally_begin(struct board_slot *s, const struct conn *c, uint64_t now_ms);

/* Its true source is known now. */
void tally_peer(struct board_slot *s, const struct addr *peer);

/* It has ended, or was refused: the slot is idle. Only what was served counts as a connection. */
void tally_end(struct board_slot *s, const struct conn *c, enum board_refusal refusal,
	uint64_t start_ms, uint64_t now_ms);

/* Bounds of bucket i, in ms, for both histograms; UINT64_MAX: none. */
uint64_t tally_wait_bound(unsigned i);
uint64_t tally_time_bound(unsigned i);

#endif
