/* load.c: closed-loop load generator: N clients connect, send, read the echo, close, and start again.
 *
 * Every client is a process with blocking calls, so that the clients share nothing. Each thing that
 * goes wrong is a loss and is counted by its kind: nothing is tried a second time.
 *
 * The client closes first and so keeps the port in TIME_WAIT. In order that 28,000 ephemeral ports do
 * not bound the rate, a target in 127.0.0.0/8 is reached under many addresses of that network in turn
 * (-d), which costs no system call; the server must then listen on 0.0.0.0. For one that listens on
 * a single address the source address takes turns instead (-b), which costs a bind().
 */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MAX_CLIENTS 1024
#define MAX_BYTES   (1 << 20)
#define STUCK_S     5 /* a client that finishes nothing for so long is interrupted */
#define SUB_BITS    6 /* each power of two of the histogram has 64 buckets: 1.6 % wide */
#define BUCKETS     (40 << SUB_BITS)

enum loss {
	LOSS_REFUSED,
	LOSS_RESET,
	LOSS_NO_PORT,
	LOSS_TIMEOUT,
	LOSS_SHORT,
	LOSS_WRONG,
	LOSS_OTHER,
	LOSS_KINDS,
};

static const char *const loss_name[LOSS_KINDS] = {
	"refused",
	"reset",
	"no_port",
	"timeout",
	"short",
	"wrong",
	"other",
};

/* What one client has seen; shared with the parent. */
struct tally {
	_Atomic uint64_t ops;    /* good ones */
	_Atomic uint64_t rounds; /* good or bad: sign of life */
	uint64_t lost[LOSS_KINDS];
	uint64_t max_ns;
	uint64_t bucket[BUCKETS];
};

static struct {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_storage any;
	} to;
	socklen_t to_len;
	unsigned clients;
	unsigned destinations;
	unsigned sources;
	unsigned exchanges;
	double seconds;
	uint64_t operations; /* of each client; 0 = as many as fit */
	size_t bytes;
} opt = {.clients = 8, .exchanges = 1, .seconds = 5, .bytes = 64};

static volatile sig_atomic_t stop;

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000U + (uint64_t)t.tv_nsec;
}

static unsigned bucket_of(uint64_t ns)
{
	unsigned top, i;

	if (ns < 1U << SUB_BITS)
		return (unsigned)ns;
	top = 63U - (unsigned)__builtin_clzll(ns);
	i = ((top - SUB_BITS + 1) << SUB_BITS) +
	    ((ns >> (top - SUB_BITS)) & ((1U << SUB_BITS) - 1));
	return i < BUCKETS ? i : BUCKETS - 1;
}

/* Lower end of a bucket in ns. */
static uint64_t bucket_ns(unsigned i)
{
	unsigned power = i >> SUB_BITS;
	uint64_t rest = i & ((1U << SUB_BITS) - 1);

	if (power == 0)
		return rest;
	return ((1ULL << SUB_BITS) + rest) << (power - 1);
}

static enum loss loss_of(int error)
{
	switch (error) {
	case ECONNREFUSED:
		return LOSS_REFUSED;
	case ECONNRESET:
	case EPIPE:
		return LOSS_RESET;
	case EADDRNOTAVAIL:
	case EADDRINUSE:
		return LOSS_NO_PORT;
	case EINTR:
	case ETIMEDOUT:
		return LOSS_TIMEOUT;
	default:
		return LOSS_OTHER;
	}
}

/* One message there and back. Returns 0, or -1 with the kind of loss. */
static int exchange(int fd, const char *out, char *in, enum loss *kind)
{
	size_t sent = 0, got = 0;
	ssize_t n;

	while (sent < opt.bytes) {
		n = send(fd, out + sent, opt.bytes - sent, MSG_NOSIGNAL);
		if (n < 0) {
			*kind = loss_of(errno);
			return -1;
		}
		sent += (size_t)n;
	}
	while (got < opt.bytes) {
		n = recv(fd, in + got, opt.bytes - got, 0);
		if (n <= 0) {
			*kind = n == 0 ? LOSS_SHORT : loss_of(errno);
			return -1;
		}
		got += (size_t)n;
	}
	if (memcmp(out, in, opt.bytes) != 0) {
		*kind = LOSS_WRONG;
		return -1;
	}
	return 0;
}

