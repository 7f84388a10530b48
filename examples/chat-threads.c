/* chat-threads.c: a chat server as the second chapter has it: a thread for each client, and a list of them
 * behind a mutex. What one client sends reaches all others. doc/tour.md tells what it lacks.
 */
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define MAX_CLIENTS 100

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int clients[MAX_CLIENTS]; /* descriptors; guarded by lock */
static int n_clients;

static void check(int result, const char *what)
{
	if (result < 0) {
		perror(what);
		exit(1);
	}
}

/* Returns 0, or -1 if the room is full. */
static int join(int fd)
{
	int ret = -1;

	pthread_mutex_lock(&lock);
	if (n_clients < MAX_CLIENTS) {
		clients[n_clients++] = fd;
		ret = 0;
	}
	pthread_mutex_unlock(&lock);
	return ret;
}

static void leave(int fd)
{
	pthread_mutex_lock(&lock);
	for (int i = 0; i < n_clients; i++) {
		if (clients[i] == fd) {
			clients[i] = clients[--n_clients];
			break;
		}
	}
	pthread_mutex_unlock(&lock);
	close(fd);
}

/* Send to everybody but the sender. A client that does not read holds up the whole room here. */
static void broadcast(int from, const char *data, size_t len)
{
	pthread_mutex_lock(&lock);
	for (int i = 0; i < n_clients; i++) {
		if (clients[i] != from && write(clients[i], data, len) < 0)
			perror("write");
	}
	pthread_mutex_unlock(&lock);
}

static void *serve(void *arg)
{
	int fd = (int)(long)arg;
	char buf[1024];
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0)
		broadcast(fd, buf, (size_t)n);
	leave(fd);
	return NULL;
}

int main(int argc, char **argv)
{
	int port = argc > 1 ? atoi(argv[1]) : 7778;
	struct sockaddr_in addr = {.sin_family = AF_INET};
	int listener, fd, on = 1;
	pthread_t thread;

	if (port < 1 || port > 65535) {
		fprintf(stderr, "usage: chat-threads [PORT]\n");
		return 2;
	}
	signal(SIGPIPE, SIG_IGN);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	check(listener, "socket");
	check(setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)), "setsockopt");
	addr.sin_port = htons((in_port_t)port);
	addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	check(bind(listener, (struct sockaddr *)&addr, sizeof(addr)), "bind");
	check(listen(listener, 16), "listen");
	printf("chat on port %d, Ctrl-C ends it; try in two terminals: nc 127.0.0.1 %d\n", port,
		port);
	fflush(stdout);

	for (;;) {
		fd = accept(listener, NULL, NULL);
		if (fd < 0) {
			perror("accept");
			continue;
		}
		if (join(fd) != 0) {
			close(fd);
		} else if (pthread_create(&thread, NULL, serve, (void *)(long)fd) != 0) {
			leave(fd);
		} else {
			pthread_detach(thread);
		}
	}
}
