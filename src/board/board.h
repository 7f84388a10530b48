/* board.h: the scoreboard of a service: one shared mapping, fixed slots, no pointers in it.
 *
 * Each field has one writer. A worker writes its own slot; the master writes what it knows of the service
 * and of each worker, and trusts nothing of a slot beyond that worker's own affairs. Slots only count
 * upwards, also from one worker to the next that has the slot, so that sums over them never go back.
 *
 * The mapping is a memfd sealed against resizing, so that no worker can take pages away from the master,
 * and against further writable mappings, so that its descriptor can be handed out to readers. It belongs
 * to the service and outlives reloads: workers of two generations use different slots.
 */
#ifndef SOCKD_BOARD_BOARD_H
#define SOCKD_BOARD_BOARD_H

#include <stdatomic.h>

#include "net/addr.h"

#define BOARD_MAGIC  0x736f6300u /* and the version of this layout in the last byte: 2 */
#define BOARD_LAYOUT (BOARD_MAGIC + 2)

#define BOARD_SLOTS  16384 /* workers of a service, both generations; untouched pages are free */
#define BOARD_RATES  16384 /* sources whose rate is known at a time; a power of two */
#define BOARD_RECENT 8     /* ended connections that a slot remembers */
#define BOARD_LISTEN 16    /* addresses that are told */

enum board_state {
	SLOT_EMPTY,    /* written by the master when it reaps, and before the first use */
	SLOT_STARTING, /* forked, not ready */
	SLOT_IDLE,     /* waits for a connection; of a program: runs */
	SLOT_BUSY,     /* serves one */
	SLOT_LEAVING,  /* will not accept again */
	SLOT_STATES
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

/* How workers have ended. */
enum board_exit {
	EXIT_LEFT,    /* told to, by a reload or because it was too many */
	EXIT_RETIRED, /* after max-connections */
	EXIT_FAILED,  /* by itself */
	EXIT_CRASHED, /* by a signal */
	EXIT_KILLED,  /* by the master's KILL */
	EXIT_REASONS
};

/* Histograms. Bucket i holds what took less than its bound, the last one everything else: 4 ms doubling
 * (the grain of TCP_INFO) for the wait in the queue, 1 ms times four for connections. */
#define BOARD_WAITS 14
#define BOARD_TIMES 12

/* One end of a connection. */
struct board_peer {
	uint8_t family; /* AF_INET, AF_INET6, AF_UNIX; 0: none */
	uint16_t port;
	uint8_t addr[16];
};

/* A connection that has ended. seq is odd while it is written; 0: never. */
struct board_recent {
	_Atomic uint32_t seq;
	uint32_t refusal; /* enum board_refusal; REFUSED_NOT: it was served */
	struct board_peer peer;
	int32_t program; /* as in struct conn */
	uint64_t id;
	uint64_t ended_ms; /* CLOCK_MONOTONIC */
	uint64_t duration_ms;
	uint64_t bytes_in, bytes_out;
	char end[24];
};

/* A worker's own. */
struct board_slot {
	_Atomic uint32_t state;  /* enum board_state */
	_Atomic uint32_t recent; /* ended connections: the next one goes to recent % BOARD_RECENT */
	_Atomic uint64_t since_ms;    /* of the present state, CLOCK_MONOTONIC */
	_Atomic uint64_t connections; /* finished */
	_Atomic uint64_t bytes_in;
	_Atomic uint64_t bytes_out;
	struct board_peer peer; /* of the connection in hand; only a hint, may be half written */
	_Atomic uint64_t refused[REFUSED_REASONS];
	_Atomic uint64_t wait[BOARD_WAITS], wait_ms; /* counts; the sum */
	_Atomic uint64_t time[BOARD_TIMES], time_ms;
	struct board_recent last[BOARD_RECENT];
} __attribute__((aligned(64)));

/* What the master knows of a worker. */
struct board_worker {
	_Atomic int32_t pid; /* 0: none */
	_Atomic uint32_t generation;
	_Atomic uint64_t started_ms;
};

enum board_mode { MODE_RUNNING, MODE_PAUSED, MODE_BACKOFF, MODE_LEAVING, BOARD_MODES };

/* What the master knows of the service. The text is written while version is odd. */
struct board_service {
	_Atomic uint32_t version;
	char name[64], handler[16];
	uint32_t n_listen;
	char listen[BOARD_LISTEN][ADDR_TEXT_MAX];
	_Atomic uint32_t mode; /* enum board_mode */
	_Atomic uint32_t workers, max_workers, target;
	_Atomic uint32_t queue, queue_limit; /* of all listeners, at queue_ms */
	_Atomic uint64_t queue_ms;
	_Atomic uint32_t generation; /* the newest, from 1 */
	_Atomic uint64_t exits[EXIT_REASONS];
};

struct board {
	uint32_t layout, size;       /* BOARD_LAYOUT, sizeof(struct board) */
	_Atomic uint32_t slots_used; /* master: 1 + highest slot ever in use */
	_Atomic uint32_t may_grow; /* master: 1 = a worker that finds too few idle rings the bell */
	_Atomic uint32_t spare;    /* master: how many idle workers are enough */
	_Atomic uint32_t wanted;   /* worker: 1 = the bell was rung for growth; master: 0 */
	_Atomic uint32_t retiring; /* 1 + slot that retires after max-connections; 0 = nobody */
	_Atomic uint64_t late_ms;  /* the last line about a client that waited long; 0: none */

