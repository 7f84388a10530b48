/* logger_run.h: the logger process itself. */
#ifndef SOCKD_CORE_LOGGER_RUN_H
#define SOCKD_CORE_LOGGER_RUN_H

#include "core/logger.h"

/* Read the channels and write the log, until TERM, or until nobody is left who could send. */
_Noreturn void logger_run(struct log_channel *channels, const struct logger_options *o);

#endif
