/* status_http.h: the little of HTTP/1.1 that a status page needs: one request without content, one answer,
 * the end. No input, no output. Source: RFC 9110, RFC 9112 */
#ifndef SOCKD_HANDLERS_STATUS_HTTP_H
#define SOCKD_HANDLERS_STATUS_HTTP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"

#define HTTP_REQUEST_MAX 8192 /* bytes of a request */

struct http_request {
	bool head;        /* HEAD; else it is GET */
	bool openmetrics; /* it is what the client asks for */
	bool text;        /* text is among that */
	char path[64];    /* without the query; "" if longer, since there is none of that length */
	char host[128];   /* as sent, cut; "" without */
};

/* Read a request from its first n bytes.
 * Returns 200 with r filled in, 0 if more bytes are needed, or the status of the error that it is;
 * more bytes would not change that. */
int http_parse(const char *data, size_t n, struct http_request *r);

/* True for a host that no stranger can have: an address, a name without a dot, such as localhost. A page of
 * a stranger can have a browser look up the stranger's name, and be answered with our address. */
bool http_host_is_plain(const char *host);

/* "Not Found". */
const char *http_reason(int status);

/* Begin an answer, up to the empty line. type  NULL: text
 * more  further fields, each with its CRLF; may be empty */
void http_head(struct buf *out, int status, const char *type, size_t length, const char *more);

#endif
