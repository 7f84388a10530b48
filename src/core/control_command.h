/* control_command.h: what sockctl may ask for. */
#ifndef SOCKD_CORE_CONTROL_COMMAND_H
#define SOCKD_CORE_CONTROL_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "core/control_peer.h"
#include "core/loop.h"

/* What a client waits for. */
enum control_wait { CONTROL_NOTHING, CONTROL_RELOAD, CONTROL_DIFF, CONTROL_UPGRADE };

struct control_client {
	bool used;
	struct loop_io io;
	struct loop_timer timer; /* for its line */
	struct control_peer peer;
	enum control_wait waits;
	unsigned ticket;
	size_t len;
	char line[256];
};

/* Do what c->line says, and answer, now or when the result is known. */
void control_command(struct control_client *c);

/* The connection has been used up. */
void control_close_client(struct control_client *c);

/* "ok\n" and text, or "error " and text, whose first line is the reason; then the connection is closed. */
void control_answer(struct control_client *c, bool good, const char *text);

#endif
