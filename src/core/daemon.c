/* daemon.c: leave the terminal, and leave word who we are. */
#include "core/daemon.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

static int parent_fd = -1;

static struct {
	char *path;
	int fd;
	bool lent; /* fd is that of the program before, which may have to go on */
} pidfile = {.fd = -1};
static int pidfile_before = -1; /* that program's, if it is not ours */

/* True if this open file is the one that the path leads to. */
static bool stands_at(int fd, const char *path)
{
	struct stat st, at;

	return fstat(fd, &st) == 0 && lstat(path, &at) == 0 && st.st_dev == at.st_dev &&
	       st.st_ino == at.st_ino;
}

/* In the process that was started: wait for the daemon's word. */
static _Noreturn void parent_wait(int fd, pid_t child)
{
	unsigned char status = 1;
	ssize_t n;

	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	do
		n = read(fd, &status, 1);
	while (n < 0 && errno == EINTR);
	_exit(status);
}

int daemon_start(void)
{
	int fd[2];
	pid_t child;

	if (pipe2(fd, O_CLOEXEC) < 0)
		return -1;
	child = fork();
	if (child < 0) {
		fd_close(&fd[0]);
		fd_close(&fd[1]);
		return -1;
	}
	if (child > 0) {
		fd_close(&fd[1]);
		parent_wait(fd[0], child);
	}
	fd_close(&fd[0]);
	parent_fd = fd[1];
	/* Fork again: who does not lead its session gets no terminal by opening one. */
	if (setsid() < 0 || (child = fork()) < 0) {
		log_msg(LOG_ERR, "cannot go to the background: %m");
		_exit(1);
	}
	if (child > 0)
		_exit(0);
	return chdir("/");
}

void daemon_close_from(int fd)
{
	if (parent_fd >= fd) {
		if (parent_fd > fd)
			close_range((unsigned)fd, (unsigned)parent_fd - 1, 0);
		fd = parent_fd + 1;
	}
	close_range((unsigned)fd, ~0U, 0);
}

void daemon_tell(int status)
{
	unsigned char byte = (unsigned char)status;

	if (parent_fd >= 0)
		(void)write_all(parent_fd, &byte, 1);
	fd_close(&parent_fd);
}

void daemon_ready(void)
{
	int null;

	if (parent_fd < 0)
		return;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	for (int fd = 0; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	fd_close(&null);
	daemon_tell(0);
}

static const char *pidfile_holder(int fd)
{
	static char who[80];
	char text[16] = "";
	long pid;

	(void)!pread(fd, text, sizeof(text) - 1, 0);
	pid = strtol(text, NULL, 10);
	if (pid <= 0)
		return "another sockd has it locked";
	snprintf(who, sizeof(who), "another sockd is running as pid %ld", pid);
	return who;
}

int pidfile_lock(const char *path)
{
	struct stat st;

	pidfile.path = strdup(path);
	if (pidfile.path && stands_at(pidfile_before, path)) {
		pidfile.fd = pidfile_before;
		pidfile.lent = true;
		pidfile_before = -1;
		return 0;
	}
	for (;;) {
		int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
		const char *why = NULL;

		if (fd < 0)
			why = errno == ELOOP ? "is a symbolic link"
			      : errno == EACCES
				      ? "no permission (-o pidfile=FILE, or -n without one)"
				      : strerror(errno);
		else if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_nlink > 1)
			why = "is not a plain file of our own";
		else if (st.st_uid != geteuid())
			why = "belongs to another user";
		else if (flock(fd, LOCK_EX | LOCK_NB) < 0)
			why = errno == EWOULDBLOCK ? pidfile_holder(fd) : strerror(errno);
		else if (!pidfile.path)
			why = "out of memory";
		if (fd < 0 || why) {
			log_msg(LOG_ERR, "pidfile %s: %s", path, why);
			fd_close(&fd);
			return -1;
		}
		/* The last owner may have removed it between open() and flock(). */
		if (stands_at(fd, path)) {
			(void)!ftruncate(fd, 0); /* a pid in it is of somebody who is gone */
			pidfile.fd = fd;
			return 0;
		}
		fd_close(&fd);
	}
}

void pidfile_inherit(int fd)
{
	pidfile_before = fd;
}

int pidfile_fd(void)
{
	return pidfile.fd;
}

/* The settings have another name now, or none. */
static void pidfile_before_remove(void)
{
	char self[32], path[PATH_MAX];
	ssize_t n;

	snprintf(self, sizeof(self), "/proc/self/fd/%d", pidfile_before);
	n = pidfile_before < 0 ? -1 : readlink(self, path, sizeof(path) - 1);
	path[n < 0 ? 0 : n] = '\0';
	if (stands_at(pidfile_before, path))
		unlink(path);
	fd_close(&pidfile_before);
}

int pidfile_write(void)
{
	char text[16];
	int n = snprintf(text, sizeof(text), "%d\n", (int)getpid());

	pidfile_before_remove();
	if (pidfile.fd < 0)
		return 0;
	pidfile.lent = false;
	/* In this order it is never empty once there was a number in it. */
	if (pwrite(pidfile.fd, text, (size_t)n, 0) != n || ftruncate(pidfile.fd, n) < 0) {
		log_msg(LOG_ERR, "pidfile %s: %m", pidfile.path);
		return -1;
	}
	return 0;
}

void pidfile_release(void)
{
	fd_close(&pidfile.fd);
	free(pidfile.path);
	pidfile.path = NULL;
}

void pidfile_remove(void)
{
	if (!pidfile.lent && stands_at(pidfile.fd, pidfile.path))
		unlink(pidfile.path);
	pidfile_release();
}
