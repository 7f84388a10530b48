/* textbook.c: an echo server in the order of the textbook: socket, bind, listen, accept, read/write, close.
 * One client at a time; the others wait in the kernel's queue. doc/tour.md tells what becomes of each step.
 */
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void check(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(1);
	}
}

static void echo(int client)
{
	char buf[4096];
	ssize_t got, done, n;

	while ((got = read(client, buf, sizeof(buf))) > 0) {
		for (done = 0; done < got; done += n) {
			n = write(client, buf + done, (size_t)(got - done));
			if (n < 0)
				return;
		}
	}
}

int main(int argc, char **argv)
{
	int port = argc > 1 ? atoi(argv[1]) : 7777;
	struct sockaddr_in addr = {.sin_family = AF_INET};
	int listener, client, on = 1;

	if (port < 1 || port > 65535) {
		fprintf(stderr, "usage: textbook [PORT]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN); /* a client that has gone is an error of write(), not our end */

	listener = socket(AF_INET, SOCK_STREAM, 0);
	check(listener, "socket");

	/* Without this a restart fails for a minute, while old connections are in TIME_WAIT. */
	check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), "setsockopt");
	addr.sin_port = htons((in_port_t)port);
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK); /* this machine alone */
	check(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), "bind");

	check(listen(listener, 16), "listen");
	printf("echo on port %d, Ctrl-C ends it; try: nc 127.0.0.1 %d\n", port, port);
	fflush(stdout);

	for (;;) {
		client = accept(listener, NULL, NULL);
		if (client < 0) {
			perror("accept");
			continue;
		}
		echo(client);
		close(client);
	}
}
