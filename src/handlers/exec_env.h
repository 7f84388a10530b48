/* exec_env.h: the environment of a program that serves one connection. */
#ifndef SOCKD_HANDLERS_EXEC_ENV_H
#define SOCKD_HANDLERS_EXEC_ENV_H

#include "handlers/handler.h"

/* Make what is the same for all connections. Returns 0, or -1: out of memory. */
int exec_env_init(const struct handler_env *env);

/* The environment for a connection: borrowed, good until the next call. A unix socket has no numeric
 * addresses, and no variables that tell them. Source: UCSPI (PROTO, TCPREMOTEIP, ...) */
char *const *exec_env(struct conn *c);

#endif
