/* status_http.c: read what a hostile client may have written. */
#include "handlers/status_http.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#define TOKEN \
	"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz" \
	"ABCDEFGHIJKLMNOPQRSTUVWXYZ" /* RFC 9110, 5.6.2 */

struct span {
	const char *p;
	size_t n;
};

static bool span_is(struct span s, const char *text)
{
	return s.n == strlen(text) && strncasecmp(s.p, text, s.n) == 0;
}

static size_t token_length(struct span s)
{
	size_t i = 0;

	while (i < s.n && s.p[i] && strchr(TOKEN, s.p[i]))
		i++;
	return i;
}

/* Cut off what stands before the next c, and c. All of it if there is none. */
static struct span cut(struct span *rest, char c)
{
	const char *end = rest->n ? memchr(rest->p, c, rest->n) : NULL;
	struct span s = {rest->p, end ? (size_t)(end - rest->p) : rest->n};

	rest->p += s.n + (end != NULL);
	rest->n -= s.n + (end != NULL);
	return s;
}

static struct span trim(struct span s)
{
	while (s.n && (s.p[0] == ' ' || s.p[0] == '\t')) {
		s.p++;
		s.n--;
	}
	while (s.n && (s.p[s.n - 1] == ' ' || s.p[s.n - 1] == '\t'))
		s.n--;
	return s;
}

/* True if the line, whole or not, holds what no line may. A CR stands at its end alone. */
static bool line_is_garbage(struct span line, bool first)
{
	for (size_t i = 0; i < line.n; i++) {
		unsigned char c = (unsigned char)line.p[i];

		if (c == '\r' ? i + 1 < line.n : c == '\t' ? first : c < ' ' || c == 0x7f)
			return true;
		if (first && c > 0x7f)
			return true;
	}
	return false;
}

/* The next line without its end. Returns 200, 0 if it is not whole, or 400. */
static int line_next(struct span *rest, struct span *line, bool first)
{
	bool whole = rest->n && memchr(rest->p, '\n', rest->n);

	*line = *rest;
	if (whole)
		*line = cut(rest, '\n');
	if (line_is_garbage(*line, first))
		return 400;
	if (!whole)
		return 0;
	if (line->n && line->p[line->n - 1] == '\r')
		line->n--;
	return 200;
}

/* "/path?query", or "http://host/path?query", which proxies send. Returns 200 or 400. */
static int target_parse(struct span t, struct http_request *r)
{
	if (t.n > 7 && strncasecmp(t.p, "http://", 7) == 0) {
		const char *slash = memchr(t.p + 7, '/', t.n - 7);

		t = slash ? (struct span){slash, t.n - (size_t)(slash - t.p)}
			  : (struct span){"/", 1};
	}
	if (!t.n || t.p[0] != '/')
		return 400;
	t = cut(&t, '?');
	if (t.n < sizeof(r->path))
		memcpy(r->path, t.p, t.n);
	return 200;
}

/* Returns 200 or the status of an error; 405 and 505 are told after the last field. */
static int request_line(struct span line, struct http_request *r, unsigned *minor)
{
	struct span method = cut(&line, ' '), target = cut(&line, ' '), version = line;

	if (!method.n || token_length(method) != method.n || !target.n || version.n != 8 ||
		strncmp(version.p, "HTTP/", 5) != 0 || version.p[6] != '.')
		return 400;
	if (version.p[5] != '1' || version.p[7] < '0' || version.p[7] > '9')
		return 505;
	*minor = (unsigned)(version.p[7] - '0');
	r->head = span_is(method, "HEAD") && method.p[0] == 'H';
	if (!r->head && !(method.n == 3 && memcmp(method.p, "GET", 3) == 0))
		return 405;
	return target_parse(target, r);
}

/* What Accept says of OpenMetrics and of text. An item counts unless its weight is 0. */
static void accept_parse(struct span list, struct http_request *r)
{
	while (list.n) {
		struct span item = cut(&list, ',');
		struct span type = trim(cut(&item, ';'));
		bool wanted = true;

		while (item.n) {
			struct span p = trim(cut(&item, ';'));

			if (p.n > 2 && strncasecmp(p.p, "q=0", 3) == 0 &&
				strspn(p.p + 2, "0.") >= p.n - 2)
				wanted = false;
		}
		if (wanted && span_is(type, "application/openmetrics-text"))
			r->openmetrics = true;
		else if (wanted && type.n > 5 && strncasecmp(type.p, "text/", 5) == 0)
			r->text = true;
	}
}

