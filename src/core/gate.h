/* gate.h: who is let in: what a worker decides about a connection before its handler sees it. */
#ifndef SOCKD_CORE_GATE_H
#define SOCKD_CORE_GATE_H

#include "board/board.h"
#include "conf/conf.h"
#include "net/access.h"
#include "net/conn.h"

/* The address lists of a service, in a form that is quick to search. Made once for a generation, shared by
 * its workers. */
struct gate_lists {
	struct access *allow; /* NULL: everybody */
	struct access *deny;  /* NULL: nobody; the same of the next */
	struct access *trusted;
};

/* Returns 0, or -1 with errno and nothing made. */
int gate_lists_make(struct gate_lists *l, const struct conf_service *conf);
void gate_lists_free(struct gate_lists *l);

/* Once in each worker. All are borrowed. */
void gate_init(const struct conf_service *conf, const struct gate_lists *l, struct board *b,
	unsigned slot, const struct board *const *older);

/* Read the PROXY header, if there is to be one, then decide. Counts and logs a refusal.
 * Returns REFUSED_NOT if the connection may be served: then gate_leave() follows; GATE_NOBODY if it ended
 * without a word. */
#define GATE_NOBODY REFUSED_REASONS
enum board_refusal gate_enter(struct conn *c);
void gate_leave(void);

/* Where the connection came from as the socket has it, while c->peer is what a PROXY header said.
 * Returns NULL if there was none. */
const struct addr *gate_via(void);

#endif
