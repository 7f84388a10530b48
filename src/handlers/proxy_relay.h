/* proxy_relay.h: carry bytes both ways between a client and an upstream. */
#ifndef SOCKD_HANDLERS_PROXY_RELAY_H
#define SOCKD_HANDLERS_PROXY_RELAY_H

#include <stddef.h>
#include <stdint.h>

#include "net/conn.h"

/* Relay until both sides have sent their FIN, which is passed on to the other side each time, or one is
 * gone. What a side sent before it went away still reaches the other. A side sees a FIN only if the
 * other one sent it: after a failure the upstream is reset, and the client if the upstream failed.
 * upstream  connected, non-blocking; stays open
 * head      n bytes for the upstream, before those of the client and in one segment with the first
 *           if these have come
 * start_ms  of mono_ms(): what first-byte-timeout counts from
 * Sets c->end: "eof", "reset", a time-out, "terminated", "error"; "upstream-reset", "upstream-error". */
void relay_run(struct conn *c, int upstream, const void *head, size_t n, uint64_t start_ms);

#endif
