/* board.h: the scoreboard of a service: one shared mapping, fixed slots, no pointers in it.
 *
 * A worker writes its own slot; the master trusts none of it beyond that worker's own affairs. The
 * mapping is a memfd sealed against resizing, so that no worker can take pages away from the master.
 * It belongs to the service and outlives reloads: workers of two generations use different slots.
 */
#ifndef SOCKD_BOARD_BOARD_H
#define SOCKD_BOARD_BOARD_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#define BOARD_SLOTS 16384 /* workers of a service, both generations; untouched pages are free */

enum board_state {
	SLOT_EMPTY,    /* written by the master when it reaps, and before the first use */
	SLOT_STARTING, /* forked, not ready */
	SLOT_IDLE,     /* waits for a connection */
	SLOT_BUSY,     /* serves one */
	SLOT_LEAVING,  /* will not accept again */
};

struct board_slot {
	_Atomic uint32_t state;       /* enum board_state */
	_Atomic uint64_t connections; /* finished, by this worker */
	_Atomic uint64_t bytes_in;
	_Atomic uint64_t bytes_out;
} __attribute__((aligned(64)));

struct board {
	_Atomic uint32_t slots_used; /* master: 1 + highest slot ever in use */
	_Atomic uint32_t may_grow; /* master: 1 = a worker that finds too few idle rings the bell */
	_Atomic uint32_t spare;    /* master: how many idle workers are enough */
	_Atomic uint32_t wanted;   /* worker: 1 = the bell was rung for growth; master: 0 */
	_Atomic uint32_t retiring; /* 1 + slot that retires after max-connections; 0 = nobody */
	struct board_slot slot[BOARD_SLOTS];
};

/* Make a board. Returns it, all zero, or NULL with errno. Unmapped by board_free(). */
struct board *board_new(void);
void board_free(struct board *b);

/* Slots that were ever used are below it. */
unsigned board_slots(const struct board *b);

/* True if at least n slots are idle; stops looking once it knows. */
int board_has_idle(const struct board *b, unsigned n);

#endif
