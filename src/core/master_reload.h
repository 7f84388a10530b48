/* master_reload.h: what the master remembers, and its reload. */
#ifndef SOCKD_CORE_MASTER_RELOAD_H
#define SOCKD_CORE_MASTER_RELOAD_H

#include <stdbool.h>
#include <sys/types.h>

#include "core/logger.h"
#include "core/master.h"
#include "core/settings.h"

enum master_state {
	STATE_STARTING,
	STATE_RUNNING,
	STATE_RELOADING,
	STATE_UPGRADING,
	STATE_STOPPING,
	STATE_TERMINATING,
};

struct master {
	const struct master_options *o;
	enum master_state state;
	struct settings *settings; /* in force */
	struct log_channel *log;
	int life_fd; /* writing end of a pipe, never written to: it closes when this process dies */
	int status;  /* exit status, should it end now */
};
extern struct master master;

/* What the settings ask of the logger. */
void master_logger_options(struct logger_options *o);

/* Log what is wrong with the settings, a line each. */
void master_errors_log(const char *prefix, const struct buf *err);

/* Name of the settings for messages. */
const char *master_source_name(void);

/* Read the settings again, or as soon as a reload in work has ended. Never blocks; it may be over on
 * return. dry  only to tell what would change: control_reloaded() */
void reload_request(bool dry);

/* True if one in earnest was asked for and has not begun. */
bool reload_wanted(void);

/* Ticket of the next one. */
unsigned reload_next(bool dry);

/* The last of those that a stop waits for may be gone: end, if it is so. */
void master_check_finished(void);

/* A gentle stop. */
void master_stop(void);
void master_state_set(enum master_state state);

/* service_events.tried() */
struct service;
void reload_tried(struct service *s, const char *failure);

/* Write on the board of the master. In master_board.c. */
int master_board_init(void);
void master_board_state(void); /* it has changed */
void master_board_reloaded(bool good, const char *text);
void master_board_forget(void); /* in a child */

/* Do what was asked for while it could not be done. */
void reload_resume(void);

/* A child was reaped. Returns true if it was the one that reads settings. */
bool reload_reaped(pid_t pid, int status);

/* Forget a reload in work. */
void reload_cancel(void);

#endif
