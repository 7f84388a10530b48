/* worker_setup.h: from a fork of the master to a process of the service: its name, descriptors, limits,
 * root folder and rights. */
#ifndef SOCKD_CORE_WORKER_SETUP_H
#define SOCKD_CORE_WORKER_SETUP_H

#include "core/worker.h"

/* The first steps: log, /dev/null as 0 and 1, stderr to the log, and no descriptor that is not the
 * worker's.
 * Returns a descriptor of /dev/null. Like all here, it leaves the process if it fails. */
int setup_descriptors(const struct worker_args *a, int *life_fd);

/* limits, nice, umask, the handler's prepare(), chroot, user and groups, no-new-privileges: in this order,
 * since each takes away what the ones before it need. */
void setup_identity(const struct worker_args *a);

/* Have SIGQUIT sent when the master dies. After setup_identity(), which would undo it. */
void setup_orphan_watch(const struct worker_args *a, int life_fd);

/* The last step of a worker whose handler is `program`: become the program. Writes a byte to start_fd when
 * all but the exec is done, and another one if that fails; else it closes that descriptor. */
_Noreturn void program_run(const struct worker_args *a);

#endif