/* Returns 200 or the status of an error. */
static int field_parse(struct span line, struct http_request *r, unsigned *hosts)
{
	struct span name = {line.p, token_length(line)}, value;
	int status = 200;

	/* A line that begins with a blank would continue the one before; no longer allowed. */
	if (!name.n || name.n == line.n || line.p[name.n] != ':')
		return 400;
	value = trim((struct span){line.p + name.n + 1, line.n - name.n - 1});
	if (span_is(name, "Host")) {
		++*hosts;
		memcpy(r->host, value.p, value.n < sizeof(r->host) ? value.n : sizeof(r->host) - 1);
	} else if (span_is(name, "Accept")) {
		accept_parse(value, r);
	} else if (span_is(name, "Transfer-Encoding")) {
		status = 413;
	} else if (span_is(name, "Content-Length")) {
		for (size_t i = 0; i < value.n && status != 400; i++)
			status = value.p[i] < '0' || value.p[i] > '9' ? 400
				 : value.p[i] != '0'                  ? 413
								      : status;
		if (!value.n)
			status = 400;
	}
	return status;
}

/* The whole of it, but for its size. *lines  receives how many there were */
static int parse(struct span rest, struct http_request *r, unsigned *lines)
{
	int status, verdict, later = 200;
	unsigned minor = 0, hosts = 0;
	struct span line;

	*lines = 0;
	do { /* empty lines before it are the end of a careless client's last request */
		status = line_next(&rest, &line, true);
	} while (status == 200 && !line.n);
	if (status != 200)
		return status;
	*lines = 1;
	verdict = request_line(line, r, &minor);
	if (verdict == 400)
		return 400;
	for (;;) {
		if (verdict != 200 && later == 200)
			later = verdict;
		status = line_next(&rest, &line, false);
		if (status != 200)
			return status;
		if (!line.n)
			break;
		++*lines;
		verdict = field_parse(line, r, &hosts);
		if (verdict == 400)
			return 400;
	}
	if (hosts > 1 || (minor >= 1 && !hosts && later == 200))
		return 400;
	return later;
}

int http_parse(const char *data, size_t n, struct http_request *r)
{
	struct span rest = {data, n < HTTP_REQUEST_MAX ? n : HTTP_REQUEST_MAX};
	unsigned lines;
	int status;

	*r = (struct http_request){0};
	status = parse(rest, r, &lines);
	if (status == 0 && n >= HTTP_REQUEST_MAX)
		status = lines ? 431 : 414;
	return status;
}

bool http_host_is_plain(const char *host)
{
	size_t n = strcspn(host, ":");

	if (host[0] == '[') /* IPv6; nothing else has brackets */
		return true;
	if (!memchr(host, '.', n) || strspn(host, "0123456789.") == n)
		return true; /* or nothing at all: no browser */
	return n >= 10 && strncasecmp(host + n - 10, ".localhost", 10) == 0;
}

const char *http_reason(int status)
{
	static const struct {
		int status;
		const char *reason;
	} table[] = {
		{200, "OK"},
		{400, "Bad Request"},
		{404, "Not Found"},
		{405, "Method Not Allowed"},
		{408, "Request Timeout"},
		{413, "Content Too Large"},
		{414, "URI Too Long"},
		{421, "Misdirected Request"},
		{431, "Request Header Fields Too Large"},
		{503, "Service Unavailable"},
		{505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++) {
		if (table[i].status == status)
			return table[i].reason;
	}
	return "Internal Server Error";
}

void http_head(struct buf *out, int status, const char *type, size_t length, const char *more)
{
	time_t now = time(NULL);
	char date[40] = "";
	struct tm tm;

	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	buf_printf(out,
		"HTTP/1.1 %d %s\r\n"
		"Date: %s\r\n"
		"Content-Type: %s\r\n"
		"Content-Length: %zu\r\n"
		"Cache-Control: no-store\r\n"
		"X-Content-Type-Options: nosniff\r\n"
		"Referrer-Policy: no-referrer\r\n"
		"Cross-Origin-Resource-Policy: same-origin\r\n"
		"%s%s"
		"Connection: close\r\n\r\n",
		status, http_reason(status), date, type ? type : "text/plain; charset=utf-8",
		length, status == 405 ? "Allow: GET, HEAD\r\n" : "", more);
}
