/* upgrade_start.h: start the program that is to take over. */
#ifndef SOCKD_CORE_UPGRADE_START_H
#define SOCKD_CORE_UPGRADE_START_H

#include <signal.h>
#include <sys/types.h>

#define NURSE_SIG_KILL SIGQUIT /* to the nurse: kill the new program; TERM: end it */

/* Fork the nurse, and have it start the program on disk with all listeners, boards, the control socket and
 * the pidfile.
 * word_fd  receives a socket (SEQPACKET) on which the new program and the nurse tell what becomes of it
 * Returns the pid of the nurse, or -1 with errno. */
pid_t upgrade_start(int *word_fd);

/* The program on disk. */
const char *upgrade_path(void);

#endif
