/* listener_drain.c: let nobody new into the queue of a listener, and leave those in it alone. */
#include "net/listener.h"

#include <linux/filter.h>
#include <sys/socket.h>

#include "base/util.h"

/* A classic BPF program on a listening TCP socket sees each segment from its TCP header on. It drops
 * those with SYN set: a handshake that has begun still ends, a new one does not begin; its client
 * tries again a second later and is then refused. Source: socket(7), RFC 9293 section 3.1 */
int listener_hold(const struct listener *l)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, 13), /* the flags */
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x02, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, 0),
		BPF_STMT(BPF_RET | BPF_K, 0xffffffff),
	};
	struct sock_fprog prog = {ARRAY_SIZE(code), code};

	if (l->inherited || l->addr.sa.sa_family == AF_UNIX)
		return 0;
	return setsockopt(l->fd, SOL_SOCKET, SO_ATTACH_FILTER, &prog, sizeof(prog));
}
