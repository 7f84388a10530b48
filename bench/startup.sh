#!/bin/bash
# startup.sh: how long until every worker of a large pool stands in accept(), and how much memory of its own
# an idle worker has (Private_Clean + Private_Dirty), fresh and after it has served.
#
# WORKERS (1000), ROUNDS (5), CONNECTIONS (20 for each worker)

. "$(dirname "$0")/common.sh"
WORKERS=${WORKERS:-1000} ROUNDS=${ROUNDS:-5} CONNECTIONS=${CONNECTIONS:-20}
times=()

accepting() {
	local pids

	pids=$(children "$master")
	[ "$(wc -w <<<"$pids")" -ge "$WORKERS" ] || return
	[ "$(cd /proc && for pid in $pids; do echo "$pid/wchan"; done |
		xargs grep -sl inet_csk_accept | wc -l)" -eq "$WORKERS" ]
}

# KiB of its own that a worker has: mean and greatest.
memory() {
	local pid

	for pid in $(workers "$master"); do
		awk '/^Private_(Clean|Dirty):/ { kib += $2 } END { print kib }' "/proc/$pid/smaps_rollup"
	done | awk '{ sum += $1; if ($1 > max) max = $1 } END { printf "%.1f | %d", sum / NR, max }'
}

settings "$WORKERS" "log-connections = false"
for ((round = 0; round < ROUNDS; round++)); do
	start=$(now_ms)
	"$SOCKD" -n -f "$dir/sockd.conf" 2>>"$dir/stderr" &
	master=$!
	until_true 60 "$WORKERS workers in accept()" accepting
	times+=($(($(now_ms) - start)))
	if [ $((round + 1)) -eq "$ROUNDS" ]; then
		fresh=$(memory)
		"$dir/load" -c 8 -n $((WORKERS * CONNECTIONS / 8)) -d 64 "127.0.0.1:$PORT" >&2 || exit 1
		used=$(memory)
	fi
	master_stop
done
echo "| $WORKERS workers | |"
echo "|---|---:|"
printf '| all in accept(), ms after exec, median of %d | %.0f |\n' "$ROUNDS" "$(median "${times[@]}")"
printf '| the slowest | %d |\n' "$(printf '%s\n' "${times[@]}" | sort -n | tail -1)"
echo
echo "| private memory of a worker, KiB | mean | greatest |"
echo "|---|---:|---:|"
echo "| before its first connection | $fresh |"
echo "| after $CONNECTIONS connections for each worker | $used |"
