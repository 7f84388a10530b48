/* proxy_header_fuzz.c: PROXY headers as bytes and from a socket, and written again. */
#include "fuzz.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include "net/proxy_header.h"

static struct proxy_header first; /* what the whole input gives */

/* What was read is what is written. */
static void write_again(unsigned version)
{
	unsigned char out[PROXY_HEADER_MAX];
	struct proxy_header h;
	char a[ADDR_TEXT_MAX], b[ADDR_TEXT_MAX];
	const char *why;
	size_t n = proxy_header_write(version, &first.source, &first.destination, out);

	MUST(proxy_header_parse(out, n, version, &h, &why) == (ssize_t)n);
	MUST(h.local == (version == PROXY_V1 && first.source.sa.sa_family == AF_UNIX));
	if (h.local)
		return;
	addr_format(&first.source, a);
	addr_format(&h.source, b);
	MUST(!strcmp(a, b));
	addr_format(&first.destination, a);
	addr_format(&h.destination, b);
	MUST(!strcmp(a, b));
}

/* A part asks for more or is refused; one byte less is never more. */
static void check_parts(const uint8_t *data, size_t n, unsigned versions, ssize_t len)
{
	struct proxy_header h;
	const char *why;
	size_t end = len > 0 ? (size_t)len : n, step = end < 512 ? 1 : 61;

	for (size_t i = 0; i < end; i += step) {
		ssize_t rc = proxy_header_parse(data, i, versions, &h, &why);

		MUST(len < 0 ? rc <= 0 : rc == 0);
	}
	if (len > 0)
		MUST(proxy_header_parse(data, (size_t)len, versions, &h, &why) == len);
}

/* The socket gives what the bytes give, and keeps what stands behind them. */
static void check_socket(const uint8_t *data, size_t n, unsigned versions, ssize_t len)
{
	static volatile sig_atomic_t stop;
	struct proxy_header h;
	const char *why = NULL;
	int pair[2], left = -1, rc;
	size_t used;

	MUST(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) == 0);
	MUST(!n || write(pair[1], data, n) == (ssize_t)n);
	rc = proxy_header_read(pair[0], versions, 0, &stop, &h, &used, &why);
	MUST(rc == (len > 0 ? 0 : -1) && (rc || used == (size_t)len) && (!rc || why));
	MUST(rc || !memcmp(&h, &first, sizeof(h)));
	MUST(ioctl(pair[0], FIONREAD, &left) == 0 && (size_t)left == n - used);
	close(pair[0]);
	close(pair[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	for (unsigned versions = 0; versions <= (PROXY_V1 | PROXY_V2); versions++) {
		const char *why = NULL;
		ssize_t len = proxy_header_parse(data, size, versions, &first, &why);

		MUST(len <= (ssize_t)size && len <= PROXY_READ_MAX && (len >= 0 || why));
		check_parts(data, size, versions, len);
		if (len > 0 && !first.local) {
			write_again(PROXY_V1);
			write_again(PROXY_V2);
		}
		proxy_header_parse(data, size, versions, &first, &why);
		check_socket(data, size, versions, len);
	}
	return 0;
}
