/* resolve_program.c: programs, modules and folders that the settings name, as the service will see them:
 * inside its chroot, with the rights of its user. The kernel judges, so that access control lists,
 * mounts and links count as they will. Source: path_resolution(7), setfsuid(2), openat2(2) */
#include "conf/conf_internal.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define HEAD_BYTES      256 /* of a program that the kernel looks at: BINPRM_BUF_SIZE */
#define INTERPRETER_MAX 4   /* scripts that are each other's interpreters; execve(2) */

/* What a service sees. */
struct view {
	struct conf *c;
	struct conf_service *s;
	struct conf_errors *e;
	int root; /* O_PATH descriptor of chroot, or -1 */
};

static void tell(const struct view *v, const char *key, const char *path, const char *what)
{
	conf_error(v->e, v->c, v->s, key, "%s: %s%s%s", show(path, strlen(path)).text, what,
		v->root < 0 ? "" : ", inside chroot ", v->root < 0 ? "" : v->s->chroot);
}

/* Open a file for nothing but looking at it. Returns a descriptor, or -1 with errno. */
static int view_open(const struct view *v, const char *path)
{
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};

	if (v->root < 0)
		return open(path, O_PATH | O_CLOEXEC);
	return (int)syscall(SYS_openat2, v->root, path, &how, sizeof(how));
}

/* Returns a descriptor if path is of this type, and the service may use it so; else -1 with what is
 * wrong in err, and errno, 0 for another type.
 * mode    of access(2) */
static int view_check(
	const struct view *v, const char *path, mode_t type, int mode, char *err, size_t size)
{
	int fd = view_open(v, path);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0 && (st.st_mode & S_IFMT) != type) {
		snprintf(err, size, "it is not a %s", type == S_IFDIR ? "folder" : "regular file");
		fd_close(&fd);
		errno = 0;
	} else if (fd < 0 || faccessat(fd, "", mode, AT_EMPTY_PATH | AT_EACCESS) < 0) {
		snprintf(err, size, "%s%s%s", strerrordesc_np(errno),
			errno == EACCES && v->s->user ? " for user " : "",
			errno == EACCES && v->s->user ? v->s->user : "");
		fd_close(&fd);
	}
	return fd;
}

/* The first bytes of a program. Returns how many; -1 if it may not be read, only executed. */
static ssize_t read_head(int path_fd, char head[HEAD_BYTES + 1])
{
	char name[32];
	ssize_t n;
	int fd;

	snprintf(name, sizeof(name), "/proc/self/fd/%d", path_fd);
	fd = open(name, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, head, HEAD_BYTES);
	head[n < 0 ? 0 : n] = '\0';
	fd_close(&fd);
	return n;
}

/* Returns 0 if the service may execute the file, and it is a program or a script that has an
 * interpreter; else -1 with err and errno. Other formats than ELF may be known to the kernel
 * (binfmt_misc), but no text is. */
static int check_program(
	const struct view *v, const char *path, unsigned depth, char *err, size_t size)
{
	char head[HEAD_BYTES + 1], *interpreter = head + 2;
	int fd = view_check(v, path, S_IFREG, X_OK, err, size);
	ssize_t n = fd < 0 ? -1 : read_head(fd, head);
	size_t used;

	if (fd < 0)
		return -1;
	fd_close(&fd);
	errno = 0;
	if (n < 0 || strlen(head) < (size_t)n)
		return 0;
	if (strncmp(head, "#!", 2)) {
		snprintf(err, size, "a script without an interpreter line ('#!/bin/sh')");
		return -1;
	}
	interpreter += strspn(interpreter, " \t");
	interpreter[strcspn(interpreter, " \t\n")] = '\0';
	used = (size_t)snprintf(
		err, size, "its interpreter %s: ", show(interpreter, strlen(interpreter)).text);
	if (*interpreter != '/' || depth == INTERPRETER_MAX) {
		snprintf(err + used, size - used, "%s",
			*interpreter == '/' ? strerrordesc_np(ELOOP) : "expected an absolute path");
		return -1;
	}
	if (check_program(v, interpreter, depth + 1, err + used, size - used) == 0)
		return 0;
	errno = 0; /* the script itself is there */
	return -1;
}

static void command_tell(const struct view *v, const char *what)
{
	const struct conf_list *command = &v->s->command;
	const char *name = command->item[0];
	char text[1200];

	snprintf(text, sizeof(text), "%s%s", what,
		command->n == 1 && strchr(name, ' ')
			? "; arguments are items of their own: {\"PROGRAM\", \"ARGUMENT\"}"
			: "");
	tell(v, "command", name, text);
}

/* Find the program of a service, and write its path into the settings. What exists but will not do is
 * passed over, as execvp(3) does, and told if there is nothing better. */
