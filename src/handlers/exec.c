/* exec.c: a program for each connection, in the manner of inetd. The worker starts it, waits for its
 * end with all signals blocked, and clears up behind it: it never touches what the client says. */
#include "handlers/handler.h"

#include <errno.h>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "handlers/exec_env.h"
#include "handlers/spawn.h"

/* The master kills a worker 1000 ms after it has told it to end its connection. */
#define GRACE_MS 500 /* from stop-signal to KILL */
#define REAP_MS  300 /* from there until the kernel should have ended them */
#define TELL_MS  10000

/* Values of tcpi_state once the FIN of a side is there. Source: include/net/tcp_states.h */
#define PEER_IS_DONE (1U << 8 /* CLOSE_WAIT */ | 1U << 9 /* LAST_ACK */ | 1U << 11 /* CLOSING */)
#define WE_ARE_DONE  (1U << 4 /* FIN_WAIT1 */ | 1U << 9 /* LAST_ACK */ | 1U << 11 /* CLOSING */)

static bool strays; /* children of earlier programs, in sessions of their own, live on */

/* The program of the last connection. Its pid is that of its group, too. */
static struct {
	pid_t pid; /* 0: it was not started */
	bool reaped;
	int status;
	uint64_t cpu_us;
	long maxrss_kib;
} program;

