/* board.c: make and read a scoreboard. */
#include "board/board.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/util.h"

/* In Linux since 5.1, in glibc's headers since 2.39. */
#ifndef F_SEAL_FUTURE_WRITE
#define F_SEAL_FUTURE_WRITE 0x0010
#endif

struct board *board_new(void)
{
	int fd = memfd_create("sockd-board", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct board *b = MAP_FAILED;

	if (fd >= 0 && ftruncate(fd, sizeof(*b)) == 0)
		b = mmap(NULL, sizeof(*b), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd,
			0);
	if (b != MAP_FAILED &&
		fcntl(fd, F_ADD_SEALS,
			F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_FUTURE_WRITE | F_SEAL_SEAL) < 0) {
		board_free(b);
		b = MAP_FAILED;
	}
	fd_close(&fd);
	if (b == MAP_FAILED)
		return NULL;
	(void)!getrandom(&b->seed, sizeof(b->seed), GRND_NONBLOCK); /* 0 does as well as it can */
	return b;
}

void board_free(struct board *b)
{
	if (b)
		munmap(b, sizeof(*b));
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
