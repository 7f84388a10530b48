/* master.h: the master: from settings to a running daemon, until it is told to stop. */
#ifndef SOCKD_CORE_MASTER_H
#define SOCKD_CORE_MASTER_H

#include "conf/conf.h"

#define EXIT_CONFIG 78 /* EX_CONFIG of sysexits.h */

struct master_options {
	struct conf_source source; /* read again at each reload */
	bool daemon;               /* go to the background */
	bool to_syslog;            /* else log to stderr */
};

/* Be the master. o is borrowed. Returns the exit status of the program. */
int master_run(const struct master_options *o);

#endif