static int exec_start(const struct handler_env *env)
{
	if (exec_env_init(env) < 0)
		log_msg(LOG_ERR, "exec: out of memory");
	else if (prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		log_msg(LOG_ERR, "subreaper: %m");
	else
		return 0;
	return -1;
}

/* Tell once why programs do not start, and again if it lasts: clients come faster than lines are read. */
static void complain(const struct handler_env *env, const char *step, int error)
{
	static int told;
	static uint64_t told_ms;

	if (told == error && mono_ms() - told_ms < TELL_MS)
		return;
	told = error;
	told_ms = mono_ms();
	log_msg(LOG_ERR, "%s cannot be started: %s: %s", env->conf->command.item[0],
		strcmp(step, "directory") == 0 ? env->conf->directory : step,
		strerrordesc_np(error));
}

/* Next signal of a set that is blocked. wait_ms < 0: for ever. Returns 0 when time is over. */
static int signal_next(const sigset_t *set, int64_t wait_ms)
{
	struct timespec ts = {wait_ms / 1000, wait_ms % 1000 * 1000000L};
	int sig;

	do {
		sig = sigtimedwait(set, NULL, wait_ms < 0 ? NULL : &ts);
	} while (sig < 0 && errno == EINTR); /* stopped and continued, or traced */
	return sig < 0 ? 0 : sig;
}

/* Reap daemons, which were left to us. Returns true when the program has ended, but does not reap it: a
 * number that is not free cannot become that of others. */
static bool has_ended(void)
{
	siginfo_t si;

	for (;;) {
		si.si_pid = 0;
		if (waitid(P_ALL, 0, &si, WEXITED | WNOHANG | WNOWAIT) < 0 || !si.si_pid)
			return false;
		if (si.si_pid == program.pid)
			return true;
		(void)waitpid(si.si_pid, NULL, WNOHANG);
	}
}

static bool tcp_info_get(const struct conn *c, struct tcp_info *ti)
{
	socklen_t len = sizeof(*ti);

	memset(ti, 0, sizeof(*ti));
	return getsockopt(c->fd, IPPROTO_TCP, TCP_INFO, ti, &len) == 0;
}

/* The kernel counts a FIN as a byte. */
static uint64_t fin_of_peer(const struct tcp_info *ti)
{
	return PEER_IS_DONE >> ti->tcpi_state & 1;
}

/* How long to wait before looking at the connection again, in ms; -1: for ever; 0: it was quiet for too
 * long, c->end says so. Bytes are those that the kernel counts, which for unix sockets it does not. */
static int64_t patience(struct conn *c, uint64_t start_ms)
{
	uint64_t quiet = mono_ms() - start_ms, limit = c->first_byte_ms, look = c->idle_ms;
	const char *end = "first-byte-timeout";
	struct tcp_info ti;

	if ((!limit && !look) || !tcp_info_get(c, &ti))
		return -1;
	if (!limit || ti.tcpi_bytes_received > c->ahead) {
		end = "idle-timeout";
		limit = c->idle_ms;
		quiet = quiet < ti.tcpi_last_data_recv ? quiet : ti.tcpi_last_data_recv;
		quiet = quiet < ti.tcpi_last_data_sent ? quiet : ti.tcpi_last_data_sent;
	}
	if (limit && quiet >= limit) {
		c->end = end;
		return 0;
	}
	limit -= limit ? quiet : 0;
	return !limit ? -1 : look && look < limit ? (int64_t)look : (int64_t)limit;
}

/* Wait until the program has ended, or must: then c->end says why. Returns the signal that asked for
 * it, which is to be raised again, or 0. */
static int program_wait(const struct handler_env *env, struct conn *c)
{
	uint64_t start_ms = mono_ms();
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	sigaddset(&set, SIGTERM);
	if (env->conf->session_timeout)
		sigaddset(&set, SIGALRM);
	for (;;) {
		int64_t wait_ms = patience(c, start_ms);
		int sig = wait_ms ? signal_next(&set, wait_ms) : 0;

		if (!wait_ms || (sig == SIGCHLD && has_ended()))
			return 0;
		if (sig == SIGTERM || sig == SIGALRM) {
			c->end = sig == SIGTERM ? "terminated" : "session-timeout";
			return sig;
		}
	}
}

/* Reap what has ended of the group, as far as it is ours. Returns true if some of it lives. */
static bool group_lives(void)
{
	struct rusage ru;
	int status;
	pid_t pid;

	while ((pid = wait4(-program.pid, &status, WNOHANG, &ru)) > 0) {
		program.cpu_us += (uint64_t)(ru.ru_utime.tv_sec + ru.ru_stime.tv_sec) * 1000000 +
				  (uint64_t)(ru.ru_utime.tv_usec + ru.ru_stime.tv_usec);
		if (ru.ru_maxrss > program.maxrss_kib)
			program.maxrss_kib = ru.ru_maxrss;
		if (pid == program.pid) {
			program.status = status;
			program.reaped = true;
		}
	}
	return pid == 0;
}

/* End what there is of the group, and reap it. The program itself has not been reaped yet, and later a
 * child in its group lives: either way the group is still the same. */
static void program_end(int stop_signal)
{
	uint64_t kill_ms = mono_ms() + GRACE_MS;
	bool killed = false;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	(void)kill(-program.pid, stop_signal);
	while (group_lives()) {
		uint64_t now = mono_ms(), until = killed ? kill_ms + REAP_MS : kill_ms;

		if (now < until) {
			(void)signal_next(&set, (int64_t)(until - now));
		} else if (killed) {
			break; /* stuck in the kernel: reaped with the strays, some day */
		} else {
			(void)kill(-program.pid, SIGKILL);
			killed = true;
		}
	}
	/* Daemons have a session of their own. Between connections the kernel reaps them. */
	strays = waitpid(-1, NULL, WNOHANG) >= 0;
	if (strays) {
		(void)signal(SIGCHLD, SIG_IGN);
		while (waitpid(-1, NULL, WNOHANG) > 0) {
		}
	}
}

/* What the kernel has counted: all that came, and all that the program has written. */
static void bytes_count(struct conn *c)
{
	struct tcp_info ti;

	if (!tcp_info_get(c, &ti))
		return;
	c->bytes_in = ti.tcpi_bytes_received - fin_of_peer(&ti) - c->ahead;
	c->bytes_out = ti.tcpi_bytes_sent - ti.tcpi_bytes_retrans + ti.tcpi_notsent_bytes -
		       (ti.tcpi_notsent_bytes && WE_ARE_DONE >> ti.tcpi_state & 1);
}

/* The program has said all it wanted. Input that it left unread would turn close() into a reset, which
 * destroys what is still on its way: swallow it as long as the client takes something. */
static void client_finish(struct conn *c)
{
	uint64_t moved_ms = mono_ms(), in, bytes_in = c->bytes_in;
	int left = 0, least = 0;

	do {
		in = c->bytes_in;
		conn_finish(c, LINGER_MS);
		if (c->eof || *c->stop || c->bytes_in == in || ioctl(c->fd, SIOCOUTQ, &left) < 0)
			break;
		if (!least || left < least) {
			least = left;
			moved_ms = mono_ms();
		}
	} while (left && mono_ms() - moved_ms < LINGER_MS);
	c->bytes_in = bytes_in;
}

/* The program reads and writes by itself: for it, time-outs of the socket would be errors. */
static void socket_timeouts_clear(const struct conn *c)
{
	static const struct timeval none;

	if (c->first_byte_ms || c->idle_ms) {
		(void)setsockopt(c->fd, SOL_SOCKET, SO_RCVTIMEO, &none, sizeof(none));
		(void)setsockopt(c->fd, SOL_SOCKET, SO_SNDTIMEO, &none, sizeof(none));
	}
}

static void exec_serve(const struct handler_env *env, struct conn *c)
{
	struct spawn s = {.conf = env->conf, .fd = {c->fd, c->fd, STDERR_FILENO}};
	const char *step = "";
	sigset_t all, before;
	int sig = 0;

	s.envp = exec_env(c);
	socket_timeouts_clear(c);
	memset(&program, 0, sizeof(program));
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	if (strays)
		(void)signal(SIGCHLD, SIG_DFL);
	program.pid = *c->stop ? 0 : spawn(&s, &step);
	if (!program.pid) {
		conn_fail(c, 0);
	} else if (program.pid < 0) {
		c->error = errno;
		c->end = "exec-failed";
		program.pid = 0;
		complain(env, step, c->error);
	} else {
		sig = program_wait(env, c);
		program_end(env->conf->stop_signal);
		if (program.reaped)
			c->program = WIFSIGNALED(program.status) ? -WTERMSIG(program.status)
								 : 1 + WEXITSTATUS(program.status);
		bytes_count(c);
		if (c->end) /* others may have the socket, too */
			(void)shutdown(c->fd, SHUT_RDWR);
	}
	/* The worker's own handler shall run, too. */
	if (sig)
		(void)raise(sig);
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (!c->end) {
		c->end = c->program < 0 ? "killed" : "exited";
		/* A client that has left is why a program gets SIGPIPE. */
		c->notable = program.status != 0 && program.status != SIGPIPE;
		client_finish(c);
	}
}

static void exec_report(const struct conn *c, struct log_record *r)
{
	if (!program.pid)
		return;
	log_num(r, "program", (uint64_t)program.pid);
	if (!c->program)
		return;
	if (c->program < 0)
		log_str(r, "signal", signal_name(-c->program));
	else
		log_num(r, "exit", (uint64_t)c->program - 1);
	log_num(r, "cpu_ms", program.cpu_us / 1000);
	log_num(r, "maxrss_kib", (uint64_t)program.maxrss_kib);
}

const struct handler handler_exec = {
	.name = "exec",
	.start = exec_start,
	.serve = exec_serve,
	.report = exec_report,
	.limits_children = true,
	.names_connections = true,
};
