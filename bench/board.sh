#!/bin/bash
# board.sh: what the scoreboard costs: CPU for each connection on the hot path, as a part of what a connection costs in
# all; and how long `sockctl status` takes, and what it takes of the master, with many workers.
#
# WORKERS ("16 1000 10000"), ROUNDS (5), SECONDS_EACH (3); SOCKCTL names sockctl, beside sockd if it is not set

. "$(dirname "$0")/common.sh"
WORKERS=${WORKERS:-16 1000 10000} ROUNDS=${ROUNDS:-5} SECONDS_EACH=${SECONDS_EACH:-3}
SOCKCTL=${SOCKCTL:-$(dirname "$SOCKD")/sockctl}
[ -x "$SOCKCTL" ] || die "no sockctl: build it, or set SOCKCTL"
src=$here/../src
${CC:-cc} ${CFLAGS:--O2} -std=gnu11 -D_GNU_SOURCE -I"$src" -o "$dir/tally" "$here/tally.c" \
	"$src/board/tally.c" "$src/base/util.c" "$src/net/addr.c" || die "cannot build tally"

own_ns() { awk '{ print $1 }' "/proc/$1/schedstat"; }

settings 16 "log-connections = false"
"$SOCKD" -n -o "control-socket=$dir/control" -f "$dir/sockd.conf" 2>>"$dir/stderr" &
master=$!
until_true 60 "sockd" "$SOCKCTL" -s "$dir/control" version >/dev/null
whole=() with=() without=()
for ((round = 0; round < ROUNDS; round++)); do
	before=$(cpu_ns "$master")
	"$dir/load" -c 8 -n 20000 -d 64 "127.0.0.1:$PORT" >&2 || exit 1
	after=$(cpu_ns "$master")
	whole+=($(((after - before) / 160000)))
	read -r a b < <("$dir/tally" 1000000)
	with+=("$a") without+=("$b")
done
master_stop
all=$(median "${whole[@]}") a=$(median "${with[@]}") b=$(median "${without[@]}")
echo "| CPU for a connection, ns, median of $ROUNDS | | of all |"
echo "|---|---:|---:|"
printf '| echo: connect, 64 bytes, close | %.0f | |\n' "$all"
printf '| of it the scoreboard | %.0f | %.1f %% |\n' "$a" "$(awk "BEGIN { print 100 * $a / $all }")"
printf '| of that without TCP_INFO | %.0f | %.1f %% |\n' "$b" "$(awk "BEGIN { print 100 * $b / $all }")"
echo
echo "| workers | sockctl status, ms, median of $ROUNDS | the slowest | CPU of the master, µs each |"
echo "|---:|---:|---:|---:|"
for n in $WORKERS; do
	settings "$n" "log-connections = false"
	"$SOCKD" -n -o "control-socket=$dir/control" -f "$dir/sockd.conf" 2>>"$dir/stderr" &
	master=$!
	until_true 120 "sockd with $n workers" "$SOCKCTL" -s "$dir/control" version >/dev/null
	all_there() { [ "$(children "$master" | wc -w)" -gt "$n" ]; }
	until_true 120 "$n workers" all_there
	times=()
	before=$(own_ns "$master")
	for ((round = 0; round < ROUNDS * 10; round++)); do
		start=${EPOCHREALTIME/[.,]/}
		"$SOCKCTL" -s "$dir/control" status >/dev/null || exit 1
		times+=($((${EPOCHREALTIME/[.,]/} - start)))
	done
	after=$(own_ns "$master")
	printf '| %d | %.1f | %.1f | %d |\n' "$n" "$(awk "BEGIN { print $(median "${times[@]}") / 1000 }")" \
		"$(awk "BEGIN { print $(printf '%s\n' "${times[@]}" | sort -n | tail -1) / 1000 }")" \
		$(((after - before) / (ROUNDS * 10) / 1000))
	master_stop
done
