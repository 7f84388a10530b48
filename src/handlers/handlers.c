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
	H(chat)

#define DECLARE(name) extern const struct handler handler_##name;
HANDLERS(DECLARE)

#define POINT_TO(name) &handler_##name,
static const struct handler *const table[] = {HANDLERS(POINT_TO) NULL};

const struct handler *handler_get(size_t i)
{
	return i < sizeof(table) / sizeof(table[0]) ? table[i] : NULL;
}

const struct handler *handler_find(const char *name)
{
	for (size_t i = 0; table[i]; i++) {
		if (strcmp(table[i]->name, name) == 0)
			return table[i];
	}
	return NULL;
}
