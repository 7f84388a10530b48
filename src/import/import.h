/* import.h: what the files of sockd-import share: memory that lasts until the program ends, lists of
 * words, and a service on its way from another daemon's settings to a section of sockd.conf(5). */
#ifndef SOCKD_IMPORT_IMPORT_H
#define SOCKD_IMPORT_IMPORT_H

#include "base/util.h"

#define BLANKS " \t\r\v\f"

/* Copy n bytes and a NUL; data NULL: zeroes. The same for formatted text. */
void *keep(const void *data, size_t n);
char *keepf(const char *fmt, ...) PRINTF_LIKE(1, 2);
char *escaped(const char *text); /* as escape_text() has it */

/* A list of strings. Zero-initialise it. */
struct words {
	char **item;
	size_t n, cap;
};
void words_add(struct words *w, const char *text);
bool words_have(const struct words *w, const char *text);

/* Cut text at any of ends; with quotes, '...' and "..." hold together, \ takes the next as it is,
 * and where a quote is not closed none means anything. */
struct words words_split(const char *text, const char *ends, bool quotes);

struct import {
	const char *file; /* where it stands; the first three are always set */
	int line;
	const char *name;
	struct words listen;
	const char *handler;
	const char *user, *group; /* of a program; or NULL */
	struct words command;
	struct words keys;  /* further lines of the section */
	struct words notes; /* comments in front of it */
	const char *lost;   /* why sockd has nothing like it */
	bool off;
	bool instances; /* max-workers is among the keys */
};

/* Add a comment about a line of a file; 0: about the whole service. */
#define import_note(s, file, line, ...) import_comment(s, file, line, keepf(__VA_ARGS__))
void import_comment(struct import *s, const char *file, int line, const char *text);

/* Add KEY = VALUE, and KEY = {...} unless the list is empty; quoted where needed. */
void import_key(struct import *s, const char *key, const char *value);
void import_list(struct import *s, const char *key, const struct words *list);

/* "HOST:PORT", in the syntax of `listen`; host "" is all. */
char *import_address(const char *host, const char *port);

/* Let a program serve. argv from its name on; may be empty. Sees through tcpd(8). */
void import_program(struct import *s, const char *program, const struct words *argv);

/* Let sockd itself serve, if it can do what the name says. */
void import_builtin(struct import *s, const char *name);

/* Add what an address of only_from or no_access stands for; zeroes at the end of an IPv4 address are a
 * network. Returns false if no prefix does the same. */
bool address_add(struct import *s, const char *file, int line, const char *text, struct words *out);

/* Write a service down. */
void import_put(struct import *s);

/* Print all of them, and free the memory. Returns 0, or -1 with errno of write(2). */
int import_print(int fd, const struct words *files);

extern bool import_blind; /* look nothing up: the settings are for another machine */

/* Tell what is wrong in a file (line 0: with all of it); the exit status will be 1. */
#define problem(file, line, ...) problem_tell(file, line, keepf(__VA_ARGS__))
void problem_tell(const char *file, int line, const char *text);

/* Read a file, or a folder as includedir does.
 * format      'i', 'x', or 0: guess
 * file, line  where it is asked for */
void file_read(const char *path, int format, unsigned depth, const char *file, int line);

/* Read a text in one of the formats; it is changed. */
void inetd_read(const char *file, char *text);
void xinetd_read(const char *file, char *text, unsigned depth);
void xinetd_end(void); /* write down what was read: the defaults may have come last */

#endif
