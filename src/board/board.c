/* board.c: make and open scoreboards. */
#include "board/board.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

/* In Linux since 5.1, in glibc's headers since 2.39. */
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

/* How every board begins. */
struct head {
	uint32_t layout, size;
};

static void *make(size_t size, int *fd)
{
	struct head *b = MAP_FAILED;

	*fd = memfd_create("sockd-board", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (*fd >= 0 && ftruncate(*fd, (off_t)size) == 0)
		b = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, *fd, 0);
	if (b != MAP_FAILED &&
		fcntl(*fd, F_ADD_SEALS,
			F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) < 0) {
		munmap(b, size);
		b = MAP_FAILED;
	}
	if (b == MAP_FAILED) {
		fd_close(fd);
		return NULL;
	}
	*b = (struct head){BOARD_LAYOUT, (uint32_t)size};
	return b;
}

static const void *map(int fd, size_t size)
{
	const struct head *b;
	struct stat st;

	if (fstat(fd, &st) < 0)
		return NULL;
	errno = EPROTO;
	if (st.st_size != (off_t)size)
		return NULL;
	b = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (b == MAP_FAILED)
		return NULL;
	if (b->layout == BOARD_LAYOUT && b->size == size)
		return b;
	munmap((void *)(uintptr_t)b, size);
	errno = EPROTO;
	return NULL;
}

struct board *board_new(int *fd)
{
	struct board *b = make(sizeof(*b), fd);

	if (b)
		(void)!getrandom(&b->seed, sizeof(b->seed), GRND_NONBLOCK); /* 0 will do */
	return b;
}

struct board_master *board_master_new(int *fd)
{
	return make(sizeof(struct board_master), fd);
}

const struct board *board_open(int fd)
{
	return map(fd, sizeof(struct board));
}

const struct board_master *board_master_open(int fd)
{
	return map(fd, sizeof(struct board_master));
}

void board_free(const struct board *b)
{
	if (b)
		munmap((void *)(uintptr_t)b, sizeof(*b));
}

void board_master_free(const struct board_master *b)
{
	if (b)
		munmap((void *)(uintptr_t)b, sizeof(*b));
}

unsigned board_slots(const struct board *b)
{
	unsigned n = b->slots_used;

	return n < BOARD_SLOTS ? n : BOARD_SLOTS;
}

int board_has_idle(const struct board *b, unsigned n)
{
	unsigned idle = 0, used = board_slots(b);

	for (unsigned i = 0; i < used && idle < n; i++)
		idle += atomic_load_explicit(&b->slot[i].state, memory_order_relaxed) == SLOT_IDLE;
	return idle >= n;
}
