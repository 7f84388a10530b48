/* conf_keys.h: the table of keys, the types of values, and where each key was set. Private to conf. */
#ifndef SOCKD_CONF_CONF_KEYS_H
#define SOCKD_CONF_CONF_KEYS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/util.h"
#include "conf/conf.h"

#define CONF_WORKERS_MAX  10000
#define CONF_SERVICES_MAX 4096
#define CONF_ERRORS_MAX   100 /* lines of errors; more are only counted */

enum conf_type {
	CONF_STRING,   /* char *, never NULL */
	CONF_OPTIONAL, /* char *; '' is NULL: unset */
	CONF_PATH,     /* char *, absolute or '' */
	CONF_BORROWED, /* const char *, of a file's name */
	CONF_LIST,     /* struct conf_list */
	CONF_IDS,      /* gid_t * and, right behind it, size_t */
	CONF_BOOL,
	CONF_NUMBER, /* bool, int, uid_t or long, by its size; without a default, 0 is unset */
	CONF_OCTAL,
	CONF_AUTO,   /* a number, or 0 for the word auto */
	CONF_CHOICE, /* a number, written as a word */
	CONF_INCLUDE,
	CONF_SECTION,
};

#define KEY_GLOBAL   0x01
#define KEY_SERVICE  0x02 /* and in the defaults section */
#define KEY_INTERNAL 0x04 /* only in a resolved dump */

struct conf_choice {
	const char *name;
	int value;
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
	long max;
	const struct conf_choice *choice;
	const char *unit;  /* for messages: "seconds" */
	unsigned effect;   /* enum conf_effect; 0: another key tells, or nobody needs to know */
	const char *blame; /* an internal key: the one that people know */
};

#define CONF_KEYS_MAX 64

extern const struct conf_key conf_keys[];
extern const size_t conf_n_keys;

/* Key by name. scope is KEY_GLOBAL or KEY_SERVICE, with KEY_INTERNAL if those are allowed.
 * Returns NULL if there is none. */
const struct conf_key *key_find(const char *name, size_t len, unsigned scope);

/* The known key that a misspelt one may have meant, or NULL. */
const char *key_nearest(const char *name, size_t len, unsigned scope);

/* True if the key has a field, and belongs into this scope (KEY_INTERNAL as in key_find()). */
bool key_has_value(const struct conf_key *k, unsigned scope);

/* Values. base is the struct conf or struct conf_service that holds the field. */

/* Set a field from n strings.
 * append  keep what a list holds
 * why     receives, on failure, what was found and what is expected
 * Returns 0, or -1 with the field as it was. */
int value_set(const struct conf_key *k, void *base, const char *const *text, size_t n, bool append,
	struct buf *why);

/* Set a field that is all zero to its default. Returns 0, or -1: out of memory. */
int value_default(const struct conf_key *k, void *base);

/* Copy a field into one that is all zero. Returns 0, or -1: out of memory. */
int value_copy(const struct conf_key *k, void *to, const void *from);
void value_free(const struct conf_key *k, void *base);
/* A field of a type that holds a number. */
long value_number(const struct conf_key *k, const void *base);
bool value_equal(const struct conf_key *k, const void *a, const void *b);

/* Write "KEY = VALUE" in the file's syntax, or nothing if it is unset and cannot be written. */
void value_print(const struct conf_key *k, const void *base, const char *indent, struct buf *out);

/* Append a string in single quotes, so that libconfuse reads back the same bytes. */
void value_quote(struct buf *out, const char *text);

/* A list of copies of n strings, added to what it holds. Returns 0, or -1: out of memory. */
int list_add(struct conf_list *list, const char *const *text, size_t n);
void list_free(struct conf_list *list);

/* Append text in quotes for a message: escaped, and cut when it is long. */
void message_quote(struct buf *out, const char *text, size_t len);

/* Lines: where everything was set. */

struct conf_where {
	const char *file; /* NULL: nowhere */
	int line;         /* 0: the file has no lines, such as an option of the command line */
	bool append;      /* first given with += */
};

enum section_kind { SECTION_GLOBAL, SECTION_DEFAULTS, SECTION_SERVICE, SECTION_DEAD };

struct conf_section {
	enum section_kind kind;
	char *name; /* of a service; else NULL */
	struct conf_where where;
	struct conf_where *key; /* conf_n_keys of them */
};

struct conf_lines {
	char **file; /* names that everybody borrows */
	size_t n_files;
	struct conf_section *section; /* the first is the global one */
	size_t n_sections;
	size_t n_services; /* of these, the sections of services */
	bool resolved;     /* the text was a dump: the lines in it mean nothing to people */
	bool failed;       /* out of memory */
};

struct conf_lines *lines_new(void);
void lines_free(struct conf_lines *l);

/* Keep a name of a file. Returns the copy, owned by l; never NULL. */
const char *lines_file(struct conf_lines *l, const char *name);

/* Add a section. name is copied. Returns its index; 0, the global one, if out of memory. */
size_t lines_add(struct conf_lines *l, enum section_kind kind, const char *name, size_t len,
	const char *file, int line);

/* Section by kind and name. Returns NULL if there is none. */
struct conf_section *lines_find(
	const struct conf_lines *l, enum section_kind kind, const char *name, size_t len);

/* Add an error at a place. */
void error_at(struct conf_errors *e, const char *file, int line, const char *fmt, ...)
	PRINTF_LIKE(4, 5);

#endif
