/* status.c: tell over HTTP what the scoreboards say: a page, JSON, metrics, health. One request for each
 * connection; however slow a client is, it has its worker for REQUEST_MS and no longer.
 *
 * The page shows who connects to other services, so that by default nobody outside this host sees it. */
#include "handlers/status.h"

#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "handlers/handler.h"
#include "handlers/status_http.h"

#define NAME "status"

#define REQUEST_MS    10000 /* from the first look at a client to the last byte of its answer */
#define SLICE_MS      500   /* so long may a stop go unnoticed while nothing comes */
#define QUEUE_OLD_MS  1000
#define QUEUE_WAIT_MS 50 /* for the master's answer */

#define PAGE_POLICY \
	"Content-Security-Policy: default-src 'none'; style-src 'nonce-%s'; " \
	"script-src 'nonce-%s'; connect-src 'self'; base-uri 'none'; form-action 'none'; " \
	"frame-ancestors 'none'\r\n"
#define OTHER_POLICY \
	"Content-Security-Policy: default-src 'none'; frame-ancestors 'none'\r\n" \
	"Vary: Accept\r\n"

static bool is_loopback(const struct addr *a)
{
	const struct in6_addr *six = &a->in6.sin6_addr;

	if (a->sa.sa_family == AF_INET)
		return ntohl(a->in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
	if (a->sa.sa_family != AF_INET6)
		return true;
	return !a->dual &&
	       (IN6_IS_ADDR_LOOPBACK(six) ||
		       (IN6_IS_ADDR_V4MAPPED(six) && six->s6_addr[12] == IN_LOOPBACKNET));
}

static const char *status_check(const struct conf_service *s, char *err, size_t size)
{
	char text[ADDR_TEXT_MAX];

	for (size_t i = 0; i < s->n_addrs && !s->allow.n; i++) {
		if (is_loopback(&s->addrs[i]))
			continue;
		addr_format(&s->addrs[i], text);
		snprintf(err, size,
			"%s is not a loopback address, and the page shows the addresses of clients; "
			"say in 'allow' who may see it",
			text);
		return "listen";
	}
	return NULL;
}

/* --- What is told ----------------------------------------------------------------------------- */

/* How old is what the master said of the queues? Boards of services that are gone stay as they were. */
static uint64_t queue_age(const struct handler_env *env)
{
	uint64_t now_ms = mono_ms(), age_ms = UINT64_MAX;

	for (size_t i = 0; i < env->n_boards; i++) {
		uint64_t said_ms = atomic_load(&env->boards[i]->service.queue_ms);

		if (said_ms >= now_ms)
			return 0;
		if (now_ms - said_ms < age_ms)
			age_ms = now_ms - said_ms;
	}
	return age_ms;
}

/* Have the master look at the queues. One that is busy or hostile boards delay nobody for long. */
static void queues_refresh(const struct handler_env *env)
{
	static uint64_t asked_ms;
	const struct timespec ms = {0, 1000000};
	uint64_t one = 1, now_ms = mono_ms();

	if (queue_age(env) < QUEUE_OLD_MS || now_ms - asked_ms < QUEUE_OLD_MS)
		return;
	asked_ms = now_ms;
	if (write(env->ask_fd, &one, sizeof(one)) < 0)
		return;
	while (queue_age(env) >= QUEUE_OLD_MS && mono_ms() - now_ms < QUEUE_WAIT_MS)
		(void)nanosleep(&ms, NULL);
}

static void recent_add(struct status *s, size_t service, const struct board_recent *r)
{
	size_t at;

	if (s->n_recent < STATUS_RECENT)
		s->n_recent++;
	else if (s->recent[s->n_recent - 1].r.ended_ms >= r->ended_ms)
		return;
	for (at = s->n_recent - 1; at && s->recent[at - 1].r.ended_ms < r->ended_ms; at--)
		s->recent[at] = s->recent[at - 1];
	s->recent[at] = (struct status_recent){service, *r};
}

static int by_name(const void *a, const void *b)
{
	const struct status_service *x = a, *y = b;

	return strcmp(x->v.name, y->v.name);
}

/* A service that a reload has removed, when its last worker has left, or one that never came into force. */
static bool is_gone(const struct view_service *v)
{
	return !v->generation ||
	       (v->mode == MODE_LEAVING && !v->state[SLOT_STARTING] && !v->state[SLOT_IDLE] &&
		       !v->state[SLOT_BUSY] && !v->state[SLOT_LEAVING]);
}

static bool status_take(const struct handler_env *env, struct status *s)
{
	struct board_recent recent[STATUS_RECENT];

	queues_refresh(env);
	*s = (struct status){.now_s = (uint64_t)time(NULL)};
	s->service = calloc(env->n_boards, sizeof(*s->service));
	if (!s->service)
		return false;
	view_master(env->master_board, &s->master);
	for (size_t i = 0; i < env->n_boards; i++) {
		struct status_service *one = &s->service[s->n];

		one->board = env->boards[i];
		view_service(one->board, &one->v);
		/* In the board a worker could forge that of another, or break the metrics. */
		snprintf(one->v.name, sizeof(one->v.name), "%s", env->names[i]);
		s->n += !is_gone(&one->v);
	}
	qsort(s->service, s->n, sizeof(*s->service), by_name);
	for (size_t i = 0; i < s->n; i++) {
		size_t n = view_recent(s->service[i].board, recent, STATUS_RECENT);
		bool own = strcmp(s->service[i].v.handler, NAME) == 0;

		while (n--) {
			/* Those who look at the page would drive out all others. */
			if (!own || recent[n].refusal != REFUSED_NOT)
				recent_add(s, i, &recent[n]);
		}
	}
	s->now_ms = mono_ms();
	return true;
}

unsigned status_backoff(const struct view_service *v)
{
	unsigned have = v->state[SLOT_STARTING] + v->state[SLOT_IDLE] + v->state[SLOT_BUSY];

	return v->mode == MODE_BACKOFF && v->target > have ? v->target - have : 0;
}

/* --- One request ------------------------------------------------------------------------------ */

struct answer {
	int status;
	const char *type; /* NULL: text */
	char policy[512]; /* and other fields */
	struct buf body;
};

static void answer_page(const struct status *s, struct answer *a)
{
	unsigned char random[16];
	char nonce[2 * sizeof(random) + 1];

	if (getrandom(random, sizeof(random), 0) != sizeof(random)) {
		a->status = 503;
		return;
	}
	for (size_t i = 0; i < sizeof(random); i++)
		snprintf(nonce + 2 * i, 3, "%02x", random[i]);
	snprintf(a->policy, sizeof(a->policy), PAGE_POLICY, nonce, nonce);
	a->type = "text/html; charset=utf-8";
	status_page(s, &a->body, nonce);
}

static void answer_ready(const struct handler_env *env, struct answer *a)
{
	static const char *const not_ready[] = {"starting", "stopping", "terminating"};
	struct view_master m;
	const char *state;

	view_master(env->master_board, &m);
	state = view_master_state(m.state);
	for (size_t i = 0; i < ARRAY_SIZE(not_ready); i++) {
		if (strcmp(state, not_ready[i]) == 0)
			a->status = 503;
	}
	buf_printf(&a->body, "%s\n", state);
}

static void answer_status(
	const struct handler_env *env, const struct http_request *r, struct answer *a)
{
	struct status s;

	if (!status_take(env, &s)) {
		a->status = 503;
	} else if (strcmp(r->path, "/") == 0) {
		answer_page(&s, a);
	} else if (strcmp(r->path, "/metrics") == 0) {
		/* The older form is for who names text, and not this one: a browser, an old scraper. */
		bool openmetrics = r->openmetrics || !r->text;

		a->type = openmetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
				      : "text/plain; version=0.0.4; charset=utf-8";
		status_metrics(&s, &a->body, openmetrics);
	} else {
		a->type = "application/json";
		status_json(&s, &a->body);
	}
	free(s.service);
}

static void answer_make(const struct handler_env *env, const struct conn *c,
	const struct http_request *r, struct answer *a)
{
	if (a->status != 200)
		; /* told below */
	else if (strcmp(r->path, "/healthz") == 0)
		buf_puts(&a->body, "ok\n");
	else if (strcmp(r->path, "/readyz") == 0)
		answer_ready(env, a);
	/* No browser of a stranger's page comes through a unix socket. */
	else if (!env->conf->allow.n && c->peer.sa.sa_family != AF_UNIX &&
		 !http_host_is_plain(r->host))
		a->status = 421;
	else if (strcmp(r->path, "/") == 0 || strcmp(r->path, "/metrics") == 0 ||
		 strcmp(r->path, "/status.json") == 0)
		answer_status(env, r, a);
	else
		a->status = 404;
	if (a->body.failed) {
		buf_free(&a->body);
		a->status = 503;
	}
	if (a->status != 200 && !a->body.len)
		buf_printf(&a->body, "%d %s\n", a->status, http_reason(a->status));
}

/* Wait for the socket. moved_ms  of the last byte
 * Returns 0, or -1 with c->end set. */
static int request_wait(struct conn *c, short events, uint64_t moved_ms, uint64_t end_ms)
{
	int patience = conn_patience(c);
	uint64_t due_ms = patience < 0 ? UINT64_MAX : moved_ms + (uint64_t)patience;

	for (;;) {
		struct pollfd p = {.fd = c->fd, .events = events};
		uint64_t now_ms = mono_ms(), until_ms = due_ms < end_ms ? due_ms : end_ms;
		uint64_t left_ms = until_ms - now_ms;
		bool silent = *c->part && !c->bytes_in;
		int rc;

		if (now_ms >= due_ms)
			return conn_fail(c, EAGAIN);
		if (now_ms >= end_ms) {
			c->end = "request-timeout";
			return -1;
		}
		rc = conn_poll(c, &p, 1, (int)(left_ms < SLICE_MS ? left_ms : SLICE_MS));
		if (rc)
			return rc < 0 ? -1 : 0;
		if (silent) { /* nobody is kept waiting by one who has not asked */
			c->end = "terminated";
			return -1;
		}
	}
}

/* Returns what http_parse() does; 408: the time is up; or -1 with c->end set: no answer. */
static int request_read(struct conn *c, struct http_request *r, uint64_t end_ms)
{
	static char data[HTTP_REQUEST_MAX];
	uint64_t moved_ms = mono_ms();
	size_t n = 0;

	for (;;) {
		ssize_t got = recv(c->fd, data + n, sizeof(data) - n, MSG_DONTWAIT);

		if (got > 0) {
			int status = 0;

			moved_ms = mono_ms();
			c->bytes_in += (uint64_t)got;
			/* What is no text need not be waited for. */
			if (n == 0 || n + (size_t)got == sizeof(data) ||
				memchr(data + n, '\n', (size_t)got))
				status = http_parse(data, n + (size_t)got, r);
			n += (size_t)got;
			if (status)
				return status;
		} else if (got == 0) {
			c->eof = true;
			return n ? 400 : -1;
		} else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
			return conn_fail(c, errno);
		} else if (request_wait(c, POLLIN, moved_ms, end_ms) < 0) {
			return n && !c->failed ? 408 : -1;
		}
	}
}

