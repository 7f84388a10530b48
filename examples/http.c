/* http.c: an HTTP/1.1 server that has one thing to say, as a module for sockd.
 *
 *	service http {
 *		listen = {"*:8080"}
 *		handler = "module"
 *		module = "/usr/local/lib/sockd/http.so"
 *		options = {"text=Hello, world."}
 *		workers = 64
 *		idle-timeout = 15
 *	}
 *
 * GET and HEAD of every path are answered by the text. Connections stay open (RFC 9112, 9.3), and what is
 * pipelined is answered in order, by one write for all that has come. A request with a body is refused, since
 * where it ends and the next begins is what attacks are made of; so is whatever is not plainly right.
 *
 * A worker serves one connection at a time: have as many as there are clients that stay, and an idle-timeout.
 *
 * Build: cc -shared -fPIC -o http.so http.c $(pkg-config --cflags sockd)
 */
#define _GNU_SOURCE 1
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include <sockd/module.h>

#define HEAD_BYTES 8192  /* of a request, without a body: more are refused */
#define OUT_BYTES  16384 /* answers that wait for one write */
#define TEXT_BYTES 4096
#define HEAD_OUT   512

static char text[TEXT_BYTES] = "Hello, world.\n";
static size_t text_len = 14;

struct request {
	bool head; /* HEAD, not GET */
	bool old;  /* HTTP/1.0 */
	bool close_asked, keep_asked;
	unsigned hosts; /* fields of this name */
};

/* True if this is the last of its connection. */
static bool is_last(const struct request *r)
{
	return r->close_asked || (r->old && !r->keep_asked);
}

static bool is_token(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       (c && strchr("!#$%&'*+-.^_`|~", c));
}

/* True if a list, as of the field Connection, has this word. */
static bool list_has(const char *list, const char *end, const char *word)
{
	size_t len = strlen(word);

	while (list < end) {
		const char *comma = memchr(list, ',', (size_t)(end - list));
		const char *to = comma ? comma : end, *next = to + 1;

		while (list < to && (*list == ' ' || *list == '\t'))
			list++;
		while (to > list && (to[-1] == ' ' || to[-1] == '\t'))
			to--;
		if ((size_t)(to - list) == len && !strncasecmp(list, word, len))
			return true;
		list = next;
	}
	return false;
}

/* True for a Content-Length that announces no body. */
static bool is_zero(const char *p, const char *end)
{
	while (p < end && (*p == ' ' || *p == '\t'))
		p++;
	while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
		end--;
	return end - p == 1 && *p == '0';
}

static bool name_is(const char *line, const char *colon, const char *name)
{
	size_t len = strlen(name);

	return (size_t)(colon - line) == len && !strncasecmp(line, name, len);
}

/* The request line, without its end: METHOD SP TARGET SP VERSION. Returns the status that it asks for. */
static int line_parse(const char *p, const char *end, struct request *r)
{
	const char *version = end - 8, *space = memchr(p, ' ', (size_t)(end - p));

	if (!space || version - space < 3 || version[-1] != ' ')
		return 400;
	for (const char *q = p; q < space; q++) {
		if (!is_token(*q))
			return 400;
	}
	for (const char *q = space + 1; q < version - 1; q++) {
		if (*q <= ' ' || *q == 127)
			return 400;
	}
	if (memcmp(version, "HTTP/1.", 7))
		return memcmp(version, "HTTP/", 5) ? 400 : 505;
	if (version[7] < '0' || version[7] > '9')
		return 400;
	r->old = version[7] == '0';
	r->head = space - p == 4 && !memcmp(p, "HEAD", 4);
	if (!r->head && (space - p != 3 || memcmp(p, "GET", 3) != 0))
		return 405;
	return space[1] == '/' || !strncasecmp(space + 1, "http://", 7) ? 200 : 400;
}

/* One field, without the end of its line. Returns 200 if nothing is wrong with it. */
static int field_parse(const char *p, const char *end, struct request *r)
{
	const char *colon = memchr(p, ':', (size_t)(end - p));

	if (!colon || colon == p)
		return 400;
	for (const char *q = p; q < colon; q++) {
		if (!is_token(*q))
			return 400;
	}
	for (const char *q = colon + 1; q < end; q++) {
		if (*q == '\r' || *q == '\n' || *q == '\0')
			return 400;
	}
	switch (*p | 0x20) { /* few fields matter */
	case 'h':
		r->hosts += name_is(p, colon, "Host");
		break;
	case 'c':
		if (name_is(p, colon, "Content-Length"))
			return is_zero(colon + 1, end) ? 200 : 413;
		if (!name_is(p, colon, "Connection"))
			break;
		r->close_asked |= list_has(colon + 1, end, "close");
		r->keep_asked |= list_has(colon + 1, end, "keep-alive");
		break;
	case 't':
		return name_is(p, colon, "Transfer-Encoding") ? 501 : 200;
	}
	return 200;
}

