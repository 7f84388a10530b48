/* logger_run.h: the logger process itself. */
#ifndef SOCKD_CORE_LOGGER_RUN_H
#define SOCKD_CORE_LOGGER_RUN_H

#include <signal.h>

#include "core/logger.h"

#define LOGGER_SIG_DETACH SIGUSR1 /* let go of stderr, stop copying errors to it */

/* Read the channels and write the log, until TERM, or until nobody is left who could send. */
_Noreturn void logger_run(struct log_channel *channels, const struct logger_options *o);

#endif
