/* conf_help.h: what the tests of the settings share: load a text, and look at the errors. */
#ifndef SOCKD_TESTS_CONF_HELP_H
#define SOCKD_TESTS_CONF_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "conf/conf.h"

/* Lines of a service that is complete. */
#define ECHO_BODY " listen = '127.0.0.1:7' handler = echo "

/* Errors of the last load or resolve, as text; "" if there are none. */
static char errors[65536];

static void take_errors(struct conf_errors *e)
{
	snprintf(errors, sizeof(errors), "%s", e->text.data ? e->text.data : "");
	buf_free(&e->text);
	*e = (struct conf_errors){0};
}

static struct conf *load(const struct conf_source *src)
{
	struct conf_errors e = {0};
	struct conf *c = conf_load(src, &e);

	assert_int_equal(c == NULL, e.n > 0);
	take_errors(&e);
	return c;
}

static struct conf *load_text(const char *text)
{
	const struct conf_source src = {.text = text, .text_name = "t"};

	return load(&src);
}

static inline struct conf *load_good(const char *text)
{
	struct conf *c = load_text(text);

	if (!c)
		fail_msg("in '%s': %s", text, errors);
	return c;
}

/* The text must give exactly these errors, a line each. */
static inline void expect_errors(const char *text, const char *expected)
{
	struct conf *c = load_text(text);

	conf_free(c);
	if (strcmp(errors, expected))
		fail_msg("in '%s'\nexpected:\n%sgot:\n%s", text, expected, errors);
}

static inline char *dump(const struct conf *c, unsigned flags)
{
	struct buf b = {0};

	conf_dump(c, &b, flags);
	assert_false(b.failed);
	return b.data;
}

/* A folder for files of a test. */
static char folder[64];

static inline int folder_make(void **state)
{
	(void)state;
	strcpy(folder, "/tmp/sockd-test-XXXXXX");
	return mkdtemp(folder) ? 0 : -1;
}

static inline int folder_remove(void **state)
{
	char command[128];

	(void)state;
	snprintf(command, sizeof(command), "rm -r '%s'", folder);
	return system(command);
}

/* Path of a file in the folder; good until the fourth call after it. */
static inline const char *in_folder(const char *name)
{
	static char path[4][256];
	static unsigned n;

	n = (n + 1) % 4;
	snprintf(path[n], sizeof(path[n]), "%s/%s", folder, name);
	return path[n];
}

/* Write a file into the folder, and make the folders above it. */
static inline const char *write_file(const char *name, const char *text, size_t len)
{
	const char *path = in_folder(name);
	char dir[256];
	FILE *f;

	snprintf(dir, sizeof(dir), "%s", path);
	for (char *p = strchr(dir + strlen(folder) + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		mkdir(dir, 0700);
		*p = '/';
	}
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
	return path;
}

#endif
