/* handlers.c: the table of handlers. */
#include "handlers/handler.h"

#include <string.h>

/* One line for each, in the order of the manual page. */
#define HANDLERS(H) \
	H(echo) \
	H(discard) \
	H(chargen) \
	H(qotd) \
	H(daytime) \
	H(time) \
	H(chat) \
	H(exec) \
	H(program) \
	H(module) \
	H(proxy) \
	H(status)

#define DECLARE(name) extern const struct handler handler_##name;
HANDLERS(DECLARE)

#define POINT_TO(name) &handler_##name,
const struct handler *const handlers[] = {HANDLERS(POINT_TO) NULL};

const struct handler *handler_find(const char *name)
{
	for (size_t i = 0; handlers[i]; i++) {
		if (strcmp(handlers[i]->name, name) == 0)
			return handlers[i];
	}
	return NULL;
}
