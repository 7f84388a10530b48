/* area.c: shared memory and a bell, counted by the pools that use them. */
#include "core/area.h"

#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>

struct area *area_get(struct area *old, const struct handler *h, const char *module)
{
	struct area *a;

	module = module ? module : "";
	if (old && old->handler == h && !strcmp(old->module, module)) {
		old->refs++;
		return old;
	}
	a = calloc(1, sizeof(*a));
	if (!a)
		return NULL;
	*a = (struct area){.handler = h, .module = strdup(module), .bell = -1, .refs = 1};
	if (a->module && !h->area_size)
		return a;
	if (a->module)
		a->map = mmap(NULL, h->area_size, PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (a->map == MAP_FAILED)
		a->map = NULL;
	if (a->map)
		a->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (a->bell >= 0)
		return a;
	area_release(a);
	return NULL;
}

void area_release(struct area *a)
{
	if (!a || --a->refs)
		return;
	area_forget(a);
	fd_close(&a->bell);
	free(a->module);
	free(a);
}

void area_forget(const struct area *a)
{
	if (a->map)
		munmap(a->map, a->handler->area_size);
}
