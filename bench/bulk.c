/* bulk.c: large transfers. As a server (-S): a preforked pool that reads how many bytes a client wants
 * and sends them, or takes what comes up to the FIN and answers how much it was. As a client: N
 * processes that fetch (or with -u bring) so many MiB on a new connection each time, in a closed loop.
 * A transfer that fails or is not of the exact size is a loss. Prints one line of key=value.
 */
#include <arpa/inet.h>
#include <getopt.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define BLOCK       (256 * 1024)
#define MAX_CLIENTS 1024
#define STUCK_S     10

struct tally {
	_Atomic uint64_t bytes, ops, lost;
};

static unsigned char block[BLOCK];

static double now_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Send n bytes. Returns 0 or -1. */
static int put(int fd, uint64_t n)
{
	while (n > 0) {
		ssize_t sent = send(fd, block, n < BLOCK ? n : BLOCK, MSG_NOSIGNAL);

		if (sent < 0)
			return -1;
		n -= (uint64_t)sent;
	}
	return 0;
}

/* Take bytes until the FIN. Returns how many, or -1. */
static int64_t take(int fd, struct tally *t)
{
	int64_t sum = 0;
	ssize_t n;

	while ((n = recv(fd, block, BLOCK, 0)) > 0) {
		sum += n;
		if (t)
			t->bytes += (uint64_t)n;
	}
	return n < 0 ? -1 : sum;
}

static _Noreturn void serve(int listener)
{
	for (;;) {
		int fd = accept(listener, NULL, NULL);
		uint64_t want = 0;
		int64_t got;

		if (fd < 0)
			continue;
		if (recv(fd, &want, sizeof(want), MSG_WAITALL) == sizeof(want)) {
			if (want > 0) {
				put(fd, want);
			} else {
				got = take(fd, NULL);
				(void)!write(fd, &got, sizeof(got));
			}
		}
		close(fd);
	}
}

/* One transfer. Returns 0 or -1. */
static int transfer(const struct sockaddr_in *to, uint64_t size, int up, struct tally *t)
{
	const struct timeval stuck = {.tv_sec = STUCK_S};
	int fd = socket(AF_INET, SOCK_STREAM, 0), ret = -1;
	uint64_t want = up ? 0 : size;
	int64_t got = 0;

	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &stuck, sizeof(stuck));
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &stuck, sizeof(stuck));
	if (connect(fd, (const struct sockaddr *)to, sizeof(*to)) == 0 &&
		send(fd, &want, sizeof(want), MSG_NOSIGNAL) == sizeof(want)) {
		if (!up) {
			ret = take(fd, t) == (int64_t)size ? 0 : -1;
		} else if (put(fd, size) == 0 && shutdown(fd, SHUT_WR) == 0 &&
			   recv(fd, &got, sizeof(got), MSG_WAITALL) == sizeof(got)) {
			t->bytes += size;
			ret = got == (int64_t)size ? 0 : -1;
		}
	}
	close(fd);
	return ret;
}

static int measure(
	const struct sockaddr_in *to, unsigned clients, double seconds, uint64_t size, int up)
{
	struct tally *t =
		mmap(NULL, sizeof(*t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	double start = now_s(), end = start + seconds;

	if (t == MAP_FAILED)
		return 2;
	for (unsigned i = 0; i < clients; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 2;
		if (pid > 0)
			continue;
		while (now_s() < end) {
			if (transfer(to, size, up, t) == 0)
				t->ops++;
			else
				t->lost++;
		}
		_exit(0);
	}
	while (wait(NULL) > 0)
		;
	seconds = now_s() - start;
	printf("ops=%llu seconds=%.3f mib_per_s=%.0f lost=%llu\n", (unsigned long long)t->ops,
		seconds, (double)t->bytes / seconds / (1 << 20), (unsigned long long)t->lost);
	return t->lost > 0;
}

static int listen_on(unsigned long port)
{
	struct sockaddr_in addr = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int on = 1, fd = socket(AF_INET, SOCK_STREAM, 0);

	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) != 0 || listen(fd, 511) != 0) {
		perror("bulk");
		exit(1);
	}
	return fd;
}

static _Noreturn void usage(void)
{
	fprintf(stderr, "usage: bulk -S PORT WORKERS\n"
			"       bulk [-c CLIENTS] [-s SECONDS] [-m MIB] [-u] IPV4:PORT\n");
	exit(2);
}

int main(int argc, char **argv)
{
	struct sockaddr_in to = {.sin_family = AF_INET};
	unsigned long clients = 8, mib = 64;
	double seconds = 5;
	int server = 0, up = 0, c;
	char *port;

	while ((c = getopt(argc, argv, "Sc:s:m:u")) != -1) {
		if (c == 'S')
			server = 1;
		else if (c == 'c')
			clients = strtoul(optarg, NULL, 10);
		else if (c == 's')
			seconds = strtod(optarg, NULL);
		else if (c == 'm')
			mib = strtoul(optarg, NULL, 10);
		else if (c == 'u')
			up = 1;
		else
			usage();
	}
	memset(block, 'x', sizeof(block));
	if (server && optind == argc - 2) {
		int fd = listen_on(strtoul(argv[optind], NULL, 10));

		for (unsigned long i = strtoul(argv[optind + 1], NULL, 10); i > 0; i--) {
			if (fork() > 0)
				continue;
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			serve(fd);
		}
		close(fd);
		while (wait(NULL) > 0)
			;
		return 0;
	}
	port = optind == argc - 1 ? strchr(argv[optind], ':') : NULL;
	if (server || !port || !mib || !clients || clients > MAX_CLIENTS)
		usage();
	*port++ = '\0';
	to.sin_port = htons((uint16_t)strtoul(port, NULL, 10));
	if (inet_pton(AF_INET, argv[optind], &to.sin_addr) != 1)
		usage();
	return measure(&to, (unsigned)clients, seconds, (uint64_t)mib << 20, up);
}
