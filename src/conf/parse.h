/* parse.h: from files and texts to what libconfuse makes of them. Private to conf. */
#ifndef SOCKD_CONF_PARSE_H
#define SOCKD_CONF_PARSE_H

#include <confuse.h>

#include "conf/scan.h"

/* Read the settings of a source, and all that they include.
 * Returns the tree, freed by the caller with cfg_free(); or NULL, with errors in e. Even with errors
 * in e there may be a tree, of all that could be read. */
cfg_t *parse_source(const struct conf_source *src, struct conf_lines *l, struct conf_errors *e);

/* Read one KEY = VALUE; t says where it belongs.
 * Returns a tree of the keys of that scope, or NULL, with errors in e. */
cfg_t *parse_option(struct scan_text *t, struct conf_lines *l, struct conf_errors *e);

#endif
