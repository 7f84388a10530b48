/* address.c: addresses as xinetd has them in only_from and no_access. Source: xinetd.conf(5), inet_aton(3) */
#include "import/import.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <stdlib.h>
#include <string.h>

#include "net/access.h"

static void add_v4(struct words *out, uint32_t ip, unsigned bits)
{
	struct in_addr in = {htonl(bits ? ip & ~0U << (32 - bits) : 0)};
	char text[INET_ADDRSTRLEN];

	inet_ntop(AF_INET, &in, text, sizeof(text));
	words_add(out, bits < 32 ? keepf("%s/%u", text, bits) : text);
}

/* "128.138.{200,201}" */
static bool add_factorized(struct words *out, const char *text)
{
	struct words part = words_split(text, ".{,}", false);
	unsigned fixed = 0;
	uint32_t ip = 0;

	for (const char *p = text; *p != '{'; p++)
		fixed += *p == '.';
	for (unsigned i = 0; i < part.n; i++) {
		unsigned long n = strtoul(part.item[i], NULL, 10);

		if (part.item[i][strspn(part.item[i], "0123456789")] || n > 255 || fixed > 3)
			return false;
		if (i < fixed)
			ip |= (uint32_t)n << (24 - 8 * i);
		else
			add_v4(out, ip | (uint32_t)n << (24 - 8 * fixed), 8 * fixed + 8);
	}
	return out->n > 0;
}

/* What a name stands for today. xinetd looks up the name of each client instead. */
static bool add_host(struct words *out, const char *name)
{
	struct addrinfo hint = {.ai_socktype = SOCK_STREAM}, *list;
	char text[NI_MAXHOST];

	if (import_blind || *name == '.' || getaddrinfo(name, NULL, &hint, &list))
		return false;
	for (struct addrinfo *a = list; a; a = a->ai_next) {
		if (!getnameinfo(
			    a->ai_addr, a->ai_addrlen, text, sizeof(text), NULL, 0, NI_NUMERICHOST))
			words_add(out, text);
	}
	freeaddrinfo(list);
	return out->n > 0;
}

bool address_add(struct import *s, const char *file, int line, const char *text, struct words *out)
{
	const char *slash = strchrnul(text, '/'), *ip = keep(text, (size_t)(slash - text));
	char *end = NULL;
	unsigned long bits = *slash ? strtoul(slash + 1, &end, 10) : 32;
	struct in_addr in;
	struct buf v6 = {0};
	bool is_v6 = strchr(text, ':');

	if (strchr(text, '{'))
		return add_factorized(out, text);
	if (is_v6 &&
		!access_parse_item(strcmp(text, "::") ? text : "::/0", &v6, (char[128]){0}, 128))
		words_add(out, words_split(v6.data, " ", false).item[0]);
	buf_free(&v6);
	if (is_v6)
		return out->n > 0;
	if (!inet_aton(ip, &in)) {
		if (*slash || !add_host(out, text))
			return false;
		import_note(s, file, line, "%s stands for its addresses of today", text);
		return true;
	}
	if ((*slash && (*end || end == slash + 1)) || bits > 32)
		return false;
	while (!*slash && bits && !(ntohl(in.s_addr) >> (32 - bits) & 0xff))
		bits -= 8;
	add_v4(out, ntohl(in.s_addr), (unsigned)bits);
	if (words_split(ip, ".", false).n < 4)
		import_note(s, file, line, "xinetd reads %s as %s", text, out->item[0]);
	return true;
}
