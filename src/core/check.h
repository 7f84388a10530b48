/* check.h: a handler's check of its settings, in a process of its own where that is wise. */
#ifndef SOCKD_CORE_CHECK_H
#define SOCKD_CORE_CHECK_H

#include "handlers/handler.h"

/* What h->check() says. If h->check_apart: said by a child in the chroot and as the user of the service;
 * a child that crashes, hangs or leaves is an error about that key. Blocks, for 10 s at most.
 * err  receives the reason, printable
 * Returns NULL, or the key that is wrong, valid until the next call. */
const char *check_run(
	const struct handler *h, const struct conf_service *s, char *err, size_t size);

#endif
