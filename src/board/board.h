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

/* Why a connection was refused. */
enum board_refusal {
	REFUSED_NOT,
	REFUSED_DENIED, /* by allow, deny */
	REFUSED_MAX_PER_SOURCE,
	REFUSED_RATE,
	REFUSED_RATE_PER_SOURCE,
	REFUSED_PROXY_UNTRUSTED, /* not from proxy-trusted */
	REFUSED_PROXY_HEADER,    /* none, a bad one, or too late */
	REFUSED_REASONS
};

#define BOARD_RATES 16384 /* sources whose rate is known at a time; a power of two */

struct board_slot {
	_Atomic uint32_t state;       /* enum board_state */
	_Atomic uint64_t connections; /* finished, by this worker */
	_Atomic uint64_t bytes_in;
	_Atomic uint64_t bytes_out;
	_Atomic uint64_t since_ms; /* of the present state, while session-timeout is on */
	_Atomic uint64_t refused[REFUSED_REASONS]; /* by all workers that ever had the slot */
} __attribute__((aligned(64)));

struct board {
	_Atomic uint32_t slots_used; /* master: 1 + highest slot ever in use */
	_Atomic uint32_t may_grow; /* master: 1 = a worker that finds too few idle rings the bell */
	_Atomic uint32_t spare;    /* master: how many idle workers are enough */
	_Atomic uint32_t wanted;   /* worker: 1 = the bell was rung for growth; master: 0 */
	_Atomic uint32_t retiring; /* 1 + slot that retires after max-connections; 0 = nobody */

	/* These, source and rate below belong to board/admit.c. */
	_Alignas(64) _Atomic uint32_t
		lock;  /* low half: 1 + slot that holds it, 0 = nobody; high half: turns */
	uint64_t seed; /* for the table of rates: nobody outside can know it */
	_Atomic uint64_t rate_full; /* when the bucket of the service is full again, in ticks */
	struct {
		_Atomic uint64_t logged_ms, untold; /* the last line about it; how many since */
	} refusal[REFUSED_REASONS];
	struct board_slot slot[BOARD_SLOTS];
	_Atomic uint64_t source[BOARD_SLOTS]; /* of the connection in hand; 0 = none */
	struct board_rate {
		_Atomic uint64_t source, full;
	} rate[BOARD_RATES];
};

/* Make a board. Returns it, all zero but for the seed, or NULL with errno. Unmapped by board_free(). */
struct board *board_new(void);
void board_free(struct board *b);

/* Slots that were ever used are below it. */
unsigned board_slots(const struct board *b);

/* True if at least n slots are idle; stops looking once it knows. */
int board_has_idle(const struct board *b, unsigned n);

#endif
