/* admit.c: count, weigh, and let in or not. Nothing that is read from the board is believed: any worker
 * of the service can write there. */
#include "board/admit.h"

#include <errno.h>
#include <netinet/in.h>
#include <sched.h>
#include <signal.h>
#include <string.h>

#define TAKE_OVER_MS \
	20 /* a lock that has not moved for so long: its holder was stopped or killed */
#define GIVE_UP_MS  200      /* one that moves and moves: go on without */
#define LOCK_HOLDER 0xffffU  /* 1 + slot */
#define LOCK_TURN   0x10000U /* counts above it, so that a lock which moves is seen to */

#define TICKS_US \
	16384 /* of a bucket's time: fine enough for many a µs, good for 35 years of uptime */
#define TICKS_S (1000000ULL * TICKS_US)

#define WAYS 8 /* places that a source may have in the table of rates: two cache lines */

/* No client comes from a multicast address: those stand for what has no /64 of its own. */
#define SOURCE_IPV4 0xffff000000000000U
#define SOURCE_ZERO 0xfffe000000000000U /* ::/64, with ::1 in it */

_Static_assert(BOARD_SLOTS < LOCK_HOLDER, "a slot does not fit into the lock");
_Static_assert((BOARD_RATES & (BOARD_RATES - 1)) == 0, "BOARD_RATES is no power of two");

#define GET(x)    atomic_load_explicit(&(x), memory_order_relaxed)
#define SET(x, v) atomic_store_explicit(&(x), v, memory_order_relaxed)

uint64_t admit_source(const struct addr *a)
{
	const unsigned char *p = a->in6.sin6_addr.s6_addr;
	uint64_t source = 0;
	uint32_t v4;

	if (a->sa.sa_family == AF_INET)
		return SOURCE_IPV4 | ntohl(a->in.sin_addr.s_addr);
	if (a->sa.sa_family != AF_INET6)
		return 0;
	if (IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr)) {
		memcpy(&v4, p + 12, sizeof(v4));
		return SOURCE_IPV4 | ntohl(v4);
	}
	for (int i = 0; i < 8; i++)
		source = source << 8 | p[i];
	return source ? source : SOURCE_ZERO;
}

/* Returns what unlock() wants. */
static uint32_t lock(struct board *b, unsigned slot)
{
	uint64_t start_ms = 0, moved_ms = 0, now_ms = 0;
	uint32_t seen = GET(b->lock), mine;

	for (;;) {
		uint32_t was = seen;
		bool stale = start_ms && now_ms - moved_ms >= TAKE_OVER_MS;

		mine = (seen & ~LOCK_HOLDER) + LOCK_TURN + slot + 1;
		if ((stale || !(seen & LOCK_HOLDER)) &&
			atomic_compare_exchange_strong(&b->lock, &seen, mine))
			return mine;
		if (start_ms && now_ms - start_ms >= GIVE_UP_MS)
			return mine;
		sched_yield();
		seen = GET(b->lock);
		now_ms = mono_ms();
		if (!start_ms)
			start_ms = moved_ms = now_ms;
		if (seen != was)
			moved_ms = now_ms;
	}
}

static void unlock(struct board *b, uint32_t mine)
{
	/* Not if it was taken over, or never had. */
	atomic_compare_exchange_strong(&b->lock, &mine, mine & ~LOCK_HOLDER);
}

/* A worker of a program before may have been killed with its master, who would have cleared the slot. */
static bool is_dead(const struct board *b, unsigned slot)
{
	pid_t pid = GET(b->worker[slot].pid);

	return pid > 0 && kill(pid, 0) < 0 && errno == ESRCH;
}

/* What is left of max. slot  is not counted; BOARD_SLOTS: the board is that of a program before */
static long source_left(const struct board *b, unsigned slot, uint64_t source, long max)
{
	unsigned used = board_slots(b);

	for (unsigned i = 0; i < used && max > 0; i++)
		max -= i != slot && GET(b->source[i]) == source &&
		       (slot < BOARD_SLOTS || !is_dead(b, i));
	return max;
}

static bool source_is_over(
	const struct board *b, unsigned slot, uint64_t source, const struct admit_limits *l)
{
	long left = source_left(b, slot, source, l->max_per_source);

	for (const struct board *const *old = l->older; old && *old && left > 0; old++)
		left = source_left(*old, BOARD_SLOTS, source, left);
	return left <= 0;
}

/* A token bucket as one number, the time when it is full again: a token taken puts that off by the time
 * in which one comes back, and it may not lie further ahead than n of those.
 * full  receives the time with a token less; as it was (or as it can be) if none is left
 * Source: the generic cell rate algorithm, ITU-T I.371 annex A */
