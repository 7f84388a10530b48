/* gate.c: the PROXY header, the address lists, the limits of sources, in this order. Who may connect to a
 * unix socket is a matter of its mode, not of lists. */
#include "core/gate.h"

#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "board/admit.h"
#include "net/proxy_header.h"

#define HEADER_MS 5000 /* for a PROXY header, where there is no first-byte-timeout */

static const struct conf_service *conf;
static const struct gate_lists *lists;
static struct board *board;
static unsigned slot;
static struct admit_limits limits;
static bool limited; /* in any way that all workers share */
static struct addr via;

static int list_make(struct access **a, const char *text)
{
	if (!text || !*text)
		return 0;
	*a = access_new(text);
	return *a ? 0 : -1;
}

int gate_lists_make(struct gate_lists *l, const struct conf_service *c)
{
	if (list_make(&l->allow, c->resolved_allow) == 0 &&
		list_make(&l->deny, c->resolved_deny) == 0 &&
		list_make(&l->trusted, c->resolved_trusted) == 0)
		return 0;
	gate_lists_free(l);
	return -1;
}

void gate_lists_free(struct gate_lists *l)
{
	int saved = errno;

	access_free(l->allow);
	access_free(l->deny);
	access_free(l->trusted);
	*l = (struct gate_lists){0};
	errno = saved;
}

void gate_init(const struct conf_service *c, const struct gate_lists *l, struct board *b,
	unsigned s, const struct board *const *older)
{
	conf = c;
	lists = l;
	board = b;
	slot = s;
	limits = (struct admit_limits){.max_per_source = c->max_per_source,
		.rate_n = c->rate.n,
		.rate_s = c->rate.seconds,
		.source_n = c->rate_per_source.n,
		.source_s = c->rate_per_source.seconds,
		.older = older};
	limited = limits.max_per_source || limits.rate_n || limits.source_n;
}

static enum board_refusal refuse(const struct conn *c, enum board_refusal reason, const char *why)
{
	char source[ADDR_TEXT_MAX];
	struct log_record r;
	uint64_t count;

	if (!admit_refused(board, slot, reason, mono_ms(), &count))
		return reason;
	addr_format(&c->peer, source);
	log_begin(&r, LOG_NOTICE, LOG_F_NOREPEAT, "refused");
	log_str(&r, "source", source);
	if (via.len) {
		addr_format(&via, source);
		log_str(&r, "via", source);
	}
	log_str(&r, "reason", admit_reason(reason));
	if (why)
		log_str(&r, "error", why);
	if (count > 1)
		log_num(&r, "count", count); /* since the last such line, with this one */
	log_send(&r);
	return reason;
}

/* A peer that leaves without a byte is a port check: counted nowhere, and no line by default. */
static enum board_refusal header_failed(struct conn *c, const char *why)
{
	if (strcmp(why, "eof") == 0) {
		if (log_wants(LOG_DEBUG)) {
			char source[ADDR_TEXT_MAX];

			addr_format(&c->peer, source);
			log_msg(LOG_DEBUG, "closed before a PROXY header, source %s", source);
		}
		return GATE_NOBODY;
	}
	if (*c->stop == CONN_TERMINATED)
		return GATE_NOBODY;
	return refuse(c, REFUSED_PROXY_HEADER, *c->stop ? "session-timeout" : why);
}

static enum board_refusal header_take(struct conn *c)
{
	uint64_t ms = c->first_byte_ms ? c->first_byte_ms : HEADER_MS;
	struct proxy_header h;
	const char *why;

	if (c->peer.sa.sa_family != AF_UNIX &&
		(!lists->trusted || !access_has(lists->trusted, &c->peer)))
		return refuse(c, REFUSED_PROXY_UNTRUSTED, NULL);
	/* The values of the setting are the bits of the versions. */
	if (proxy_header_read(c->fd, (unsigned)conf->proxy_protocol, mono_ms() + ms, c->stop, &h,
		    &c->ahead, &why) < 0)
		return header_failed(c, why);
	if (h.local)
		return REFUSED_NOT;
	via = c->peer;
	c->peer = h.source;
	c->local = h.destination;
	return REFUSED_NOT;
}

enum board_refusal gate_enter(struct conn *c)
{
	enum board_refusal reason;
	uint64_t source;

	via.len = 0;
	if (conf->proxy_protocol != CONF_PROXY_OFF) {
		reason = header_take(c);
		if (reason != REFUSED_NOT)
			return reason;
	}
	if (c->peer.sa.sa_family != AF_UNIX &&
		((lists->allow && !access_has(lists->allow, &c->peer)) ||
			(lists->deny && access_has(lists->deny, &c->peer))))
		return refuse(c, REFUSED_DENIED, NULL);
	if (!limited)
		return REFUSED_NOT;
	source = admit_source(&c->peer);
	reason = admit(board, slot, source, &limits, mono_us());
	return reason == REFUSED_NOT ? reason : refuse(c, reason, NULL);
}

void gate_leave(void)
{
	if (limited)
		admit_leave(board, slot);
}

const struct addr *gate_via(void)
{
	return via.len ? &via : NULL;
}
