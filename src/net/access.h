/* access.h: sets of addresses, for the lists of prefixes that may (or may not) connect. Pure. */
#ifndef SOCKD_NET_ACCESS_H
#define SOCKD_NET_ACCESS_H

#include "net/addr.h"

/* A set of addresses, as merged ranges in sorted arrays: lookup is a binary search. ::/0 is every IPv6
 * address, and no IPv4 one: mapped addresses are treated as IPv4 throughout. */
struct access;

/* Add what one item stands for: ADDR or ADDR/BITS.
 * out     receives canonical text, "ADDR/BITS "; on failure it is as it was
 * err     receives, on failure, what is wrong and what would be right, without the text itself
 * Returns 0 or -1. Source: inet_pton(3), RFC 4632, RFC 4291 2.5.5.2 */
int access_parse_item(const char *text, struct buf *out, char *err, size_t size);

/* The same for a file of at most 64 MiB: an item a line, '#' comments, blank lines.
 * err     "PATH:LINE: what", or "PATH: what" if the file cannot be read */
int access_parse_file(const char *path, struct buf *out, char *err, size_t size);

/* Make a set from canonical text (blank-separated, as the two above write it); "": an empty set.
 * Returns NULL with errno: ENOMEM, EINVAL. */
struct access *access_new(const char *text);
void access_free(struct access *a);

/* True if the address is in the set; a unix address is in none. */
bool access_has(const struct access *a, const struct addr *addr);

#endif
