/* chat_help.h: a room with a board, shared with child processes, for the tests of the chat. */
#ifndef SOCKD_TESTS_CHAT_HELP_H
#define SOCKD_TESTS_CHAT_HELP_H

#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

#include "handlers/chat_room.h"

static struct room *room;
static struct board *board;
static int room_fd = -1, bell = -1;
static struct seat a, b, c; /* for the slots 0, 1, 2 */

/* What a worker does when it starts in a slot. */
static inline void sit(struct seat *s, unsigned slot)
{
	s->room = room;
	s->board = board;
	s->slot = slot;
	s->bell = bell;
	room_sit(s);
}

static int new_room(void **state)
{
	(void)state;
	room_fd = memfd_create("room", MFD_CLOEXEC);
	assert_int_equal(ftruncate(room_fd, sizeof(struct room)), 0);
	room = mmap(NULL, sizeof(struct room), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE,
		room_fd, 0);
	assert_ptr_not_equal(room, MAP_FAILED);
	board = board_new(&(int){-1});
	assert_non_null(board);
	bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	board->slots_used = 3;
	for (int i = 0; i < 3; i++)
		board->slot[i].state = SLOT_BUSY;
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	memset(&c, 0, sizeof(c));
	sit(&a, 0);
	sit(&b, 1);
	sit(&c, 2);
	return 0;
}

static int free_room(void **state)
{
	(void)state;
	munmap(room, sizeof(struct room));
	board_free(board);
	close(room_fd);
	close(bell);
	return 0;
}

/* The next line, "" = none. */
static inline const char *hear(struct seat *s)
{
	static char line[ROOM_LINE_MAX + 1];

	return room_hear(s, line) ? line : "";
}

/* Line i of a writer has a length and a content that the number tells. */
static inline const char *numbered(unsigned long i)
{
	static char line[ROOM_LINE_MAX + 1];
	size_t n = (size_t)snprintf(line, sizeof(line), "%lu ", i);
	size_t fill = i % 7 == 0 ? i * 31 % 4000 : i % 60;

	memset(line + n, 'a' + (int)(i % 26), fill);
	strcpy(line + n + fill, "\n");
	return line;
}

static inline void say_numbered(struct seat *s, unsigned long i)
{
	room_say(s, "%s", numbered(i));
}

/* Number of a line that say_numbered() said; fails if it is damaged. */
static inline unsigned long number_of(const char *line)
{
	unsigned long i = strtoul(line, NULL, 10);

	assert_string_equal(line, numbered(i));
	return i;
}

static inline void reap(pid_t pid, int status_wanted)
{
	int status;

	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, status_wanted);
}

#endif
