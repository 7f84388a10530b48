/* qotd.c: a quote, then the end. Source: RFC 865 */
#include "handlers/handler.h"

#include <stdio.h>
#include <string.h>

#define TEXT_MAX 512 /* bytes; RFC 865 wants a quote to be short */

/* A Tale of Two Cities, 1859. Scanners know a qotd service by this quote. */
static const char default_text[] =
	"\"A wonderful fact to reflect upon, that every human creature is constituted to be\n"
	"that profound secret and mystery to every other.\" Charles Dickens\n";

static const char *qotd_check(const struct conf_service *s, char *err, size_t size)
{
	if (s->text && strlen(s->text) > TEXT_MAX) {
		snprintf(err, size, "%zu bytes; a quote has at most %d", strlen(s->text), TEXT_MAX);
		return "text";
	}
	return NULL;
}

static void qotd_serve(const struct handler_env *env, struct conn *c)
{
	const char *text = env->conf->text ? env->conf->text : default_text;
	char out[2 * TEXT_MAX + 2];
	size_t n = 0;
	char last = 0;

	/* Every line ends with CR LF, the last one too. */
	for (; *text && n < sizeof(out) - 4; text++) {
		if (*text == '\n' && last != '\r')
			out[n++] = '\r';
		out[n++] = last = *text;
	}
	if (last != '\n') {
		if (last != '\r')
			out[n++] = '\r';
		out[n++] = '\n';
	}
	if (conn_write(c, out, n) == 0)
		conn_finish(c, LINGER_MS);
}

const struct handler handler_qotd = {.name = "qotd", .check = qotd_check, .serve = qotd_serve};
