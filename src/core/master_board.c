/* master_board.c: what sockd tells of itself to whoever may read its scoreboard. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "board/board.h"
#include "core/master_reload.h"
#include "core/service.h"

static struct board_master *board;

int master_board_init(void)
{
	board = board_master_new(&master_board_fd);
	if (!board)
		return -1;
	board->pid = getpid();
	board->started_s = board->loaded_s = (uint64_t)time(NULL);
	snprintf(board->sockd, sizeof(board->sockd), "%s", PACKAGE_VERSION);
	snprintf(board->file, sizeof(board->file), "%s", master_source_name());
	return 0;
}

/* What is inherited could be written to. */
void master_board_forget(void)
{
	board_master_free(board);
	board = NULL;
}

void master_board_state(void)
{
	board->state = master.state;
}

void master_board_reloaded(bool good, const char *text)
{
	atomic_fetch_add(&board->version, 1);
	snprintf(board->reload_text, sizeof(board->reload_text), "%s", good ? "done" : text);
	board->reloaded_s = (uint64_t)time(NULL);
	if (good)
		board->loaded_s = board->reloaded_s;
	atomic_fetch_add(good ? &board->reloads_good : &board->reloads_bad, 1);
	atomic_fetch_add(&board->version, 1);
	master_board_state();
}
