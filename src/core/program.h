/* program.h: handler `program`: long-lived programs that inherit the listening sockets and accept by
 * themselves. */
#ifndef SOCKD_CORE_PROGRAM_H
#define SOCKD_CORE_PROGRAM_H

#include "core/worker.h"

/* In a worker that has its identity: become the program. Writes a byte to start_fd when all but the exec
 * is done, and another one if that fails; else it closes that descriptor. Never returns. */
_Noreturn void program_run(const struct worker_args *a);

#endif
