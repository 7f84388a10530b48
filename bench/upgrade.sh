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

# measure COMMAND [ARG...]: $line of the load while COMMAND runs, and its $status
measure() {
	"$dir/load" -c "$CLIENTS" -s 3600 -d 64 "127.0.0.1:$PORT" >"$dir/load.out" &
	loader=$!
	"$@"
	kill -TERM "$loader"
	wait "$loader"
	status=$?
	loader=
	line=$(cat "$dir/load.out")
	echo "$line" >&2
}

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
measure upgrades
seconds=$((($(now_ms) - began + 999) / 1000))
with=$line
lost=$status
measure sleep "$seconds"
kill -TERM "$master"
until_true 10 "the end of the last master" left "$master"
master=
echo "| $UPGRADES upgrades under load of $CLIENTS clients, $WORKERS workers | with | without |"
echo "|---|---:|---:|"
echo "| connections a second | $(load_value ops_per_s "$with") | $(load_value ops_per_s "$line") |"
echo "| lost or refused | $(load_value lost "$with") | $(load_value lost "$line") |"
echo "| p50, µs | $(load_value p50_us "$with") | $(load_value p50_us "$line") |"
echo "| p99, µs | $(load_value p99_us "$with") | $(load_value p99_us "$line") |"
printf '| ms until the old master has left, median | %.0f | |\n' "$(median "${times[@]}")"
exit "$lost"
