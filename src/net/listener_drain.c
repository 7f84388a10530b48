/* listener_drain.c: let nobody new into the queue of a listener, and leave those in it alone. */
#include "net/listener.h"

#include <linux/filter.h>
#include <sys/socket.h>

#include "base/util.h"

/* A classic BPF program on a listening TCP socket sees each segment from its TCP header on. It drops
 * those with SYN set: a handshake that has begun may still end, a new one does not begin; its client
 * tries again a second later and is then refused. On a unix socket it sees nothing, and is just the
 * mark by which a worker knows what it has to drain. Source: socket(7), RFC 9293 section 3.1 */
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
	if (listener_nonblock(l, true) < 0)
		return -1;
	return setsockopt(l->fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
}

bool listener_is_held(int fd)
{
	socklen_t n = 0; /* asks for the number of instructions alone */

	return getsockopt(fd, SOL_SOCKET, SO_GET_FILTER, NULL, &n) == 0 && n > 0;
}

int listener_unhold(const struct listener *l, int backlog)
{
	if (l->inherited || !listener_is_held(l->fd))
		return 0;
	if (listen(l->fd, backlog) < 0)
		return -1;
	return setsockopt(l->fd, SOL_SOCKET, SO_DETACH_FILTER, NULL, 0);
}
