/* conf_fuzz.c: settings that can be loaded are dumped as a text that loads and dumps as itself. */
#include "fuzz.h"

#include "conf/conf.h"

static struct conf *load(const char *text, struct conf_errors *e)
{
	const struct conf_source src = {
		.text = text, .text_name = "fuzz", .flags = CONF_NO_PIDFILE | CONF_NO_CONTROL};
	struct conf *c = conf_load(&src, e);

	MUST((c == NULL) == (e->n > 0));
	return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_text(data, size);
	struct buf dump = {0}, again = {0};
	struct conf_errors e = {0};
	struct conf *c;

	/* No other file is read. */
	c = strstr(text, "include") ? NULL : load(text, &e);
	if (c) {
		conf_dump(c, &dump, 0);
		conf_free(c);
		c = load(dump.data, &e);
		if (!c)
			fprintf(stderr, "%s\n%s\n", dump.data, e.text.data);
		MUST(c);
		conf_dump(c, &again, 0);
		MUST(!strcmp(dump.data, again.data));
		conf_free(c);
	}
	buf_free(&dump);
	buf_free(&again);
	buf_free(&e.text);
	free(text);
	return 0;
}
