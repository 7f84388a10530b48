/* echo.c: send back what comes. Source: RFC 862 */
#include "handlers/handler.h"

static void echo_serve(const struct handler_env *env, struct conn *c)
{
	static char buf[16 * 1024]; /* static: a page is touched only when data reaches it */
	ssize_t n;

	(void)env;
	while ((n = conn_read(c, buf, sizeof(buf))) > 0) {
		if (conn_write(c, buf, (size_t)n) < 0)
			return;
	}
}

const struct handler handler_echo = {.name = "echo", .serve = echo_serve};