/* A whole request, up to its empty line. Returns the status of the answer. */
static int request_parse(const char *p, const char *end, struct request *r)
{
	const char *eol = memchr(p, '\n', (size_t)(end - p));
	int status;

	memset(r, 0, sizeof(*r));
	if (!eol || eol == p || eol[-1] != '\r')
		return 400;
	status = line_parse(p, eol - 1, r);
	for (p = eol + 1; end - p > 2 && status != 400; p = eol + 1) {
		int found;

		eol = memchr(p, '\n', (size_t)(end - p));
		if (!eol || eol[-1] != '\r')
			return 400;
		found = field_parse(p, eol - 1, r);
		if (found != 200 && status == 200)
			status = found;
	}
	/* RFC 9112, 3.2: one Host field, no less and no more; HTTP/1.0 may do without. */
	return status == 200 && r->hosts != 1 && (r->hosts || !r->old) ? 400 : status;
}

static const char *reason(int status)
{
	switch (status) {
	case 200:
		return "OK";
	case 405:
		return "Method Not Allowed\r\nAllow: GET, HEAD";
	case 413:
		return "Content Too Large";
	case 431:
		return "Request Header Fields Too Large";
	case 501:
		return "Not Implemented";
	case 505:
		return "HTTP Version Not Supported";
	}
	return "Bad Request";
}

/* Head and body of an answer with this field Connection. */
static size_t answer_format(char *out, int status, const char *connection, time_t now)
{
	const char *body = status == 200 ? text : "";
	size_t len = status == 200 ? text_len : 0;
	char date[32];
	struct tm tm;
	int n;

	strftime(date, sizeof(date), "%a, %d %b %Y %T GMT", gmtime_r(&now, &tm));
	n = snprintf(out, HEAD_OUT,
		"HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: text/plain; charset=utf-8\r\n"
		"Content-Length: %zu\r\n%s\r\n",
		status, reason(status), date, len, connection);
	memcpy(out + n, body, len);
	return (size_t)n + len;
}

/* The usual answer is made once a second. */
static size_t answer_usual(char *out, bool head)
{
	static char made[HEAD_OUT + TEXT_BYTES];
	static size_t n;
	static time_t when;
	time_t now = time(NULL);

	if (now != when) {
		n = answer_format(made, 200, "", now);
		when = now;
	}
	memcpy(out, made, n);
	return head ? n - text_len : n;
}

struct talk {
	struct sockd_conn *conn;
	size_t n;  /* bytes in out */
	bool last; /* no further request will be answered */
	char out[OUT_BYTES + HEAD_OUT + TEXT_BYTES];
};

static int talk_flush(struct talk *t)
{
	size_t n = t->n;

	t->n = 0;
	return n ? t->conn->write(t->conn, t->out, n) : 0;
}

static void talk_answer(struct talk *t, int status, const struct request *r)
{
	char *out = t->out + t->n;

	t->last = status != 200 || is_last(r) || t->conn->stopping(t->conn);
	if (status != 200)
		t->conn->end = "bad-request";
	if (!t->last && !r->old) {
		t->n += answer_usual(out, r->head);
		return;
	}
	t->n += answer_format(out, status,
		t->last ? "Connection: close\r\n" : "Connection: keep-alive\r\n", time(NULL));
	if (status == 200 && r->head)
		t->n -= text_len;
}

/* Answer all whole requests of in. Returns how many bytes they were, or -1 if a write failed. */
static ssize_t talk_requests(struct talk *t, const char *in, size_t n)
{
	const char *p = in, *end = in + n;
	struct request r;

	while (!t->last) {
		const char *empty;

		/* RFC 9112, 2.2: an empty line before a request is passed over. */
		while (end - p >= 2 && p[0] == '\r' && p[1] == '\n')
			p += 2;
		empty = memmem(p, (size_t)(end - p), "\r\n\r\n", 4);
		if (!empty)
			break;
		if (t->n > OUT_BYTES && talk_flush(t) < 0)
			return -1;
		talk_answer(t, request_parse(p, empty + 4, &r), &r);
		p = empty + 4;
	}
	return p - in;
}

static int http_serve(struct sockd_conn *c)
{
	static const struct request none;
	static struct talk t; /* one connection at a time */
	char in[HEAD_BYTES];
	size_t n = 0;

	t.conn = c;
	t.n = 0;
	t.last = false;
	while (!t.last) {
		ssize_t got = c->read(c, in + n, sizeof(in) - n), used;

		if (got < 0 || (got == 0 && n == 0))
			return (int)got;
		n += (size_t)got;
		used = talk_requests(&t, in, n);
		if (used < 0)
			return -1;
		n -= (size_t)used;
		if (!t.last && (got == 0 || n == sizeof(in)))
			talk_answer(&t, got ? 431 : 400, &none);
		else
			memmove(in, in + used, n);
		if (talk_flush(&t) < 0)
			return -1;
	}
	return 0;
}

static int http_check(const char *const *options, size_t n, char *err, size_t size)
{
	for (size_t i = 0; i < n; i++) {
		if (strncmp(options[i], "text=", 5)) {
			snprintf(err, size, "unknown option '%s', expected text=TEXT", options[i]);
			return -1;
		}
		text_len = strlen(options[i] + 5);
		if (text_len >= sizeof(text)) {
			snprintf(err, size, "the text is longer than %zu bytes", sizeof(text) - 1);
			return -1;
		}
		memcpy(text, options[i] + 5, text_len);
	}
	return 0;
}

static int http_init(const struct sockd_worker *w)
{
	char err[1];

	return http_check(w->options, w->n_options, err, sizeof(err));
}

const struct sockd_module sockd_module = {
	.abi = SOCKD_MODULE_ABI,
	.name = "http",
	.check = http_check,
	.init = http_init,
	.serve = http_serve,
};
