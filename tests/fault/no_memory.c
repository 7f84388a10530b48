/* no_memory.c: in front of malloc(), lets chosen calls of chosen processes fail. $NO_MEMORY names a file of
 * four ints: the process (0 = nobody), whose children are meant instead (0 or 1), how many calls go well before
 * one fails, how many fail. The third and the fourth count down. libconfuse is spared: it dies of it, and sockd
 * sees beforehand to it that there is enough. */
#define _GNU_SOURCE 1
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct plan {
	int pid, children;
	_Atomic int good, bad;
};

void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t n);

static struct plan *plan;

__attribute__((constructor)) static void plan_open(void)
{
	int fd = open(getenv("NO_MEMORY"), O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return;
	plan = mmap(NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (plan == MAP_FAILED)
		plan = NULL;
	close(fd);
}

static int refused(void *caller)
{
	Dl_info from;

	if (!plan || !plan->pid || (plan->children ? getppid() : getpid()) != plan->pid)
		return 0;
	if (dladdr(caller, &from) && strstr(from.dli_fname, "libconfuse"))
		return 0;
	if (plan->good > 0 && plan->good-- > 0)
		return 0;
	if (plan->bad <= 0 || plan->bad-- <= 0)
		return 0;
	errno = ENOMEM;
	return 1;
}

void *malloc(size_t n)
{
	return refused(__builtin_return_address(0)) ? NULL : __libc_malloc(n);
}

void *calloc(size_t n, size_t size)
{
	return refused(__builtin_return_address(0)) ? NULL : __libc_calloc(n, size);
}

void *realloc(void *p, size_t n)
{
	return refused(__builtin_return_address(0)) ? NULL : __libc_realloc(p, n);
}

char *strdup(const char *s)
{
	size_t n = strlen(s) + 1;
	char *copy = refused(__builtin_return_address(0)) ? NULL : __libc_malloc(n);

	return copy ? memcpy(copy, s, n) : NULL;
}
