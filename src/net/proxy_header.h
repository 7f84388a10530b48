/* proxy_header.h: the PROXY protocol, versions 1 and 2: the addresses of the client, as told by a proxy
 * in the first bytes of a connection. Pure. Source: haproxy's doc/proxy-protocol.txt */
#ifndef SOCKD_NET_PROXY_HEADER_H
#define SOCKD_NET_PROXY_HEADER_H

#include <signal.h>

#include "net/addr.h"

/* Bits of `versions`. */
#define PROXY_V1 1
#define PROXY_V2 2

#define PROXY_HEADER_MAX 232               /* bytes that proxy_header_write() writes at most */
#define PROXY_READ_MAX   (16 + 216 + 4096) /* bytes of a header that is read: 4 KiB of TLVs */

struct proxy_header {
	bool local; /* LOCAL, UNKNOWN, or not TCP: the addresses of the socket hold */
	struct addr source, destination;
};

/* Read the header from a stream socket, and never a byte behind it. Sleeps while there is nothing to
 * read, even if a part is there already.
 * deadline_ms of mono_ms(), for the whole header
 * stop    not 0: leave at once
 * used    receives the number of bytes that were taken off the socket: the header's length
 * why     receives, on failure, a static reason: "eof" (nothing was sent), "truncated", "timeout",
 *         "terminated" (stop), "reset", "error" (with errno), or one of proxy_header_parse()
 * Returns 0 or -1. */
int proxy_header_read(int fd, unsigned versions, uint64_t deadline_ms,
	const volatile sig_atomic_t *stop, struct proxy_header *h, size_t *used, const char **why);

/* Parse the n bytes that are there.
 * Returns the length of the header, 0 if all of them belong to one that is not complete, or -1 with a
 * static reason in *why: "not a PROXY header", "too long", "bad address", "bad port", "bad family",
 * "bad command", "bad version", "bad TLV", "bad checksum". */
ssize_t proxy_header_parse(
	const void *data, size_t n, unsigned versions, struct proxy_header *h, const char **why);

/* Write the header of a connection. Mapped addresses become IPv4 where both are; a pair that cannot be
 * told (v1: of unix; of two families) is UNKNOWN, or UNSPEC.
 * version PROXY_V1 or PROXY_V2
 * Returns its length. */
size_t proxy_header_write(unsigned version, const struct addr *source,
	const struct addr *destination, unsigned char out[PROXY_HEADER_MAX]);

#endif
