/* listener_unix.c: unix sockets to listen on. A path may lie in a folder that others write to, so
 * nothing here follows a symlink, and nothing is unlinked but a dead socket of our own. */
#include "net/listener_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The reason of a failure, with the folder where that is what people have to look at. */
static int path_fail(int error, const char *path, char *err, size_t size)
{
	const char *slash = strrchr(path, '/');
	int n = slash == path ? 1 : (int)(slash ? slash - path : 0);

	if (n > 0 && (error == ENOENT || error == ENOTDIR || error == EACCES || error == EROFS))
		snprintf(err, size, "%s (folder %.*s)", strerror(error), n, path);
	else
		snprintf(err, size, "%s", strerror(error));
	errno = error;
	return -1;
}

static int refuse(int error, const char *reason, char *err, size_t size)
{
	snprintf(err, size, "%s", reason);
	errno = error;
	return -1;
}

/* Ask who is at home: 0 = nobody listens, else errno of connect(2). */
static int path_probe(const struct addr *a)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int error = EADDRINUSE;

	if (fd < 0)
		return errno;
	if (connect(fd, &a->sa, a->len) < 0 && errno != EAGAIN) /* EAGAIN: its queue is full */
		error = errno == ECONNREFUSED ? 0 : errno;
	close(fd);
	return error;
}

/* Make room for bind(2): fine if nothing stands at path, or a dead socket of ours. */
static int path_clear(const struct addr *a, const char *path, const struct listener_options *o,
	char *err, size_t size)
{
	struct stat before, after;
	int error;

	if (lstat(path, &before) < 0)
		return errno == ENOENT ? 0 : path_fail(errno, path, err, size);
	if (S_ISLNK(before.st_mode))
		return refuse(EEXIST, "a symbolic link stands there", err, size);
	if (!S_ISSOCK(before.st_mode))
		return refuse(EEXIST, "something that is not a socket stands there", err, size);
	if (before.st_uid != geteuid() && before.st_uid != o->socket_uid) {
		snprintf(err, size, "a socket of another user (uid %u) stands there",
			(unsigned)before.st_uid);
		errno = EEXIST;
		return -1;
	}
	error = path_probe(a);
	if (error == EADDRINUSE)
		return refuse(error, "somebody listens there", err, size);
	if (error == EPROTOTYPE)
		return refuse(EEXIST, "a socket of another type is in use there", err, size);
	if (error == ENOENT)
		return 0;
	if (error)
		return path_fail(error, path, err, size);
	if (lstat(path, &after) < 0)
		return errno == ENOENT ? 0 : path_fail(errno, path, err, size);
	if (after.st_dev != before.st_dev || after.st_ino != before.st_ino)
		return refuse(EADDRINUSE, "somebody else binds there", err, size);
	if (unlink(path) < 0 && errno != ENOENT)
		return path_fail(errno, path, err, size);
	return 0;
}

/* Open the file itself, whatever it is, without following a link. */
static int path_open(const char *path, struct stat *st)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd >= 0 && fstat(fd, st) < 0)
		fd_close(&fd);
	return fd;
}

/* Owner first: until then nobody but us may connect. */
static int path_own(int fd, const struct listener_options *o)
{
	char self[64];

	if ((o->socket_uid != (uid_t)-1 || o->socket_gid != (gid_t)-1) &&
		fchownat(fd, "", o->socket_uid, o->socket_gid, AT_EMPTY_PATH) < 0)
		return -1;
	/* fchmod(2) refuses an O_PATH descriptor; its name in /proc is that very file. */
	snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return chmod(self, o->socket_mode & 0777);
}

/* Bind and listen; the file is born with mode 0600. */
static int path_bind(const struct addr *a, int backlog)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	mode_t old;
	int rc;

	if (fd < 0)
		return -1;
	old = umask(0177);
	rc = bind(fd, &a->sa, a->len);
	umask(old);
	if (rc < 0 || listen(fd, backlog) < 0)
		fd_close(&fd);
	return fd;
}

int listener_unix_open(struct listener *out, const struct addr *a, const struct listener_options *o,
	char *err, size_t size)
{
	const char *path = a->un.sun_path;
	struct stat st;
	int file, error;

	if (!path[0])
		return refuse(EINVAL, "a path is missing", err, size);
	if (path_clear(a, path, o, err, size) < 0)
		return -1;
	out->fd = path_bind(a, o->backlog);
	if (out->fd < 0)
		return path_fail(errno, path, err, size);

	file = path_open(path, &st);
	if (file < 0)
		goto fail;
	if (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid()) {
		fd_close(&file);
		fd_close(&out->fd);
		return refuse(EEXIST, "somebody put another file there", err, size);
	}
	out->dev = st.st_dev;
	out->ino = st.st_ino;
	if (path_own(file, o) == 0) {
		fd_close(&file);
		return 0;
	}
fail:
	error = errno;
	if (file >= 0)
		listener_unix_unlink(out);
	fd_close(&file);
	fd_close(&out->fd);
	return path_fail(error, path, err, size);
}

int listener_unix_adjust(const struct listener *l, const struct listener_options *o)
{
	struct stat st;
	int fd = path_open(l->addr.un.sun_path, &st);
	int rc = -1;

	if (fd < 0)
		return -1;
	if (st.st_dev == l->dev && st.st_ino == l->ino)
		rc = path_own(fd, o);
	else
		errno = ESTALE;
	fd_close(&fd);
	return rc;
}

void listener_unix_unlink(const struct listener *l)
{
	const char *path = l->addr.un.sun_path;
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) && st.st_dev == l->dev &&
		st.st_ino == l->ino)
		unlink(path);
}
