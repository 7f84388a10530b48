/* service_fork.c: the processes of a service, and the slots that they have. */
#include "core/service_parts.h"

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "board/admit.h"
#include "core/heir.h"
#include "core/master_reload.h"
#include "core/pool_program.h"
#include "core/worker.h"

/* In the child: what others share with their workers is none of its business. */
static void forget_others(const struct service *me, const struct pool *mine)
{
	for (const struct service *s = services; s; s = s->next) {
		if (s != me)
			board_free(s->board);
		for (const struct pool *p = s->pool; p; p = p->next) {
			if (p->area != mine->area)
				area_forget(p->area);
		}
		if (s->trial && s->trial->area != mine->area)
			area_forget(s->trial->area);
	}
	heir_boards_forget(me->name);
	master_board_forget();
	log_channels_keep(me->log);
}

/* In the child: map every board anew, since what the master has mapped could be written to. */
static void boards_open(struct handler_env *env)
{
	const struct board **b;
	const char **names;
	size_t n = 0;

	for (const struct service *s = services; s; s = s->next)
		n++;
	b = calloc(n, sizeof(*b));
	names = calloc(n, sizeof(*names));
	for (const struct service *s = services; b && names && s; s = s->next) {
		names[env->n_boards] = s->name;
		b[env->n_boards] = board_open(s->board_fd);
		env->n_boards += b[env->n_boards] != NULL;
	}
	env->boards = b;
	env->names = names;
	env->master_board = board_master_open(master_board_fd);
	if (env->n_boards != n || !env->master_board)
		fatal(WORKER_FAILED, "scoreboard: %m");
}

static _Noreturn void child_run(
	struct service *s, const struct pool *p, unsigned slot, int start_fd)
{
	struct worker_args args = {
		.handler = p->area->handler,
		.env = {.service = s->name,
			.conf = p->conf,
			.slot = slot,
			.board = s->board,
			.area = p->area->map,
			.bell = p->area->bell,
			.ask_fd = s->notify.fd},
		.board = s->board,
		.older = s->older,
		.listen_fd = p->listen_fd,
		.n_listen = p->n_listen,
		.lists = &p->lists,
		.notify_fd = s->notify.fd,
		.start_fd = start_fd,
		.go_fd = pool_is_program(p) ? -1 : p->go[0],
		.generation = p->generation,
		.notify_name = pool_is_program(p) ? program_notify_open() : NULL,
		.life_fd = master_life_fd,
		.master = master_pid,
		.log = s->log,
	};

	if (args.handler->reads_boards)
		boards_open(&args.env);
	forget_others(s, p);
	worker_run(&args);
}

pid_t service_fork(struct service *s, struct pool *p, struct worker *w)
{
	struct board *b = s->board;
	int start[2] = {-1, -1};
	unsigned i = 0;
	pid_t pid;

	while (i < BOARD_SLOTS && s->slot_taken[i])
		i++;
	if (i == BOARD_SLOTS) {
		log_service(LOG_ERR, s->name, "has no free slot for a worker");
		return -1;
	}
	if (pool_is_program(p) && pipe2(start, O_CLOEXEC | O_NONBLOCK) < 0) {
		log_service(LOG_ERR, s->name, "fork: pipe: %m");
		return -1;
	}
	s->slot_taken[i] = 1;
	if (i + 1 > atomic_load(&b->slots_used))
		atomic_store(&b->slots_used, i + 1);
	w->connections = atomic_load(&b->slot[i].connections);
	atomic_store(&b->slot[i].since_ms, w->started_ms);
	atomic_store(&b->slot[i].state, SLOT_STARTING);
	b->worker[i].generation = p->generation;
	b->worker[i].started_ms = w->started_ms;
	pid = fork();
	if (pid == 0)
		child_run(s, p, i, start[1]);
	if (pid < 0) {
		log_service(LOG_ERR, s->name, "fork: %m");
		service_slot_clear(s, i);
		fd_close(&start[0]);
	}
	fd_close(&start[1]);
	w->slot = i;
	b->worker[i].pid = pid > 0 ? pid : 0;
	if (start[0] >= 0)
		w->start = pid > 0 ? program_watch(p, start[0]) : NULL;
	if (pid > 0 && pool_is_program(p) && !w->start) {
		log_service(LOG_ERR, s->name, "fork: its start cannot be watched: %m");
		(void)kill(pid, SIGKILL); /* to be tried again */
	}
	return pid;
}

void service_slot_clear(struct service *s, unsigned slot)
{
	struct board_slot *b = &s->board->slot[slot];

	s->slot_taken[slot] = 0;
	admit_clear(s->board, slot);
	s->board->worker[slot].pid = 0;
	atomic_store(&b->state, SLOT_EMPTY);
	/* A worker that died between asking for growth and ringing must not silence the others. */
	atomic_store(&s->board->wanted, 0);
}

void service_retire_check(struct service *s)
{
	uint32_t r = atomic_load(&s->board->retiring);

	if (r && (r > BOARD_SLOTS || !s->slot_taken[r - 1]))
		atomic_store(&s->board->retiring, 0);
}
