/* master_reload.c: a reload from HUP to its result, without blocking: a child reads the settings, its
 * answer comes through a pipe; a plan is made of it; the first worker of each changed service is tried;
 * then all of it is put into force, or thrown away. */
#include "core/master_reload.h"

#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/sdnotify.h"
#include "core/control.h"
#include "core/loop.h"
#include "core/pool_program.h"
#include "core/reload.h"
#include "core/service.h"
#include "core/upgrade.h"

#define READ_LIMIT_MS   60000 /* for the child, whose resolver may hang */
#define TRIAL_LIMIT_MS  30000 /* for the first workers of all services together */
#define PROGRAM_MS      300   /* that a program must live on: many say too early "ready" */
#define NOTIFY_AGAIN_MS 100
#define STATUS_MAX      300 /* of a reason; the log has all of it */

static void on_answer(void *arg);
static void on_overdue(void *arg);
static void on_trials(void *arg);

static struct {
	pid_t child; /* 0: none */
	int status;  /* of the child, once it is reaped */
	bool reaped, ended;
	bool busy;          /* one is in work */
	bool dry;           /* to tell what it would change, no more */
	bool again[2];      /* another was asked for meanwhile: in earnest, dry */
	unsigned ticket[2]; /* of the one in work, or of the last one */
	struct buf answer;
	struct buf result; /* why it failed, a line each */
	struct loop_io io;
	struct loop_timer overdue; /* for the child, then for the trials */
	uint64_t settled_ms;       /* not before that */
	struct loop_timer decide;  /* at once: a trial has ended */
	struct plan plan;
	struct settings *fresh; /* while they are tried */
} reload = {
	.io = {-1, on_answer, NULL}, .overdue = {.fn = on_overdue}, .decide = {.fn = on_trials}};

const char *master_source_name(void)
{
	return master.o->source.path ? master.o->source.path : master.o->source.text_name;
}

static void child_kill(void)
{
	if (reload.child > 0 && !reload.reaped)
		kill(reload.child, SIGKILL);
}

static PRINTF_LIKE(1, 2) void failed_because(const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!reload.dry)
		log_msg(LOG_ERR, "reload: %s", text);
	buf_printf(&reload.result, "%s\n", text);
}

static void failed_with(const struct buf *err)
{
	if (!reload.dry)
		master_errors_log("reload: ", err);
	buf_puts(&reload.result, err->data ? err->data : "out of memory\n");
}

/* systemd waits for this one, and its socket may be full. */
static void ready_notify(void *arg)
{
	if (sdnotify("READY=1") < 0 && (errno == EAGAIN || errno == ENOBUFS))
		loop_timer_set(arg, NOTIFY_AGAIN_MS);
}

/* Bytes of the first line, as far as they find room. */
static int status_length(const char *text)
{
	size_t n = strcspn(text, "\n");

	return n < STATUS_MAX ? (int)n : STATUS_MAX;
}

/* The end of a reload: the world is told. */
static void result_tell(bool good, const char *text)
{
	static struct loop_timer ready = {.fn = ready_notify, .arg = &ready};
	char now[LOG_TIME_MAX];

	if (good)
		log_msg(LOG_NOTICE, "reload: done");
	else
		log_msg(LOG_ERR, "reload: failed; the old settings stay in force");
	master_state_set(STATE_RUNNING);
	master_board_reloaded(good, text);
	log_time(now);
	if (sdnotify("READY=1\nSTATUS=serving; reload at %s %s%.*s", now,
		    good ? "done" : "failed: ", good ? 0 : status_length(text), text) < 0)
		loop_timer_set(&ready, NOTIFY_AGAIN_MS);
}

static void conclude(bool good)
{
	struct buf result = reload.result;
	bool dry = reload.dry;

	loop_timer_clear(&reload.overdue);
	loop_timer_clear(&reload.decide);
	reload.result = (struct buf){0};
	reload.busy = false;
	if (!dry)
		result_tell(good, result.data ? result.data : "");
	control_reloaded(dry, reload.ticket[dry], good, result.data ? result.data : "done\n");
	buf_free(&result);
	reload_resume();
}

