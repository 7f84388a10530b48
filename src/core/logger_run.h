/* logger_run.h: the logger process itself. */
#ifndef SOCKD_CORE_LOGGER_RUN_H
#define SOCKD_CORE_LOGGER_RUN_H

#include <signal.h>

#include "core/logger.h"

#define LOGGER_SIG_DETACH SIGUSR1 /* let go of stderr, stop copying errors to it */

/* Its exit status if it left lines behind: there were too many; its sink took none. */
#define LOGGER_LATE    3
#define LOGGER_STALLED 4

/* Read the channels and write the log, until TERM, or until nobody is left who could send.
 * master  pid of the master, for lines to syslog */
_Noreturn void logger_run(
	struct log_channel *channels, const struct logger_options *o, pid_t master);

#endif