static void resolve_command(const struct view *v)
{
	char **name = &v->s->command.item[0], err[1024], why[512], path[384];
	const char *dir = CONF_PROGRAM_PATH;

	if (strchr(*name, '/') || !**name) {
		if (**name != '/')
			command_tell(v, "expected an absolute path, or a name without '/'");
		else if (check_program(v, *name, 0, err, sizeof(err)) < 0)
			command_tell(v, err);
		return;
	}
	snprintf(err, sizeof(err), "there is no such program in %s", dir);
	for (; *dir; dir += strcspn(dir, ":"), dir += *dir == ':') {
		snprintf(path, sizeof(path), "%.*s/%s", (int)strcspn(dir, ":"), dir, *name);
		if (check_program(v, path, 0, why, sizeof(why)) == 0) {
			free(*name);
			*name = strdup(path);
			v->c->lines->failed |= !*name;
			return;
		}
		if (errno != ENOENT && errno != ENOTDIR)
			snprintf(err, sizeof(err), "%s: %s", path, why);
	}
	command_tell(v, err);
}

/* A file that was replaced or written to since the last look is another one. */
static void note_code(const struct view *v, const char *path)
{
	char **text = &v->s->resolved_code;
	int fd = view_open(v, path);
	struct stat st;

	if (fd >= 0 && fstat(fd, &st) == 0) {
		free(*text);
		if (asprintf(text, "%jx:%jx:%jd:%jd.%09ld", (uintmax_t)st.st_dev,
			    (uintmax_t)st.st_ino, (intmax_t)st.st_size, (intmax_t)st.st_mtim.tv_sec,
			    st.st_mtim.tv_nsec) < 0) {
			*text = NULL;
			v->c->lines->failed = true;
		}
	}
	fd_close(&fd);
}

/* True if sockd sets this variable of programs itself, or might. */
static bool is_reserved(const char *name, size_t len)
{
	static const char *const all[] = {"PROTO", "NOTIFY_SOCKET", "TCP*", "REMOTE_*", "SOCKD_*",
		"LISTEN_*", "SERVER_STARTER_*", "EINHORN_*"};

	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		size_t n = strcspn(all[i], "*");

		if ((all[i][n] ? len >= n : len == n) && !memcmp(all[i], name, n))
			return true;
	}
	return false;
}

/* Check the names of variables: NAME=VALUE, or NAME alone. */
static void check_variables(
	const struct view *v, const char *key, const struct conf_list *list, bool with_value)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *text = list->item[i], *why = NULL;
		size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_"
					"0123456789");

		if (!n || isdigit((unsigned char)*text) || text[n] != (with_value ? '=' : '\0'))
			why = with_value ? "expected NAME=VALUE"
					 : "expected the name of a variable";
		else if (is_reserved(text, n))
			why = "sockd sets this variable itself";
		for (size_t k = 0; k < i && !why; k++) {
			if (!strncmp(text, list->item[k], n + 1))
				why = "given twice";
		}
		if (why)
			conf_error(v->e, v->c, v->s, key, "%s: %s", show(text, strlen(text)).text,
				why);
	}
}

static void check_path(
	const struct view *v, const char *key, const char *path, mode_t type, int mode)
{
	char err[512];
	int fd = view_check(v, path, type, mode, err, sizeof(err));

	if (fd < 0)
		tell(v, key, path, err);
	fd_close(&fd);
}

/* With the rights of the service's user. */
static void check_files(const struct view *v)
{
	const struct conf_service *s = v->s;

	if (s->directory && key_fits("directory", s))
		check_path(v, "directory", s->directory, S_IFDIR, X_OK);
	if (s->module && key_fits("module", s)) {
		check_path(v, "module", s->module, S_IFREG, R_OK);
		note_code(v, s->module);
	}
	if (key_fits("command", s) && s->command.n) {
		resolve_command(v);
		note_code(v, s->command.item[0]);
		check_variables(v, "environment", &s->environment, true);
		check_variables(v, "pass-environment", &s->pass_environment, false);
	}
}

void resolve_program(struct conf *c, struct conf_service *s, struct conf_errors *e)
{
	static gid_t groups[NGROUPS_MAX];
	struct view v = {.c = c, .s = s, .e = e, .root = -1};
	int n = getgroups(ARRAY_SIZE(groups), groups);

	if (s->chroot) {
		int root = open(s->chroot, O_PATH | O_DIRECTORY | O_CLOEXEC);

		if (root < 0) {
			tell(&v, "chroot", s->chroot, strerrordesc_np(errno));
			return;
		}
		v.root = root;
	}
	if (s->change_user) {
		setgroups(s->n_groups, s->groups);
		setfsgid(s->gid);
		setfsuid(s->uid);
	}
	check_files(&v);
	if (s->change_user) {
		setfsuid(geteuid());
		setfsgid(getegid());
		setgroups(n < 0 ? 0 : (size_t)n, groups);
	}
	fd_close(&v.root);
}
