/* reload.h: go from the settings in force to others, or stay exactly as before. */
#ifndef SOCKD_CORE_RELOAD_H
#define SOCKD_CORE_RELOAD_H

#include <stdbool.h>
#include <stddef.h>

#include "core/settings.h"
#include "net/listener.h"

/* What will become of one service. */
struct plan_item {
	const struct conf_service *conf;
	struct service *service;   /* NULL until plan_prepare(): a new one */
	unsigned effect;           /* enum conf_effect, or-ed */
	struct listener *listener; /* the new set */
	bool *kept;                /* for each: in force already, so not ours to close */
	size_t n;
	struct pool *fresh; /* of the new generation, if there is to be one */
};

struct plan {
	struct settings *settings;
	struct plan_item *item; /* one for each enabled service */
	size_t n;
	size_t waiting; /* trials that are not decided */
	bool failed;    /* one was */
	bool adds;      /* a service that was not there before */
};

/* Work out what changes, and open every listener that is not there yet. Nothing in force is touched.
 * retry_ms  how long to wait for an address in use; it blocks, so only at start-up
 * err       receives the reasons, a line each
 * Returns 0, or -1: then all that was opened is closed again. */
int plan_make(struct plan *p, struct settings *settings, int retry_ms, struct buf *err);

/* Make everything that the plan needs and that can fail, such as new services, still without effect.
 * Returns 0, or -1 after logging why: then nothing is left of it. */
int plan_prepare(struct plan *p);

/* Start the first worker of each service that gets new ones. service_events.tried() tells about each.
 * Returns how many there are. */
size_t plan_try(struct plan *p);

/* Send away what plan_try() has started; plan_free() follows. */
void plan_abort(struct plan *p);

/* Put the plan into force. */
void plan_commit(struct plan *p);

/* The program before has given up: the listeners that were lent are ours. */
void reload_listeners_own(void);

/* Give up the plan, and whatever of it was not put into force. */
void plan_free(struct plan *p);

#endif
