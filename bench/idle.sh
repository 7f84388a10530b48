#!/bin/bash
# idle.sh: counts the system calls of a master that has nothing to do. strace follows the master from its start
# (attaching later would itself interrupt a call); the scheduler's own count is the second witness.
#
# SECONDS_IDLE (10), WORKERS (16). Exit status 1 if there was any system call.

. "$(dirname "$0")/common.sh"
SECONDS_IDLE=${SECONDS_IDLE:-10} WORKERS=${WORKERS:-16}
command -v strace >/dev/null || die "strace is not installed"

calls() { wc -l <"$dir/trace"; }
turns() { awk '{ print $3 }' "/proc/$1/schedstat"; }

settings "$WORKERS"
strace -D -o "$dir/trace" "$SOCKD" -n -f "$dir/sockd.conf" 2>>"$dir/stderr" &
master=$!
until_true 30 "$WORKERS workers" has_workers "$WORKERS"
"$dir/load" -c 8 -n 100 "127.0.0.1:$PORT" >&2 || exit 1
sleep 2 # whatever was to be done after the start and the load is done by then
calls_before=$(calls) turns_before=$(turns "$master")
sleep "$SECONDS_IDLE"
made=$(($(calls) - calls_before)) ran=$(($(turns "$master") - turns_before))
echo "| idle master, $SECONDS_IDLE s | |"
echo "|---|---:|"
echo "| system calls (strace) | $made |"
echo "| times it was given a CPU (schedstat) | $ran |"
[ "$made" -eq 0 ] && [ "$ran" -eq 0 ] || {
	tail -n "$((made + 1))" "$dir/trace" | head -20 >&2
	exit 1
}
