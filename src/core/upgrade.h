/* upgrade.h: replace the running program by the one on disk, while the master goes on until that one is
 * ready. What the new one does for it is in heir.h.
 *
 * The two speak over a SEQPACKET pair. The new one says "." (alive), "E" and a reason, "F" (failed: it only
 * finishes what its workers have begun to serve), or "R" and its pid (every service is ready); the answer to
 * that is "G" (go: all is yours) or "GH" (and read your settings again). Whoever sees the other's end before
 * that goes on alone, or leaves. After it "S" and "K" tell the old one that the new one stops, gently or at
 * once. "X" and a status come from the nurse: so the new program has ended.
 */
#ifndef SOCKD_CORE_UPGRADE_H
#define SOCKD_CORE_UPGRADE_H

#include <stdbool.h>
#include <sys/types.h>

/* "1 PID", a line for each descriptor from 3 on, and among them one for each service that is paused. */
#define UPGRADE_VARIABLE "SOCKD_UPGRADE"
#define UPGRADE_PAUSED   "paused "

/* Remember how this program was started. Call it first, in main(); argv is borrowed for ever. */
void upgrade_init(int argc, char **argv);

/* Begin, or do so as soon as a reload in work has ended. control_upgraded() tells how it ended.
 * why  receives the reason if it is refused
 * Returns 0, or -1. */
int upgrade_request(const char **why);

/* Do what was asked for while it could not be done. */
void upgrade_resume(void);

/* A child was reaped. Returns true if it was one of an upgrade. */
bool upgrade_reaped(pid_t pid, int status);

/* The pid of the master that has taken over, or 0. */
pid_t upgrade_successor(void);

/* Forget an upgrade in work. */
void upgrade_cancel(void);

#endif
