/* area.h: the memory that the workers of a service share for their handler's own use. It outlives a
 * reload that keeps the handler. */
#ifndef SOCKD_CORE_AREA_H
#define SOCKD_CORE_AREA_H

#include "handlers/handler.h"

struct area {
	const struct handler *handler;
	char *module; /* whose content it is; "": the handler's own */
	void *map;    /* NULL: the handler wants none */
	int bell;     /* eventfd, or -1 */
	unsigned refs;
};

/* An area for this handler and module (NULL: none): the old one with one reference more, if it fits,
 * else a new one. Returns NULL with errno. Give it back with area_release(). */
struct area *area_get(struct area *old, const struct handler *h, const char *module);
void area_release(struct area *a);

/* In a child that has nothing to do with it. */
void area_forget(const struct area *a);

#endif
