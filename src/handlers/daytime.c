/* daytime.c: the local time as a line of text, then the end. Source: RFC 867 */
#include "handlers/handler.h"

#include <string.h>
#include <time.h>

static int daytime_start(const struct handler_env *env)
{
	(void)env;
	tzset(); /* reads the time zone's file while that is still allowed */
	return 0;
}

static void daytime_serve(const struct handler_env *env, struct conn *c)
{
	char line[32]; /* asctime_r(3): 26 bytes */
	time_t now = time(NULL);
	struct tm tm;
	size_t n;

	(void)env;
	/* Not strftime(3): it may look at the time zone's file again. */
	if (!localtime_r(&now, &tm) || !asctime_r(&tm, line))
		return;
	n = strcspn(line, "\n");
	memcpy(line + n, "\r\n", 2);
	if (conn_write(c, line, n + 2) == 0)
		conn_finish(c, LINGER_MS);
}

const struct handler handler_daytime = {
	.name = "daytime", .start = daytime_start, .serve = daytime_serve};
