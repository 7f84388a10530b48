/* discard.c: read and forget. Source: RFC 863 */
#include "handlers/handler.h"

static void discard_serve(const struct handler_env *env, struct conn *c)
{
	static char buf[64 * 1024];

	(void)env;
	while (conn_read(c, buf, sizeof(buf)) > 0) {
	}
}

const struct handler handler_discard = {.name = "discard", .serve = discard_serve};
