/* time.c: the seconds since 1900 as 32 bits, then the end. Source: RFC 868 */
#include "handlers/handler.h"

#include <arpa/inet.h>
#include <time.h>

#define EPOCH_DELTA 2208988800U /* s from 1900 to 1970, RFC 868 */

static void time_serve(const struct handler_env *env, struct conn *c)
{
	/* Wraps in 2036, as the protocol does. */
	uint32_t seconds = htonl((uint32_t)((uint64_t)time(NULL) + EPOCH_DELTA));

	(void)env;
	if (conn_write(c, &seconds, sizeof(seconds)) == 0)
		conn_finish(c, LINGER_MS);
}

const struct handler handler_time = {.name = "time", .serve = time_serve};
