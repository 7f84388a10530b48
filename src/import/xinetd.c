/* xinetd.c: xinetd.conf and what it includes. Source: xinetd.conf(5), and how xinetd 2.3.15 behaves. */
#include "import/import.h"

#include <stdlib.h>
#include <string.h>

#define WORKERS_MAX 10000 /* what sockd.conf(5) allows */

struct attr {
	struct attr *next;
	const char *file;
	int line;
	const char *name;
	char op;  /* '=', '+', '-' */
	bool own; /* not from the defaults, where = is += */
	const char *text;
	struct words value;
};

struct entry {
	struct entry *next;
	const char *file;
	int line;
	const char *name;
	struct attr *first, **last;
};

static struct entry *entries, **entries_last = &entries;
static struct entry defaults = {.last = &defaults.first};

/* --- Reading ------------------------------------------------------------------------------------ */

static void read_attr(struct entry *e, const char *file, int line, const char *text)
{
	size_t n = strcspn(text, BLANKS "=+-");
	const char *op = text + n + strspn(text + n, BLANKS),
		   *value = op + (*op == '+' || *op == '-');
	struct attr a = {.file = file, .line = line, .name = keep(text, n), .op = *op, .own = true};

	if (*value != '=') {
		problem(file, line, "expected ATTRIBUTE = VALUE..., or +=, or -=");
		return;
	}
	if (!strcmp(a.name, "interface"))
		a.name = "bind";
	value += 1 + strspn(value + 1, BLANKS);
	a.text = keepf("%s", value);
	a.value = words_split(value, BLANKS, false);
	*e->last = keep(&a, sizeof(a));
	e->last = &(*e->last)->next;
}

void xinetd_read(const char *file, char *text, unsigned depth)
{
	struct entry *e = NULL;
	bool open = false;
	int line = 0;

	for (char *end; *text; text = end) {
		struct words w;

		end = strchrnul(text, '\n');
		if (*end)
			*end++ = '\0';
		line++;
		text += strspn(text, BLANKS);
		w = words_split(text, BLANKS, false);
		if (!w.n || *text == '#')
			continue;
		if (e && !open && *text != '{') {
			problem(e->file, e->line, "expected '{' on the next line");
			e = NULL;
		}
		if (e && open && w.n == 1 && !strcmp(w.item[0], "}")) {
			if (e != &defaults)
				entries_last = &(*entries_last = e)->next;
			e = NULL;
		} else if (e && open) {
			read_attr(e, file, line, text);
		} else if (e && *text == '{') {
			open = true;
		} else if (!strcmp(w.item[0], "service") && w.n > 1) {
			e = keep(&(struct entry){.file = file, .line = line, .name = w.item[1]},
				sizeof(*e));
			e->last = &e->first;
			open = *w.item[w.n - 1] == '{';
		} else if (!strcmp(w.item[0], "defaults")) {
			e = &defaults;
			open = w.n > 1;
		} else if (!strncmp(w.item[0], "include", 7) && w.n > 1) {
			file_read(w.item[1], 'x', depth + 1, file, line);
		} else {
			problem(file, line,
				"expected service NAME, defaults, include or includedir");
		}
	}
	if (e)
		problem(file, line, "an entry is not closed");
}

/* --- Attributes --------------------------------------------------------------------------------- */

/* The last one with a name: that of the service, if it has one. */
static const struct attr *attr_in(const struct entry *e, const char *name)
{
	const struct attr *found = NULL;

	for (const struct attr *a = e->first; a; a = a->next) {
		if (!strcmp(a->name, name))
			found = a;
	}
	return found;
}

/* The first value of an attribute, or NULL. */
static const char *get(const struct entry *e, const char *name)
{
	const struct attr *a = attr_in(e, name);

	return a && a->value.n ? a->value.item[0] : NULL;
}

static bool is(const struct entry *e, const char *name, const char *word)
{
	const struct attr *a = e->first;

	while (a && (strcmp(a->name, name) || !words_have(&a->value, word)))
		a = a->next;
	return a;
}

/* Of NAME=VALUE, any value. */
static void words_remove(struct words *w, const char *text)
{
	size_t n = 0, len = strcspn(text, "=") + 1;

	for (size_t i = 0; i < w->n; i++) {
		if (strncmp(w->item[i], text, len) != 0)
			w->item[n++] = w->item[i];
	}
	w->n = n;
}

/* Follow the operators of a list. Returns how many of its items no prefix stands for.
 * address   they are addresses, and told if they are such */