	/* These, source and rate below belong to board/admit.c. */
	_Alignas(64) _Atomic uint32_t
		lock;  /* low half: 1 + slot that holds it, 0 = nobody; high half: turns */
	uint64_t seed; /* for the table of rates: nobody outside can know it */
	_Atomic uint64_t rate_full; /* when the bucket of the service is full again, in ticks */
	struct {
		_Atomic uint64_t logged_ms, untold; /* the last line about it; how many since */
	} refusal[REFUSED_REASONS];

	_Alignas(64) struct board_service service;
	struct board_slot slot[BOARD_SLOTS];
	struct board_worker worker[BOARD_SLOTS];
	_Atomic uint64_t source[BOARD_SLOTS]; /* of the connection in hand; 0 = none */
	struct board_rate {
		_Atomic uint64_t source, full;
	} rate[BOARD_RATES];
};

/* The same of sockd as a whole; written by the master alone. Texts are written while version is odd. */
struct board_master {
	uint32_t layout, size; /* BOARD_LAYOUT, sizeof(struct board_master) */
	_Atomic uint32_t version;
	_Atomic uint32_t state; /* enum master_state */
	int32_t pid;
	char sockd[32];        /* its version */
	char file[256];        /* where its settings come from */
	char reload_text[512]; /* what came of the last reload; "" before the first */
	_Atomic uint64_t started_s, loaded_s,
		reloaded_s; /* CLOCK_REALTIME; the last two: good, any */
	_Atomic uint64_t reloads_good, reloads_bad;
};

/* Make a board, or that of the master. fd receives a descriptor of it, CLOEXEC, for readers; the caller
 * closes it. Returns the board, all zero but for layout, size and seed, or NULL with errno. */
struct board *board_new(int *fd);
struct board_master *board_master_new(int *fd);

/* Map the board behind a descriptor, to read it: another process writes to it.
 * Returns NULL with errno; EPROTO: it is that of another version. */
const struct board *board_open(int fd);
const struct board_master *board_master_open(int fd);

void board_free(const struct board *b);
void board_master_free(const struct board_master *b);

/* Slots that were ever used are below it. */
unsigned board_slots(const struct board *b);

/* True if at least n slots are idle; stops looking once it knows. */
int board_has_idle(const struct board *b, unsigned n);

#endif
