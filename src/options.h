/* options.h: the command line. */
#ifndef SOCKD_OPTIONS_H
#define SOCKD_OPTIONS_H

#include "core/master.h"

#define EXIT_USAGE 2

enum run_mode {
	RUN_MASTER,
	RUN_TEST, /* -t */
	RUN_DUMP, /* -T */
};

struct options {
	struct master_options master; /* its pointers are owned by the process, for ever */
	enum run_mode mode;
};

/* Understand the arguments; leaves the process for -h, -V, and on misuse (status 2). */
void options_parse(struct options *o, int argc, char **argv);

#endif
