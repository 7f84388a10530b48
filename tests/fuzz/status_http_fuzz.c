/* status_http_fuzz.c: HTTP requests as bytes, and parts of them. */
#include "fuzz.h"

#include "handlers/status_http.h"

/* A part of a request that is good asks for more; a part of one that is not asks for more or is refused for
 * the same reason. */
static void check_parts(const char *data, size_t n, int status)
{
	struct http_request r;
	size_t step = n < 512 ? 1 : 61;

	for (size_t i = 0; i < n; i += step) {
		int part = http_parse(data, i, &r);

		MUST(part == 0 || part == status);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of its own, so that a read behind it is seen. */
	char *copy = malloc(size ? size : 1);
	struct buf head = {0};
	struct http_request r;
	int status;

	MUST(copy);
	memcpy(copy, data, size);
	status = http_parse(copy, size, &r);
	MUST(status == 0 ||
		(status >= 200 && strcmp(http_reason(status), "Internal Server Error") != 0));
	MUST(status || size < HTTP_REQUEST_MAX);
	MUST(memchr(r.path, 0, sizeof(r.path)) && memchr(r.host, 0, sizeof(r.host)));
	MUST(status != 200 || !r.path[0] || r.path[0] == '/');
	check_parts(copy, size, status);
	(void)http_host_is_plain(r.host);
	http_head(&head, status ? status : 200, NULL, size, "");
	MUST(!head.failed && strstr(head.data, "\r\n\r\n") == head.data + head.len - 4);
	buf_free(&head);
	free(copy);
	return 0;
}
