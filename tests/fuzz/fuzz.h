/* fuzz.h: what the fuzzers share. Each is a libFuzzer target; run.sh builds and runs them. */
#ifndef SOCKD_TESTS_FUZZ_H
#define SOCKD_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A property that must hold for every input. */
#define MUST(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "%s:%d: expected %s\n", __FILE__, __LINE__, #what); \
			abort(); \
		} \
	} while (0)

/* The input as a string, up to its first NUL, freed by the caller. */
static inline char *fuzz_text(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size);

	MUST(text);
	return text;
}

#endif
