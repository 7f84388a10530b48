/* conf_internal.h: what the files of this room share: the table of keys, values, where each key was
 * given, errors, and the way from a text to libconfuse. For them alone. */
#ifndef SOCKD_CONF_CONF_INTERNAL_H
#define SOCKD_CONF_CONF_INTERNAL_H

#include <confuse.h>

#include "conf/conf.h"

#define CONF_KEYS_MAX    128 /* rows of the table */
#define CONF_WORKERS_MAX 10000

enum conf_type {
	CONF_STRING, /* char *; '' is NULL, unset, if there is no default */
	CONF_PATH,   /* the same; absolute, or '' */
	CONF_LIST,   /* struct conf_list */
	CONF_NUMBER, /* bool, int or long, by its size; without a default, 0 is unset */
	CONF_OCTAL,
	CONF_RATE,    /* struct conf_rate */
	CONF_TEXT,    /* char *, maybe long: a list of its pieces in the file */
	CONF_INCLUDE, /* the last two have no field */
	CONF_SECTION,
};

#define KEY_GLOBAL   0x01
#define KEY_SERVICE  0x02 /* and in the defaults section */
#define KEY_INTERNAL 0x04 /* in a service of a resolved dump */
#define KEY_LIMITS   0x08 /* in the section `limits` of a service */

/* A word that stands for a number. */
struct conf_word {
	const char *name;
	long value;
};

/* A row. The bounds are inclusive. */
struct conf_key {
	const char *name;
	enum conf_type type;
	unsigned scope;
	size_t offset; /* of the field in struct conf or struct conf_service */
	size_t size;
	const char *def; /* as it would stand in the file; NULL: unset */
	long min;
	long max;                     /* 0: words alone */
	const struct conf_word *word; /* or NULL; the first one for a value is dumped */
	const char *unit;             /* for messages: "seconds" */
	unsigned effect;              /* enum conf_effect */
	const char *only;             /* handlers that have it, blank-separated; NULL: all */
	const char *never;            /* handlers that cannot have it; NULL: none */
	bool required;                /* an enabled service must have a value */
};

extern const struct conf_key conf_keys[]; /* the last one has no name */

/* Key by name, of one of the scopes. Returns NULL if there is none. */
const struct conf_key *key_find(const char *name, size_t len, unsigned scope);

/* The known key that a misspelt one may have meant, or NULL. */
const char *key_nearest(const char *name, size_t len, unsigned scope);

/* True if the key has a field, and belongs to one of the scopes. */
bool key_has_value(const struct conf_key *k, unsigned scope);

/* True if a value in the file is a list of strings. */
bool key_is_list(const struct conf_key *k);

/* True if a handler of this name can have the key; all of those can that no row names. */
bool key_has_handler(const struct conf_key *k, const char *handler);

/* The same for the handler of a service, and a key by its name. */
bool key_fits(const char *name, const struct conf_service *s);

/* Values. base is the struct conf or struct conf_service that holds the field. */

/* Set a field, or add to a list.
 * why     receives, on failure, what was found and what is expected; nothing if out of memory
 * Returns 0, or -1 with the field as it was. */
int value_set(const struct conf_key *k, void *base, const char *text, struct buf *why);

void value_free(const struct conf_key *k, void *base);

bool value_is_unset(const struct conf_key *k, const void *base);

/* Write "KEY = VALUE" in the file's syntax, or nothing if it is unset and cannot be written. */
void value_print(const struct conf_key *k, const void *base, const char *indent, struct buf *out);

/* Add a copy of a string. Returns 0, or -1: out of memory. */
int list_add(struct conf_list *list, const char *text);
void list_free(struct conf_list *list);

/* Where a key was given. */
struct conf_place {
	const struct conf_key *key;
	long section;     /* index of a service, or SECTION_* */
	const char *file; /* borrowed from struct conf_lines */
	int line;         /* 0: an option of the command line */
	bool append;      /* first given with += */
};

#define SECTION_GLOBAL   (-2L)
#define SECTION_DEFAULTS (-1L)

/* The private part of struct conf. */
struct conf_lines {
	struct conf_list names;   /* of files, lent to everybody */
	struct conf_place *place; /* of each key, and of `defaults`, in the order of the texts */
	size_t n;
	bool resolved; /* read from a dump: its lines mean nothing to people */
	bool failed;   /* out of memory */
};

/* Keep a name of a file as long as the settings live; never NULL. */
const char *name_keep(struct conf_lines *l, const char *name);

/* Place of a key in a section, from the n-th on. Returns NULL if there is none. */
struct conf_place *place_find(
	const struct conf_lines *l, const struct conf_key *k, long section, size_t n);

/* Add an error at a place; line 0: none. */
void error_at(struct conf_errors *e, const char *file, int line, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

/* Text in quotes for a message: escaped, and cut when it is long. */
struct shown {
	char text[256];
};
struct shown show(const char *text, size_t len);

/* Check the syntax, the names of keys and sections, and that each is given once. Adds to c a service
 * for each section, all zero but for name, file and line, and a place for each key.
 * text    of len bytes and a NUL; comments in it become spaces, for libconfuse
 * file    for messages; lives as long as c
 * section where the text begins: SECTION_GLOBAL, or that of an option
 * option  it is one KEY = VALUE of the command line, and wins over what was given before
 * Returns true if libconfuse may see the text; else errors are in e. */
bool scan(struct conf *c, char *text, size_t len, const char *file, long section, bool option,
	struct conf_errors *e);

/* Read the settings of a source, all that they include, and the options of the command line.
 * Returns libconfuse's tree, to be freed with cfg_free(); NULL if out of memory. It is of use only if
 * no error was added to e: then its n-th service is that of c. */
cfg_t *parse_source(struct conf *c, const struct conf_source *src, struct conf_errors *e);

/* Parts of conf_resolve(), for one enabled service; upstream when all listeners are known. */
void resolve_listen(struct conf *c, struct conf_service *s, struct conf_errors *e);
void resolve_access(struct conf *c, struct conf_service *s, struct conf_errors *e);
void resolve_upstream(const struct conf *c, const struct conf_service *s, struct conf_errors *e);
void resolve_program(struct conf *c, struct conf_service *s, struct conf_errors *e);

/* True if a blank-separated text has this word. */
bool has_word(const char *words, const char *word);

#endif
