#!/bin/bash
# upgrade.sh: upgrades of the running program under load, one as soon as the old master has left. The same
# load without them is the yardstick for p99.
#
# UPGRADES (50), CLIENTS (8), WORKERS (16). Exit status 1 if a connection was lost or refused.

. "$(dirname "$0")/common.sh"
UPGRADES=${UPGRADES:-50} CLIENTS=${CLIENTS:-8} WORKERS=${WORKERS:-16}
times=()

# Whoever is to reap it may take his time.
left() { ! grep -q '^State:.[^ZX]' "/proc/$1/status" 2>/dev/null; }
taken_over() { [ "$(cat "$dir/pid")" != "$master" ]; }

upgrades() {
	local i start before

	for ((i = 1; i <= UPGRADES; i++)); do
		before=$master
		start=$(now_ms)
		kill -USR2 "$before"
		until_true 10 "upgrade $i" taken_over
		master=$(cat "$dir/pid")
		until_true 10 "the end of the old master" left "$before"
		times+=($(($(now_ms) - start)))
	done
}

settings "$WORKERS" "log-connections = false"
echo "pidfile = '$dir/pid'" >>"$dir/sockd.conf"
# Not a child of this script, which would have to reap it.
("$SOCKD" -n -f "$dir/sockd.conf" -l error 2>>"$dir/stderr" &)
until_true 30 "sockd" test -s "$dir/pid"
master=$(cat "$dir/pid")
until_true 30 "$WORKERS workers of sockd" has_workers "$WORKERS"
began=$(now_ms)
during upgrades
seconds=$((($(now_ms) - began + 999) / 1000))
with=$line
lost=$status
during sleep "$seconds"
kill -TERM "$master"
until_true 10 "the end of the last master" left "$master"
master=
echo "| $UPGRADES upgrades under load of $CLIENTS clients, $WORKERS workers | with | without |"
echo "|---|---:|---:|"
during_table "$with" "$line"
printf '| ms until the old master has left, median | %.0f | |\n' "$(median "${times[@]}")"
exit "$lost"
