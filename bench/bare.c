/* bare.c: the yardstick: a preforked echo pool that does accept, read, write, close and nothing else.
 * No log, no limit, no replacement of a worker that dies: what is left is what the kernel costs.
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define BACKLOG 511 /* as sockd's default */

static _Noreturn void serve(int listener)
{
	char buf[4096];
	ssize_t n;

	for (;;) {
		int fd = accept(listener, NULL, NULL);

		if (fd < 0)
			continue;
		while ((n = read(fd, buf, sizeof(buf))) > 0) {
			if (write(fd, buf, (size_t)n) != n)
				break;
		}
		close(fd);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	int on = 1, listener = socket(AF_INET, SOCK_STREAM, 0);
	long port = argc == 3 ? strtol(argv[1], NULL, 10) : 0;
	long workers = argc == 3 ? strtol(argv[2], NULL, 10) : 0;

	if (port < 1 || port > 65535 || workers < 1 || workers > 16384) {
		fprintf(stderr, "usage: bare PORT WORKERS\n");
		return 2;
	}
	addr.sin_port = htons((unsigned short)port);
	setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(listener, (struct sockaddr *)&addr, sizeof(addr)) != 0 ||
		listen(listener, BACKLOG) != 0) {
		perror("bare");
		return 1;
	}
	signal(SIGPIPE, SIG_IGN);
	for (long i = 0; i < workers; i++) {
		pid_t pid = fork();

		if (pid < 0) {
			perror("bare: fork"); /* those that exist die with this process */
			return 1;
		}
		if (pid == 0) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			serve(listener);
		}
	}
	close(listener);
	while (wait(NULL) > 0) {
	}
	return 0;
}
