/* bare.c: the yardstick: a preforked echo pool that does accept, read, write, close and nothing else; or,
 * with a program, accept, vfork, exec, wait. No log, no limit, no environment, no replacement of a
 * worker that dies: what is left is what the kernel costs.
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

static _Noreturn void serve_by(int listener, char *const *argv)
{
	static char *const environment[] = {NULL};

	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
		pid_t pid;

		if (fd < 0)
			continue;
		pid = vfork();
		if (pid == 0) {
			dup2(fd, 0);
			dup2(fd, 1);
			execve(argv[0], argv, environment);
			_exit(127);
		}
		close(fd);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
}

int main(int argc, char **argv)
{
	struct sockaddr_in addr = {.sin_family = AF_INET};
	int on = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	long port = argc >= 3 ? strtol(argv[1], NULL, 10) : 0;
	long workers = argc >= 3 ? strtol(argv[2], NULL, 10) : 0;

	if (port < 1 || port > 65535 || workers < 1 || workers > 16384) {
		fprintf(stderr, "usage: bare PORT WORKERS [PROGRAM [ARG...]]\n");
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
			if (argc > 3)
				serve_by(listener, argv + 3);
			serve(listener);
		}
	}
	close(listener);
	while (wait(NULL) > 0) {
	}
	return 0;
}
