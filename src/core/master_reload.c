/* master_reload.c: a reload from HUP to its result, without blocking: a child reads the settings, its
 * answer comes through a pipe; a plan is made of it; the first worker of each changed service is tried;
 * then all of it is put into force, or thrown away. */
#include "core/master_reload.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/sdnotify.h"
#include "core/loop.h"
#include "core/reload.h"
#include "core/service.h"

#define READ_LIMIT_MS  60000 /* for the child, whose resolver may hang */
#define TRIAL_LIMIT_MS 30000 /* for the first workers of all services together */

static void on_answer(void *arg);
static void on_overdue(void *arg);
static void on_trials(void *arg);

static struct {
	pid_t child; /* 0: none */
	int status;  /* of the child, once it is reaped */
	bool reaped, ended;
	bool again;      /* another reload was asked for meanwhile */
	unsigned ticket; /* of the reload in work, or of the last one */
	struct buf answer;
	struct buf result; /* why it failed, a line each */
	struct loop_io io;
	struct loop_timer overdue; /* for the child, then for the trials */
	struct loop_timer decide;  /* at once: a trial has ended */
	struct plan plan;
	struct settings *fresh; /* while they are tried */
} reload = {
	.io = {-1, on_answer, NULL}, .overdue = {.fn = on_overdue}, .decide = {.fn = on_trials}};

void (*reload_ended)(unsigned ticket, bool good, const char *text);

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
	log_msg(LOG_ERR, "reload: %s", text);
	buf_printf(&reload.result, "%s\n", text);
}

static void failed_with(const struct buf *err)
{
	master_errors_log("reload: ", err);
	buf_puts(&reload.result, err->data ? err->data : "out of memory\n");
}

/* The end of a reload, and whoever asked for it is told. */
static void conclude(bool good)
{
	char now[LOG_TIME_MAX];

	loop_timer_clear(&reload.overdue);
	loop_timer_clear(&reload.decide);
	if (good)
		log_msg(LOG_NOTICE, "reload: done");
	else
		log_msg(LOG_ERR, "reload: failed; the old settings stay in force");
	master.state = STATE_RUNNING;
	master_board_reloaded(good, reload.result.data ? reload.result.data : "");
	log_time(now);
	(void)sdnotify("READY=1\nSTATUS=serving; reload at %s %s%.*s", now,
		good ? "done" : "failed: ",
		good ? 0 : (int)strcspn(reload.result.data ? reload.result.data : "", "\n"),
		reload.result.data ? reload.result.data : "");
	if (reload_ended)
		reload_ended(reload.ticket, good, reload.result.data ? reload.result.data : "");
	buf_free(&reload.result);
	reload_resume();
}

static void on_overdue(void *arg)
{
	(void)arg;
	if (reload.fresh) {
		for (size_t i = 0; i < reload.plan.n; i++) {
			const struct plan_item *it = &reload.plan.item[i];

			if (it->fresh && !it->fresh->ready)
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
	child_kill();
}

static void reload_begin(void)
{
	pid_t child = 0;

	reload.again = false;
	reload.ticket++;
	reload.io.fd = settings_child(&master.o->source, CONF_DUMP_RESOLVED, &child);
	reload.child = child;
	reload.reaped = reload.ended = false;
	if (reload.io.fd < 0 || loop_add(&reload.io) < 0) {
		failed_because("cannot start: %m");
		reload_cancel();
		conclude(false);
		return;
	}
	master.state = STATE_RELOADING;
	loop_timer_set(&reload.overdue, READ_LIMIT_MS);
	(void)sdnotify("RELOADING=1\nMONOTONIC_USEC=%llu\nSTATUS=reloading",
		(unsigned long long)mono_ms() * 1000);
	log_msg(LOG_NOTICE, "reload: reading %s", master_source_name());
}

unsigned reload_request(void)
{
	if (master.state == STATE_RUNNING) {
		unsigned ticket = reload.ticket + 1;

		reload_begin();
		return ticket;
	}
	reload.again = true;
	return reload.ticket + 1;
}

void reload_resume(void)
{
	if (reload.again)
		reload_begin();
}

/* Every trial was good: put it all into force. */
static void commit(void)
{
	struct settings *old = master.settings, *fresh = reload.fresh;
	struct logger_options logger;

	if (strcmp(old->conf->pidfile ? old->conf->pidfile : "",
		    fresh->conf->pidfile ? fresh->conf->pidfile : "") != 0)
		log_msg(LOG_WARNING, "reload: a new pidfile is made at the next start");
	master.settings = settings_hold(fresh);
	settings_release(old);
	log_channels_set_level(fresh->conf->log_level);
	master_logger_options(&logger);
	logger_restart(&logger);
	plan_commit(&reload.plan);
}

static void plan_end(void)
{
	plan_free(&reload.plan);
	settings_release(reload.fresh);
	reload.fresh = NULL;
}

/* The trials are over, or one has failed. */
static void on_trials(void *arg)
{
	bool good = !reload.plan.failed;

	(void)arg;
	if (!reload.fresh || (good && reload.plan.waiting))
		return;
	if (good)
		commit();
	else
		plan_abort(&reload.plan);
	plan_end();
	conclude(good);
}

void reload_tried(struct service *s, bool good)
{
	if (!reload.fresh || !s->trial)
		return;
	if (good)
		reload.plan.waiting--;
	else
		failed_because("%s:%d: service '%s': its first worker ended before it was needed; "
			       "the log may say why",
			s->trial->conf->file, s->trial->conf->line, s->name);
	reload.plan.failed |= !good;
	loop_timer_set(&reload.decide, 0);
}

/* The new settings are good as text: see whether they work. Returns false if the reload has ended. */
static bool try(const char *dump)
{
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
		good = try(reload.answer.data);
	buf_free(&reload.answer);
	if (!good) {
		plan_end();
		conclude(false);
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
	reload.again = false;
	loop_timer_clear(&reload.overdue);
	loop_timer_clear(&reload.decide);
	if (reload.io.fd >= 0) {
		loop_remove(&reload.io);
		fd_close(&reload.io.fd);
	}
	child_kill();
	reload.child = 0;
	buf_free(&reload.answer);
	if (reload.fresh) {
		plan_abort(&reload.plan);
		plan_end();
	}
}