/* Stop reading. */
static void child_forget(void)
{
	if (reload.io.fd >= 0) {
		loop_remove(&reload.io);
		fd_close(&reload.io.fd);
	}
	child_kill();
	reload.child = 0;
	buf_free(&reload.answer);
}

static void on_overdue(void *arg)
{
	(void)arg;
	if (reload.fresh) {
		for (size_t i = 0; i < reload.plan.n; i++) {
			const struct plan_item *it = &reload.plan.item[i];

			if (it->fresh && it->fresh->n && !it->fresh->ready)
				failed_because(
					"%s:%d: service '%s': its first worker was not ready in %d s",
					it->conf->file, it->conf->line, it->conf->name,
					TRIAL_LIMIT_MS / 1000);
		}
		reload.plan.failed = true;
		on_trials(NULL);
		return;
	}
	failed_because("the settings could not be read in %d s", READ_LIMIT_MS / 1000);
	/* Not even its death is waited for: a file server that hangs may put that off for ever. */
	child_forget();
	conclude(false);
}

static void reload_begin(bool dry)
{
	pid_t child = 0;

	reload.again[dry] = false;
	reload.ticket[dry]++;
	reload.dry = dry;
	reload.busy = true;
	reload.io.fd = settings_child(&master.o->source, CONF_DUMP_RESOLVED, &child);
	reload.child = child;
	reload.reaped = reload.ended = false;
	if (reload.io.fd < 0 || loop_add(&reload.io) < 0) {
		failed_because("cannot start: %m");
		child_forget();
		conclude(false);
		return;
	}
	loop_timer_set(&reload.overdue, READ_LIMIT_MS);
	if (dry)
		return;
	master_state_set(STATE_RELOADING);
	(void)sdnotify("RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=reloading",
		(unsigned long long)mono_us());
	log_msg(LOG_NOTICE, "reload: reading %s", master_source_name());
}

unsigned reload_next(bool dry)
{
	return reload.ticket[dry] + 1;
}

bool reload_wanted(void)
{
	return reload.again[false];
}

void reload_request(bool dry)
{
	reload.again[dry] = true;
	reload_resume();
}

void reload_resume(void)
{
	upgrade_resume();
	if (master.state != STATE_RUNNING || reload.busy)
		return;
	if (reload.again[false])
		reload_begin(false);
	else if (reload.again[true])
		reload_begin(true);
}

/* What a reload would change, and what sockctl and signals have changed that it would take back. */
static bool tell_difference(const char *dump)
{
	int level = master.log->shared->level;
	struct buf err = {0};

	reload.fresh = settings_parse(dump, master_source_name(), master.o->source.flags, &err);
	if (!reload.fresh) {
		failed_with(&err);
		buf_free(&err);
		return false;
	}
	for (const struct service *s = services; s; s = s->next) {
		if (s->pool && s->pool->adjust)
			buf_printf(&reload.result,
				"service '%s': workers: scaled to %ld -> as in the settings (the pool is resized)\n",
				s->name, s->pool->conf->workers + s->pool->adjust);
	}
	if (level != master.settings->conf->log_level)
		buf_printf(&reload.result,
			"log-level: changed to %s -> as in the settings (nothing else)\n",
			log_level_name(level));
	conf_diff(master.settings->conf, reload.fresh->conf, &reload.result);
	if (!reload.result.len)
		buf_puts(&reload.result, "no difference\n");
	return true;
}

static bool differ(const char *a, const char *b)
{
	return strcmp(a ? a : "", b ? b : "") != 0;
}

/* Every trial was good: put it all into force. */
static void commit(void)
{
	struct settings *old = master.settings, *fresh = reload.fresh;
	struct logger_options logger;

	if (differ(old->conf->pidfile, fresh->conf->pidfile))
		log_msg(LOG_WARNING, "reload: a new pidfile is made at the next start");
	if (differ(old->conf->control_socket, fresh->conf->control_socket))
		log_msg(LOG_WARNING, "reload: a new control-socket is made at the next start");
	control_group_set(fresh->conf);
	master.settings = settings_hold(fresh);
	settings_release(old);
	log_channels_set_level(fresh->conf->log_level);
	master_logger_options(&logger);
	logger_restart(&logger);
	plan_commit(&reload.plan);
	service_store_listeners();
}