static int answer_write(struct conn *c, const struct buf *b, uint64_t end_ms)
{
	uint64_t moved_ms = mono_ms();

	for (size_t done = 0; done < b->len;) {
		ssize_t put =
			send(c->fd, b->data + done, b->len - done, MSG_DONTWAIT | MSG_NOSIGNAL);

		if (put > 0) {
			moved_ms = mono_ms();
			c->bytes_out += (uint64_t)put;
			done += (size_t)put;
		} else if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR) {
			return conn_fail(c, errno);
		} else if (request_wait(c, POLLOUT, moved_ms, end_ms) < 0) {
			return -1;
		}
	}
	return 0;
}

static void status_serve(const struct handler_env *env, struct conn *c)
{
	uint64_t end_ms = mono_ms() + REQUEST_MS, now_ms;
	struct answer a = {.policy = OTHER_POLICY};
	struct http_request r = {0};
	struct buf out = {0};

	a.status = request_read(c, &r, end_ms);
	if (a.status < 0)
		return;
	answer_make(env, c, &r, &a);
	http_head(&out, a.status, a.type, a.body.len, a.policy);
	if (!r.head && a.body.len)
		buf_add(&out, a.body.data, a.body.len);
	if (out.failed)
		c->end = "out-of-memory";
	else if (answer_write(c, &out, end_ms) == 0 && (now_ms = mono_ms()) < end_ms)
		conn_finish(
			c, end_ms - now_ms < LINGER_MS ? (unsigned)(end_ms - now_ms) : LINGER_MS);
	buf_free(&a.body);
	buf_free(&out);
}

const struct handler handler_status = {
	.name = NAME,
	.check = status_check,
	.serve = status_serve,
	.reads_boards = true,
};