static unsigned collect(
	struct import *s, const struct entry *e, const char *name, bool address, struct words *out)
{
	unsigned lost = 0;

	for (const struct attr *a = e->first; a; a = a->next) {
		if (strcmp(a->name, name))
			continue;
		if (a->own && a->op == '=')
			out->n = lost = 0;
		for (size_t i = 0; i < a->value.n; i++) {
			struct words item = {0};

			if (!address) {
				words_add(&item, a->value.item[i]);
			} else if (!address_add(s, a->file, a->line, a->value.item[i], &item)) {
				import_note(s, a->file, a->line, "%s: no address for %s", name,
					a->value.item[i]);
				lost += a->op != '-';
			}
			for (size_t k = 0; k < item.n; k++) {
				words_remove(out, item.item[k]);
				if (a->op != '-')
					words_add(out, item.item[k]);
			}
		}
	}
	return lost;
}

/* Never let in more than before: where no address is left, nobody comes in, or the service is off. */
static void import_access(struct import *s, const struct entry *e)
{
	struct words allow = {0}, deny = {0};

	collect(s, e, "only_from", true, &allow);
	if (attr_in(e, "only_from") && !allow.n) {
		import_note(s, NULL, 0, "only_from leaves no address: nobody is let in");
		words_add(&deny, "0.0.0.0/0");
		words_add(&deny, "::/0");
	} else if (collect(s, e, "no_access", true, &deny)) {
		import_note(s, NULL, 0, "left off until deny says who no_access meant");
		s->off = true;
	}
	for (size_t i = 0; i < deny.n && allow.n; i++) {
		if (strchr(deny.item[i], '/'))
			import_note(s, NULL, 0,
				"deny %s wins; in xinetd a closer match in only_from did",
				deny.item[i]);
	}
	import_list(s, "allow", &allow);
	import_list(s, "deny", &deny);
}

/* --- One service -------------------------------------------------------------------------------- */

enum kind { COUNT, RATE, VALUE, WORDS, LIMIT };

static const struct translation {
	const char *name, *key;
	enum kind kind;
} translation[] = {
	{"instances", "max-workers", COUNT},
	{"per_source", "max-per-source", COUNT},
	{"cps", "rate", RATE},
	{"nice", "nice", VALUE},
	{"umask", "umask", VALUE},
	{"env", "environment", WORDS},
	{"passenv", "pass-environment", WORDS},
	{"rlimit_files", "nofile", LIMIT},
	{"rlimit_as", "as", LIMIT},
	{"rlimit_cpu", "cpu", LIMIT},
};

/* Attributes that are looked at elsewhere, or that nobody misses. */
static const char elsewhere[] =
	" id type flags disable socket_type protocol wait user group server server_args port redirect "
	"bind only_from no_access v6only groups enabled disabled log_type log_on_success "
	"log_on_failure mdns rpc_version rpc_number ";

static void import_attr(
	struct import *s, const struct entry *e, const struct translation *t, struct words *limits)
{
	const char *value = get(e, t->name);
	char *unit = NULL;
	unsigned long long n = value ? strtoull(value, &unit, 10) : 0;
	struct words list = {0};

	n = t->kind == COUNT && n > WORKERS_MAX ? WORKERS_MAX : n;
	if (t->kind == WORDS) {
		collect(s, e, t->name, false, &list);
		list.n = s->command.n ? list.n : 0;
		import_list(s, t->key, &list);
	} else if (value && t->kind == VALUE) {
		import_key(s, t->key, value);
	} else if (value && t->kind == LIMIT) {
		n <<= *unit == 'k' || *unit == 'K' ? 10 : *unit == 'm' || *unit == 'M' ? 20 : 0;
		words_add(limits, *value == 'U' ? keepf("%s = unlimited", t->key)
						: keepf("%s = %llu", t->key, n));
	} else if (value && *value != 'U' && !n) { /* which is no limit to sockd */
		import_note(s, NULL, 0, "left off: %s = 0 lets nobody in", t->name);
		s->off = true;
	} else if (value && !strcmp(t->name, "instances") && !n) {
		import_note(s, NULL, 0, "instances = %s: here it is 256", value);
	} else if (n) {
		s->instances |= !strcmp(t->key, "max-workers");
		import_key(s, t->key, keepf(t->kind == RATE ? "%llu/1" : "%llu", n));
	}
}