/* Connect, exchange, close. turn picks the addresses. Returns 0, or -1 with the kind of loss. */
static int operate(uint32_t turn, const char *out, char *in, enum loss *kind)
{
	struct sockaddr_in to = opt.to.in;
	const struct sockaddr *sa = &opt.to.sa;
	int fd = socket(sa->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, ret = -1;

	if (fd < 0) {
		*kind = LOSS_OTHER;
		return -1;
	}
	if (opt.destinations > 0) {
		to.sin_addr.s_addr = htonl(ntohl(to.sin_addr.s_addr) + turn % opt.destinations);
		sa = (const struct sockaddr *)&to;
	}
	if (opt.sources > 0) {
		struct sockaddr_in from = {.sin_family = AF_INET};

		/* Without this option bind() would take a port for itself, out of one pool for all. */
		setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
		from.sin_addr.s_addr = htonl(0x7f010001U + turn % opt.sources);
		if (bind(fd, (struct sockaddr *)&from, sizeof(from)) != 0) {
			*kind = loss_of(errno);
			goto out;
		}
	}
	if (connect(fd, sa, opt.to_len) != 0) {
		*kind = loss_of(errno);
		goto out;
	}
	for (unsigned i = 0; i < opt.exchanges; i++) {
		if (exchange(fd, out, in, kind) != 0)
			goto out;
	}
	ret = 0;
out:
	close(fd);
	return ret;
}

static void client(unsigned number, struct tally *t, uint64_t end_ns)
{
	static char out[MAX_BYTES], in[MAX_BYTES];
	uint32_t turn = number * 7919; /* the clients start far from each other */
	uint64_t start = now_ns(), done;
	enum loss kind = LOSS_OTHER;

	for (size_t i = 0; i < opt.bytes; i++)
		out[i] = (char)('a' + (i + number) % 26);
	for (uint64_t n = 0; !stop && (opt.operations ? n < opt.operations : start < end_ns); n++) {
		memset(in, 0, opt.bytes);
		if (operate(turn++, out, in, &kind) == 0) {
			done = now_ns();
			t->bucket[bucket_of(done - start)]++;
			if (done - start > t->max_ns)
				t->max_ns = done - start;
			t->ops++;
		} else {
			done = now_ns();
			t->lost[kind]++;
		}
		t->rounds++;
		start = done;
	}
	_exit(0);
}

static void on_signal(int sig)
{
	if (sig != SIGALRM)
		stop = 1;
}

/* Wait for all clients; wake one that has been stuck for too long. */
static void watch(const pid_t *pid, const struct tally *tally)
{
	static uint64_t seen[MAX_CLIENTS], since[MAX_CLIENTS];
	unsigned left = opt.clients;
	bool told = false, gone[MAX_CLIENTS] = {false};

	while (left > 0) {
		struct timespec tick = {.tv_nsec = 20000000};
		uint64_t now = now_ns();

		for (unsigned i = 0; i < opt.clients; i++) {
			if (gone[i])
				continue;
			if (waitpid(pid[i], NULL, WNOHANG) == pid[i]) {
				gone[i] = true;
				left--;
			} else if (seen[i] != tally[i].rounds || since[i] == 0) {
				seen[i] = tally[i].rounds;
				since[i] = now;
			} else if (now - since[i] > STUCK_S * 1000000000ULL) {
				kill(pid[i], SIGALRM);
				since[i] = now;
			}
			if (stop && !told && !gone[i])
				kill(pid[i], SIGTERM);
		}
		told = stop;
		if (left > 0)
			nanosleep(&tick, NULL);
	}
}

/* Returns the number of losses. */
static uint64_t report(const struct tally *tally, double seconds)
{
	static struct tally sum;
	uint64_t lost = 0, below = 0;
	double p50 = 0, p99 = 0;

	for (unsigned i = 0; i < opt.clients; i++) {
		sum.ops += tally[i].ops;
		if (tally[i].max_ns > sum.max_ns)
			sum.max_ns = tally[i].max_ns;
		for (unsigned k = 0; k < LOSS_KINDS; k++) {
			sum.lost[k] += tally[i].lost[k];
			lost += tally[i].lost[k];
		}
		for (unsigned b = 0; b < BUCKETS; b++)
			sum.bucket[b] += tally[i].bucket[b];
	}
	for (unsigned b = 0; b < BUCKETS && sum.ops > 0; b++) {
		below += sum.bucket[b];
		if (p50 == 0 && below * 2 >= sum.ops)
			p50 = (double)bucket_ns(b) / 1000;
		if (p99 == 0 && below * 100 >= sum.ops * 99)
			p99 = (double)bucket_ns(b) / 1000;
	}
	printf("ops=%llu seconds=%.3f ops_per_s=%.0f p50_us=%.0f p99_us=%.0f max_us=%.0f lost=%llu",
		(unsigned long long)sum.ops, seconds, (double)sum.ops / seconds, p50, p99,
		(double)sum.max_ns / 1000, (unsigned long long)lost);
	for (unsigned k = 0; k < LOSS_KINDS; k++) {
		if (sum.lost[k] > 0)
			printf(" %s=%llu", loss_name[k], (unsigned long long)sum.lost[k]);
	}
	printf("\n");
	return lost;
}

static _Noreturn void usage(int status)
{
	fprintf(status ? stderr : stdout,
		"usage: load [-c CLIENTS] [-s SECONDS | -n OPERATIONS] [-l BYTES] [-x EXCHANGES]\n"
		"            [-d DESTINATIONS | -b SOURCES] HOST:PORT\n"
		"  -c  clients, each a process (8)      -l  bytes of a message (64)\n"
		"  -s  how long (5)                     -x  messages on one connection (1)\n"
		"  -n  operations of each client instead of a time\n"
		"  -d  take turns over so many addresses from HOST upwards (IPv4)\n"
		"  -b  take turns over so many source addresses from 127.1.0.1 upwards (IPv4)\n"
		"Prints one line of key=value; exit status 1 if anything was lost.\n");
	exit(status);
}

static unsigned long number(const char *text, unsigned long min, unsigned long max)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	if (*text == '\0' || *end != '\0' || n < min || n > max) {
		fprintf(stderr, "load: %s: not a number from %lu to %lu\n", text, min, max);
		exit(2);
	}
	return n;
}

