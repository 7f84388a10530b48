/* tally.c: what the scoreboard costs a connection: the same accepted connection is begun and ended on a slot, over
 * and over. Prints nanoseconds of CPU for one, with and without the question to the kernel (TCP_INFO).
 *
 *   tally [CONNECTIONS]
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/util.h"
#include "board/tally.h"

static struct board_slot slot;

static double cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static double measure(struct conn *c, long n)
{
	double start = cpu_ns();

	for (long i = 0; i < n; i++) {
		uint64_t begin = mono_ms();

		tally_begin(&slot, c, begin);
		tally_end(&slot, c, REFUSED_NOT, begin, mono_ms());
	}
	return (cpu_ns() - start) / (double)n;
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 1000000;
	struct sockaddr_in here = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(here);
	int l = socket(AF_INET, SOCK_STREAM, 0), client = socket(AF_INET, SOCK_STREAM, 0);
	struct conn c = {.bytes_in = 64, .bytes_out = 64, .end = "eof"};
	double with, without;

	if (bind(l, (struct sockaddr *)&here, len) < 0 || listen(l, 1) < 0 ||
		getsockname(l, (struct sockaddr *)&here, &len) < 0 ||
		connect(client, (struct sockaddr *)&here, len) < 0) {
		perror("tally");
		return 1;
	}
	c.peer.len = sizeof(c.peer.un);
	c.fd = accept(l, &c.peer.sa, &c.peer.len);
	with = measure(&c, n);
	c.peer.sa.sa_family = AF_UNIX; /* of which nothing is asked */
	without = measure(&c, n);
	printf("%.0f %.0f\n", with, without);
	return 0;
}