static void import_attrs(struct import *s, const struct entry *e)
{
	struct words limits = {0};
	const struct attr *a;
	char *text = keepf("limits {");

	for (size_t i = 0; i < ARRAY_SIZE(translation); i++)
		import_attr(s, e, &translation[i], &limits);
	for (size_t i = 0; i < limits.n; i++)
		text = keepf("%s %s", text, limits.item[i]);
	if (limits.n)
		words_add(&s->keys, keepf("%s }", text));
	if (is(e, "flags", "NODELAY"))
		import_key(s, "nodelay", "true");
	if (is(e, "flags", "KEEPALIVE"))
		import_key(s, "keepalive", "7200"); /* s, as tcp_keepalive_time of tcp(7) */
	if (is(e, "flags", "IDONLY") || is(e, "flags", "LABELED"))
		import_note(s, NULL, 0, "flags IDONLY and LABELED: no equivalent");
	for (a = e->first; a; a = a->next) {
		size_t i = 0;

		while (i < ARRAY_SIZE(translation) && strcmp(a->name, translation[i].name))
			i++;
		if (i == ARRAY_SIZE(translation) && !strstr(elsewhere, keepf(" %s ", a->name)))
			import_note(
				s, a->file, a->line, "%s = %s: no equivalent", a->name, a->text);
	}
}

static const char *lost(const struct entry *e)
{
	const char *type = get(e, "socket_type"), *protocol = get(e, "protocol");

	if (is(e, "type", "TCPMUX") || is(e, "type", "TCPMUXPLUS"))
		return "sockd has no tcpmux; give it a port of its own";
	if (is(e, "type", "RPC"))
		return "sockd does not register RPC services";
	if ((type && !strcmp(type, "dgram")) || (protocol && !strncmp(protocol, "udp", 3)))
		return "sockd has no UDP";
	if ((type && strcmp(type, "stream")) || (protocol && strcmp(protocol, "tcp")))
		return "sockd has stream sockets over TCP only";
	if (is(e, "wait", "yes"))
		return "wait: the program accepts by itself";
	return is(e, "flags", "SENSOR") ? "sockd has no sensors" : NULL;
}

/* What serves: sockd itself, another host, or a program. */
static void import_server(struct import *s, const struct entry *e)
{
	const struct attr *to = attr_in(e, "redirect"), *args = attr_in(e, "server_args");
	struct words argv = {0}, upstream = {0};

	if (is(e, "type", "INTERNAL")) {
		import_builtin(s, e->name);
	} else if (to && to->value.n == 2) {
		s->handler = "proxy";
		words_add(&upstream, import_address(to->value.item[0], to->value.item[1]));
	} else if (get(e, "server")) {
		if (!is(e, "flags", "NAMEINARGS"))
			words_add(&argv, get(e, "server"));
		for (size_t i = 0; args && i < args->value.n; i++)
			words_add(&argv, args->value.item[i]);
		import_program(s, get(e, "server"), &argv);
	} else if (!s->lost) {
		s->lost = "it has neither server nor redirect";
		problem(e->file, e->line, "%s: %s", e->name, s->lost);
	}
	import_list(s, "upstream", &upstream);
}

static void import_entry(struct entry *e)
{
	const char *id = get(e, "id") ? get(e, "id") : e->name, *host;
	struct import s = {.file = e->file, .line = e->line, .name = id};
	struct attr **last = &e->first, *own = e->first;

	for (const struct attr *a = defaults.first; a; a = a->next) {
		*last = keep(a, sizeof(*a));
		(*last)->own = false;
		last = &(*last)->next;
	}
	*last = own;
	s.off = is(e, "disable", "yes") || is(e, "flags", "DISABLE") ||
		is(&defaults, "disabled", id) ||
		(get(&defaults, "enabled") && !is(&defaults, "enabled", id));
	s.lost = lost(e);
	host = get(e, "bind");
	if (!host && is(e, "flags", "IPv4") && !is(e, "flags", "IPv6"))
		host = "0.0.0.0";
	else if (!host)
		host = is(e, "v6only", "yes") ? "[::]" : "";
	words_add(&s.listen, import_address(host, get(e, "port") ? get(e, "port") : e->name));
	import_server(&s, e);
	s.user = get(e, "user");
	s.group = get(e, "group");
	import_access(&s, e);
	import_attrs(&s, e);
	import_put(&s);
}

void xinetd_end(void)
{
	for (struct entry *e = entries; e; e = e->next)
		import_entry(e);
	entries = NULL;
	entries_last = &entries;
	defaults = (struct entry){.last = &defaults.first};
}
