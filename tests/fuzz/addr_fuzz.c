/* addr_fuzz.c: an address that can be read is written as it is read. */
#include "fuzz.h"

#include "net/addr.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size), err[256] = "", out[ADDR_TEXT_MAX];
	struct addr a[ADDR_MAX], again[ADDR_MAX];
	int n = addr_parse(text, ADDR_NUMERIC, a, err, sizeof(err));

	MUST(n >= 0 || *err);
	for (int i = 0; i < n; i++) {
		addr_host(&a[i], out);
		addr_format(&a[i], out);
		MUST(addr_parse(out, ADDR_NUMERIC, again, err, sizeof(err)) == 1);
		MUST(addr_equal(&a[i], &again[0]) && addr_port(&a[i]) == addr_port(&again[0]));
	}
	free(text);
	return 0;
}
