/* scan.h: the first look at the text of settings. Private to conf. */
#ifndef SOCKD_CONF_SCAN_H
#define SOCKD_CONF_SCAN_H

#include <stdbool.h>
#include <stddef.h>

#include "conf/conf_keys.h"

struct scan_text {
	char *text; /* len bytes; changed: comments and all that is wrong become spaces */
	size_t len;
	const char *file;  /* for messages; kept by the caller as long as the lines live */
	unsigned internal; /* KEY_INTERNAL, or 0 */
	bool option;       /* one KEY = VALUE of the command line, which may replace another */
	unsigned scope;    /* option: KEY_GLOBAL or KEY_SERVICE */
	size_t section;    /* option: to which it belongs */
};

/* Check the syntax, the names of keys and sections, and that each is given once; note in l where
 * everything is set. What is left of the text afterwards is sound, and fit for libconfuse.
 * Returns 0, or -1 if nothing is left to be read. Errors are in e either way. */
int scan(struct scan_text *t, struct conf_lines *l, struct conf_errors *e);

#endif
