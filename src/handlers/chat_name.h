/* chat_name.h: nicks in the room: read, written, and unique without a lock. */
#ifndef SOCKD_HANDLERS_CHAT_NAME_H
#define SOCKD_HANDLERS_CHAT_NAME_H

#include <stdbool.h>

#include "handlers/chat_room.h"

/* True if text is a nick: 1 to ROOM_NICK_MAX of letters, digits, '_', '-', '.'. */
bool name_is_valid(const char *text);

/* Read a name while its owner may be writing it. */
void name_read(const struct room_name *name, char out[ROOM_NICK_MAX + 1]);

/* Take a valid nick; the first one makes the seat's owner a member. Upper and lower case are the
 * same.
 * Returns 0, or -1 if another member has it, or takes it at this moment and sits in a lower slot.
 */
int name_take(struct seat *s, const char *nick);

/* Forget a claim that a killed worker has left in our slot. */
void name_drop_claim(struct seat *s);

#endif