static void plan_end(void)
{
	plan_free(&reload.plan);
	service_close_all_dropped();
	settings_release(reload.fresh);
	reload.fresh = NULL;
	malloc_trim(0); /* what so many small pieces took would stay */
}

/* The trials are over, or one has failed. */
static void on_trials(void *arg)
{
	bool good = !reload.plan.failed;

	(void)arg;
	if (!reload.fresh || (good && reload.plan.waiting))
		return;
	if (good && mono_ms() < reload.settled_ms) {
		loop_timer_set(&reload.decide, reload.settled_ms - mono_ms());
		return;
	}
	if (good)
		commit();
	else
		plan_abort(&reload.plan);
	plan_end();
	conclude(good);
}

void reload_tried(struct service *s, const char *failure)
{
	if (!reload.fresh || !s->trial)
		return;
	if (failure)
		failed_because("%s:%d: service '%s': its first worker %s; the log may say why",
			s->trial->conf->file, s->trial->conf->line, s->name, failure);
	else
		reload.plan.waiting--;
	if (!failure && pool_is_program(s->trial))
		reload.settled_ms = mono_ms() + PROGRAM_MS;
	reload.plan.failed |= failure != NULL;
	loop_timer_set(&reload.decide, 0);
}

/* The new settings are good as text: see whether they work. Returns false if the reload has ended. */
static bool try(const char *dump)
{
	struct logger_options logger;
	struct buf err = {0};

	reload.fresh = settings_parse(dump, master_source_name(), master.o->source.flags, &err);
	if (!reload.fresh || plan_make(&reload.plan, reload.fresh, 0, &err) < 0) {
		failed_with(&err);
		buf_free(&err);
		return false;
	}
	buf_free(&err);
	if (plan_prepare(&reload.plan) < 0) {
		failed_because("not enough memory or descriptors");
		return false;
	}
	if (reload.plan.adds) {
		/* What their trials say is read by a logger that knows them. */
		master_logger_options(&logger);
		logger_restart(&logger);
	}
	loop_timer_set(&reload.overdue, TRIAL_LIMIT_MS);
	if (plan_try(&reload.plan) == 0)
		loop_timer_set(&reload.decide, 0);
	return true;
}

/* The answer is complete and the child is reaped: act on it. */
static void answer_end(void)
{
	bool good = settings_answer(&reload.answer, reload.status);

	loop_timer_clear(&reload.overdue);
	reload.child = 0;
	if (!good)
		failed_with(&reload.answer);
	else
		good = reload.dry ? tell_difference(reload.answer.data) : try(reload.answer.data);
	buf_free(&reload.answer);
	if (!good || reload.dry) {
		plan_end();
		conclude(good);
	}
}

static void on_answer(void *arg)
{
	(void)arg;
	if (buf_read(&reload.answer, reload.io.fd) > 0)
		return;
	loop_remove(&reload.io);
	fd_close(&reload.io.fd);
	reload.ended = true;
	if (reload.reaped)
		answer_end();
}

bool reload_reaped(pid_t pid, int status)
{
	if (!reload.child || pid != reload.child)
		return false;
	reload.reaped = true;
	reload.status = status;
	if (reload.ended)
		answer_end();
	return true;
}

void reload_cancel(void)
{
	for (int dry = 0; dry < 2; dry++)
		control_reloaded(dry, reload.ticket[dry] + 1, false, "sockd is leaving\n");
	reload.again[false] = reload.again[true] = false;
	loop_timer_clear(&reload.overdue);
	loop_timer_clear(&reload.decide);
	child_forget();
	if (reload.fresh && !reload.dry)
		plan_abort(&reload.plan);
	plan_end();
	reload.busy = false;
}
