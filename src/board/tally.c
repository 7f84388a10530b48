/* tally.c: numbers that are cheap to write, since each connection pays for them. */
#include "board/tally.h"

#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#define WAIT_FIRST_MS 4 /* the grain of the kernel's clock at HZ=250 */

static void add(_Atomic uint64_t *total, uint64_t n)
{
	atomic_store_explicit(
		total, atomic_load_explicit(total, memory_order_relaxed) + n, memory_order_relaxed);
}

static void set(_Atomic uint64_t *field, uint64_t value)
{
	atomic_store_explicit(field, value, memory_order_relaxed);
}

static unsigned bits(uint64_t n)
{
	return n ? 64 - (unsigned)__builtin_clzll(n) : 0;
}

uint64_t tally_wait_bound(unsigned i)
{
	return i + 1 < BOARD_WAITS ? (uint64_t)WAIT_FIRST_MS << i : UINT64_MAX;
}

uint64_t tally_time_bound(unsigned i)
{
	return i + 1 < BOARD_TIMES ? 1ULL << 2 * i : UINT64_MAX;
}

static unsigned wait_bucket(uint64_t ms)
{
	unsigned i = bits(ms / WAIT_FIRST_MS);

	return i < BOARD_WAITS ? i : BOARD_WAITS - 1;
}

static unsigned time_bucket(uint64_t ms)
{
	unsigned i = (bits(ms) + 1) / 2;

	return i < BOARD_TIMES ? i : BOARD_TIMES - 1;
}

static void peer_set(struct board_peer *p, const struct addr *a)
{
	*p = (struct board_peer){
		.family = (uint8_t)a->sa.sa_family, .port = (uint16_t)addr_port(a)};
	if (a->sa.sa_family == AF_INET)
		memcpy(p->addr, &a->in.sin_addr, sizeof(a->in.sin_addr));
	else if (a->sa.sa_family == AF_INET6)
		memcpy(p->addr, &a->in6.sin6_addr, sizeof(p->addr));
}

void tally_peer(struct board_slot *s, const struct addr *peer)
{
	peer_set(&s->peer, peer);
}

unsigned tally_begin(struct board_slot *s, const struct conn *c, uint64_t now_ms)
{
	struct tcp_info info;
	socklen_t len = offsetof(struct tcp_info, tcpi_last_ack_sent);

	peer_set(&s->peer, &c->peer);
	set(&s->since_ms, now_ms);
	atomic_store_explicit(&s->state, SLOT_BUSY, memory_order_relaxed);
	/* Right after accept() that is the time since the handshake. Source: tcp(7), TCP_INFO */
	if (c->peer.sa.sa_family == AF_UNIX ||
		getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		return 0;
	add(&s->wait[wait_bucket(info.tcpi_last_data_sent)], 1);
	add(&s->wait_ms, info.tcpi_last_data_sent);
	return info.tcpi_last_data_sent;
}

void tally_end(struct board_slot *s, const struct conn *c, enum board_refusal refusal,
	uint64_t start_ms, uint64_t now_ms)
{
	uint32_t n = atomic_load_explicit(&s->recent, memory_order_relaxed);
	struct board_recent *r = &s->last[n % BOARD_RECENT];
	uint32_t seq = atomic_load_explicit(&r->seq, memory_order_relaxed) | 1;

	add(&s->bytes_in, c->bytes_in);
	add(&s->bytes_out, c->bytes_out);
	if (refusal == REFUSED_NOT) {
		add(&s->connections, 1);
		add(&s->time[time_bucket(now_ms - start_ms)], 1);
		add(&s->time_ms, now_ms - start_ms);
	}
	atomic_store_explicit(&r->seq, seq, memory_order_relaxed);
	atomic_thread_fence(memory_order_release);
	r->refusal = refusal;
	r->program = c->program;
	r->id = c->id;
	peer_set(&r->peer, &c->peer);
	r->ended_ms = now_ms;
	r->duration_ms = now_ms - start_ms;
	r->bytes_in = c->bytes_in;
	r->bytes_out = c->bytes_out;
	strncpy(r->end, c->end ? c->end : c->eof ? "eof" : "done", sizeof(r->end) - 1);
	atomic_store_explicit(&r->seq, seq + 1, memory_order_release);
	atomic_store_explicit(&s->recent, n + 1, memory_order_relaxed);
	set(&s->since_ms, now_ms);
	atomic_store_explicit(&s->state, SLOT_IDLE, memory_order_relaxed);
}