/* HOST:PORT or [V6]:PORT into opt.to. */
static void target(char *text)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM};
	struct addrinfo *list;
	char *port = strrchr(text, ':'), *host = text;
	int err;

	if (!port)
		usage(2);
	*port++ = '\0';
	if (host[0] == '[' && port[-2] == ']') {
		host++;
		port[-2] = '\0';
	}
	err = getaddrinfo(host, port, &hints, &list);
	if (err != 0) {
		fprintf(stderr, "load: %s: %s\n", host, gai_strerror(err));
		exit(2);
	}
	memcpy(&opt.to, list->ai_addr, list->ai_addrlen);
	opt.to_len = list->ai_addrlen;
	freeaddrinfo(list);
	if (opt.to.sa.sa_family != AF_INET && (opt.destinations || opt.sources)) {
		fprintf(stderr, "load: -d and -b need an IPv4 address\n");
		exit(2);
	}
}

static void options(int argc, char **argv)
{
	int c;

	while ((c = getopt(argc, argv, "c:s:n:l:x:d:b:h")) != -1) {
		switch (c) {
		case 'c':
			opt.clients = (unsigned)number(optarg, 1, MAX_CLIENTS);
			break;
		case 's':
			opt.seconds = (double)number(optarg, 1, 1000000);
			break;
		case 'n':
			opt.operations = number(optarg, 1, 1000000000);
			break;
		case 'l':
			opt.bytes = number(optarg, 1, MAX_BYTES);
			break;
		case 'x':
			opt.exchanges = (unsigned)number(optarg, 1, 1000000000);
			break;
		case 'd':
			opt.destinations = (unsigned)number(optarg, 1, 65000);
			break;
		case 'b':
			opt.sources = (unsigned)number(optarg, 1, 65000);
			break;
		case 'h':
			usage(0);
		default:
			usage(2);
		}
	}
	if (optind != argc - 1 || (opt.destinations && opt.sources))
		usage(2);
	target(argv[optind]);
}

int main(int argc, char **argv)
{
	/* An alarm interrupts a client that is stuck; a stop lets it finish what it has begun. */
	const struct sigaction wake = {.sa_handler = on_signal};
	const struct sigaction end = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
	static pid_t pid[MAX_CLIENTS];
	struct tally *tally;
	uint64_t start;

	options(argc, argv);
	tally = mmap(NULL, sizeof(*tally) * opt.clients, PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (tally == MAP_FAILED) {
		perror("load: mmap");
		return 2;
	}
	sigaction(SIGALRM, &wake, NULL);
	sigaction(SIGTERM, &end, NULL);
	sigaction(SIGINT, &end, NULL);
	start = now_ns();
	for (unsigned i = 0; i < opt.clients; i++) {
		pid[i] = fork();
		if (pid[i] < 0) {
			perror("load: fork");
			return 2;
		}
		if (pid[i] == 0)
			client(i, &tally[i], start + (uint64_t)(opt.seconds * 1e9));
	}
	watch(pid, tally);
	return report(tally, (double)(now_ns() - start) / 1e9) > 0;
}
