/* addr.h: addresses as text and as struct sockaddr. */
#ifndef SOCKD_NET_ADDR_H
#define SOCKD_NET_ADDR_H

#include <sys/socket.h>
#include <sys/un.h>
#include <netinet/in.h>

#include "base/util.h"

#define ADDR_TEXT_MAX 128 /* bytes of any address as text, with the NUL */

/* One address to listen on (or to connect to). */
struct addr {
	union {
		struct sockaddr sa;
		struct sockaddr_in in;
		struct sockaddr_in6 in6;
		struct sockaddr_un un;
	};
	socklen_t len;
	bool dual; /* "*:PORT": IPv4 and IPv6 in one socket */
};

#define ADDR_MAX 32 /* addresses that one host name may give */

/* Flags of addr_parse(). */
#define ADDR_NUMERIC 0x01 /* names of hosts and services are errors: nothing is looked up */

/* Read ADDR:PORT, [V6]:PORT, HOST:PORT, *:PORT, :PORT or unix:PATH. PORT is 0 to 65535 or a name
 * of services(5).
 * out     receives up to ADDR_MAX addresses (a host name may have several, duplicates removed)
 * err     receives, on failure, what is wrong and what would be right, without the text itself
 * Returns the number of addresses, or -1. May block in the resolver unless ADDR_NUMERIC. */
int addr_parse(const char *text, unsigned flags, struct addr out[ADDR_MAX], char *err, size_t size);

/* Write an address the way addr_parse() reads it: 127.0.0.1:80, [::1]:80, *:80, unix:/run/x.
 * ::ffff: addresses are shown as IPv4; an unnamed unix socket as "unix:". */
void addr_format(const struct addr *a, char out[ADDR_TEXT_MAX]);

/* The host part alone (numeric, unmapped; "" for unix) and the port (0 for unix). */
void addr_host(const struct addr *a, char out[ADDR_TEXT_MAX]);
unsigned addr_port(const struct addr *a);

/* True if both name the same address to listen on. */
bool addr_equal(const struct addr *a, const struct addr *b);

#endif
