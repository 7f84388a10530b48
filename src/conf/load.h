/* load.h: what load.c and options.c share. Private to conf. */
#ifndef SOCKD_CONF_LOAD_H
#define SOCKD_CONF_LOAD_H

#include <confuse.h>

#include "conf/conf_keys.h"

struct loader {
	const struct conf_source *src;
	struct conf *conf;
	struct conf_lines *lines;
	struct conf_errors *errors;
	unsigned internal; /* KEY_INTERNAL, or 0 */
};

/* Set the field of one key from what libconfuse has read for it.
 * base    the struct conf or struct conf_service that holds the field
 * w       where it was set, for messages */
void load_value(struct loader *l, const struct conf_key *k, cfg_t *cfg, void *base,
	const struct conf_where *w);

/* Apply the options of the command line. */
void load_options(struct loader *l);

#endif
