/* listener_drain.c: let nobody new into the queue of a listener, leave those in it alone, and back. */
#include "net/listener.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <signal.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "net/listener_internal.h"

/* The mark of a listener on hold: the signal that it would send, if O_ASYNC were set. It belongs to the
 * open file, so that every process sees it. Source: fcntl(2), F_SETSIG */
#define HELD_MARK SIGURG

/* A classic BPF program on a listening TCP socket sees each segment from its TCP header on. It drops
 * those with SYN set: a handshake that has begun may still end, a new one does not begin; its client
 * tries again a second later and is then refused. An ordinary user may not be allowed to attach one:
 * then clients are let in for as long as the queue is drained. Source: socket(7), RFC 9293 3.1 */
int listener_hold(const struct listener *l)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13), /* the flags */
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x02, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
	};
	struct sock_fprog prog = {ARRAY_SIZE(code), code};

	if (l->inherited)
		return 0;
	if (listener_nonblock(l, true) < 0 || fcntl(l->fd, F_SETSIG, HELD_MARK) < 0)
		return -1;
	if (l->addr.sa.sa_family != AF_UNIX)
		(void)setsockopt(l->fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
	return 0;
}

bool listener_is_held(int fd)
{
	return fcntl(fd, F_GETSIG) == HELD_MARK;
}

unsigned listener_queue(int fd, unsigned *limit)
{
	struct tcp_info info = {0};
	socklen_t len = sizeof(info);

	if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &len) < 0)
		info = (struct tcp_info){0};
	if (limit)
		*limit = info.tcpi_sacked;
	return info.tcpi_unacked;
}

int listener_reopen(struct listener *l, int backlog)
{
	struct sockaddr nowhere = {.sa_family = AF_UNSPEC};

	/* A second shutdown() leaves a mark that listen() does not take away, but this does. */
	if (l->addr.sa.sa_family != AF_UNIX)
		(void)connect(l->fd, &nowhere, sizeof(nowhere));
	if (listen(l->fd, backlog) < 0)
		return -1;
	l->refused = false;
	return listener_name(l->fd, &l->bound);
}

int listener_unhold(struct listener *l, int backlog)
{
	int unused = 0;

	if (l->inherited || !listener_is_held(l->fd))
		return 0;
	if (l->refused && listener_reopen(l, backlog) < 0)
		return -1;
	(void)setsockopt(l->fd, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof(unused));
	return fcntl(l->fd, F_SETSIG, 0);
}