static bool bucket_take(uint64_t *full, uint64_t now, long n, long s)
{
	uint64_t step = TICKS_S * (uint64_t)s / (uint64_t)n;
	uint64_t deep = step * (uint64_t)n;

	/* Further ahead than clocks differ: from other settings, or no time at all. */
	if (*full > now + deep + TICKS_S)
		*full = now + deep;
	if (*full < now)
		*full = now;
	if (*full + step > now + deep)
		return false;
	*full += step;
	return true;
}

/* The place of a source in the table, or the one that it may have: whose bucket has the most in it. */
static struct board_rate *rate_find(struct board *b, uint64_t source)
{
	/* Multiply and shift, with a seed: sources that share a place cannot be picked from outside. */
	uint64_t hash = (source ^ b->seed) * 0x9e3779b97f4a7c15U;
	struct board_rate *set, *fullest;

	hash = (hash ^ hash >> 32) * 0xd6e8feb86659fd93U;
	set = fullest = &b->rate[(hash >> 32) % (BOARD_RATES / WAYS) * WAYS];
	for (struct board_rate *r = set; r < set + WAYS; r++) {
		if (GET(r->source) == source)
			return r;
		if (GET(r->full) < GET(fullest->full))
			fullest = r;
	}
	return fullest;
}

/* All or nothing: what is refused for one reason costs no token elsewhere. */
static enum board_refusal decide(
	struct board *b, unsigned slot, uint64_t source, const struct admit_limits *l, uint64_t now)
{
	struct board_rate *r = NULL;
	uint64_t rate = 0, full = 0;

	if (source && l->max_per_source && source_is_over(b, slot, source, l))
		return REFUSED_MAX_PER_SOURCE;
	if (source && l->source_n) {
		r = rate_find(b, source);
		if (GET(r->source) == source)
			full = GET(r->full);
		if (!bucket_take(&full, now, l->source_n, l->source_s)) {
			SET(r->full, full);
			return REFUSED_RATE_PER_SOURCE;
		}
	}
	if (l->rate_n) {
		bool has;

		rate = GET(b->rate_full);
		has = bucket_take(&rate, now, l->rate_n, l->rate_s);
		SET(b->rate_full, rate);
		if (!has)
			return REFUSED_RATE;
	}
	if (r) {
		SET(r->source, source);
		SET(r->full, full);
	}
	SET(b->source[slot], source);
	return REFUSED_NOT;
}

enum board_refusal admit(struct board *b, unsigned slot, uint64_t source,
	const struct admit_limits *limits, uint64_t now_us)
{
	enum board_refusal why;
	uint32_t held;

	if (!limits->rate_n && (!source || (!limits->max_per_source && !limits->source_n)))
		return REFUSED_NOT;
	held = lock(b, slot);
	why = decide(b, slot, source, limits, now_us * TICKS_US);
	unlock(b, held);
	return why;
}

void admit_leave(struct board *b, unsigned slot)
{
	if (GET(b->source[slot]))
		SET(b->source[slot], 0);
}

void admit_clear(struct board *b, unsigned slot)
{
	uint32_t seen = GET(b->lock);

	admit_leave(b, slot);
	if ((seen & LOCK_HOLDER) == slot + 1)
		unlock(b, seen);
}

bool admit_refused(
	struct board *b, unsigned slot, enum board_refusal why, uint64_t now_ms, uint64_t *since)
{
	uint64_t last = GET(b->refusal[why].logged_ms);
	uint64_t apart = now_ms > last ? now_ms - last : last - now_ms;

	SET(b->slot[slot].refused[why], GET(b->slot[slot].refused[why]) + 1);
	atomic_fetch_add(&b->refusal[why].untold, 1);
	if ((last && apart < 1000) ||
		!atomic_compare_exchange_strong(&b->refusal[why].logged_ms, &last, now_ms))
		return false;
	*since = atomic_exchange(&b->refusal[why].untold, 0);
	return true;
}

const char *admit_reason(enum board_refusal why)
{
	static const char *const name[REFUSED_REASONS] = {[REFUSED_NOT] = "none",
		[REFUSED_DENIED] = "denied",
		[REFUSED_MAX_PER_SOURCE] = "max-per-source",
		[REFUSED_RATE] = "rate",
		[REFUSED_RATE_PER_SOURCE] = "rate-per-source",
		[REFUSED_PROXY_UNTRUSTED] = "proxy-untrusted",
		[REFUSED_PROXY_HEADER] = "proxy-header"};

	return why < REFUSED_REASONS ? name[why] : "?";
}
