/* inetd.c: inetd.conf, line by line, as openbsd-inetd reads it, and inetutils-inetd where that one adds
 * something. Source: inetd(8), inetutils-inetd(8), update-inetd(8) */
#include "import/import.h"

#include <stdlib.h>
#include <string.h>

#define OFF "#<off>#" /* how update-inetd(8) disables a line */

enum { SERVICE, TYPE, PROTOCOL, WAIT, USER, PROGRAM, FIELDS };

/* "tcp6,rcvbuf=64k": the buffers become keys. Returns the address that stands for all, or NULL. */
static const char *read_protocol(struct import *s, const char *text)
{
	static const char *const known[][2] = {{"tcp", ""}, {"tcp46", ""}, {"tcp4", "0.0.0.0"},
		{"tcp6", "[::]"}, {"tcp6only", "[::]"}, {"unix", ""}};
	struct words part = words_split(text, ",", false);
	const char *any = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(known); i++) {
		if (part.n && !strcmp(part.item[0], known[i][0]))
			any = known[i][1];
	}
	for (size_t i = 1; i < part.n; i++) {
		bool send = !strncmp(part.item[i], "sndbuf=", 7);
		unsigned long n;
		char *end;
		int shift;

		if (!send && strncmp(part.item[i], "rcvbuf=", 7))
			return NULL;
		n = strtoul(part.item[i] + 7, &end, 10);
		shift = *end == 'k' ? 10 : *end == 'm' ? 20 : 0;
		import_key(s, send ? "send-buffer" : "receive-buffer", keepf("%lu", n << shift));
	}
	return any;
}

/* What sockd cannot do. Returns the reason, or NULL. */
static const char *lost(char *const field[FIELDS])
{
	if (!strcmp(field[SERVICE], "tcpmux") || !strncmp(field[SERVICE], "tcpmux/", 7))
		return "sockd has no tcpmux; give it a port of its own";
	if (!strncmp(field[PROTOCOL], "rpc/", 4))
		return "sockd does not register RPC services";
	if (!strncmp(field[PROTOCOL], "udp", 3))
		return "sockd has no UDP";
	if (strcmp(field[TYPE], "stream"))
		return "sockd has stream sockets only";
	if (!strncmp(field[WAIT], "wait", 4))
		return "wait: the program accepts by itself";
	return NULL;
}

/* w       the words of a line; the first one without its hosts */
static void read_service(struct import *s, const char *hosts, const struct words *w)
{
	struct words argv = {w->item + FIELDS, w->n - FIELDS, 0}, host = {0};
	char **field = w->item, *max = strchr(field[WAIT], '.'), *group;
	const char *any = read_protocol(s, field[PROTOCOL]);

	s->name = field[SERVICE];
	s->lost = lost(field);
	if (!any && !s->lost)
		s->lost = "its protocol is unknown";
	if (!strcmp(field[PROTOCOL], "unix"))
		words_add(&s->listen, keepf("unix:%s", s->name));
	else
		host = words_split(hosts, ",", false);
	for (size_t i = 0; i < host.n; i++) {
		const char *name = strcmp(host.item[i], "*") ? host.item[i] : any;

		words_add(&s->listen, import_address(name ? name : "", s->name));
	}
	if (max && strtoul(max + 1, NULL, 10))
		import_key(s, "rate", keepf("%lu/60", strtoul(max + 1, NULL, 10)));
	group = strchr(field[USER], ':');
	group = group ? group : strchr(field[USER], '.');
	if (group)
		*group++ = '\0';
	s->user = field[USER];
	s->group = group;
	if (!strcmp(field[PROGRAM], "internal"))
		import_builtin(s, s->name);
	else
		import_program(s, field[PROGRAM], &argv);
	import_put(s);
}

/* hosts   of the lines that name none; "HOST:" alone sets it */
static void read_line(const char *file, int line, const char *text, const char **hosts)
{
	struct import s = {.file = file, .line = line, .off = !strncmp(text, OFF, strlen(OFF))};
	const char *own = *hosts;
	struct words w;
	char *colon;

	text += s.off ? strlen(OFF) : 0;
	text += strspn(text, BLANKS);
	if (!*text || *text == '#')
		return;
	w = words_split(text, BLANKS, true);
	colon = strrchr(w.item[0], ':');
	if (colon && *w.item[0] != '/') {
		*colon = '\0';
		own = colon > w.item[0] ? w.item[0] : own;
		w.item[0] = colon + 1;
	}
	if (!*w.item[0]) {
		w.item++;
		w.n--;
	}
	if (!w.n) {
		*hosts = own;
	} else if (w.n >= FIELDS) {
		if (strpbrk(text, "\"'\\"))
			import_note(&s, NULL, 0, "quotes are read as inetutils-inetd does");
		read_service(&s, own, &w);
	} else if (!s.off) {
		problem(file, line, "expected SERVICE TYPE PROTOCOL WAIT USER PROGRAM [ARG...]");
	}
}

/* A line that begins with a blank goes on with the one before. */
void inetd_read(const char *file, char *text)
{
	const char *hosts = "*";

	for (int line = 1, next; *text; line = next) {
		char *start = text, *end = strchrnul(text, '\n');
		bool entry = !strchr("#\n", text[strspn(text, BLANKS)]) ||
			     !strncmp(text, OFF, strlen(OFF));

		for (next = line + 1; entry && *end && (end[1] == ' ' || end[1] == '\t') &&
				      end[1 + strspn(end + 1, BLANKS)] != '#';
			next++) {
			*end = ' ';
			end = strchrnul(end, '\n');
		}
		text = *end ? end + 1 : end;
		*end = '\0';
		read_line(file, line, start, &hosts);
	}
}
