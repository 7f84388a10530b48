#!/bin/bash
# reload.sh: reloads that replace every worker of the service that is under load. Each waits until the last
# worker of the old settings has left. The same load without them is the yardstick for p99.
#
# RELOADS (100), CLIENTS (8), WORKERS (16). Exit status 1 if a connection was lost or refused.

. "$(dirname "$0")/common.sh"
RELOADS=${RELOADS:-100} CLIENTS=${CLIENTS:-8} WORKERS=${WORKERS:-16}
times=()

# True if no worker of $old is left and the pool is whole.
replaced() {
	local now pid

	now=" $(workers "$master" | tr '\n' ' ')"
	[ "$(wc -w <<<"$now")" -eq "$WORKERS" ] || return
	for pid in $old; do
		case $now in *" $pid "*) return 1 ;; esac
	done
}

reloads() {
	local i start

	for ((i = 1; i <= RELOADS; i++)); do
		old=$(workers "$master")
		settings "$WORKERS" "idle-timeout = $((i % 2 + 60))"
		start=$(now_ms)
		kill -HUP "$master"
		until_true 10 "reload $i" replaced
		times+=($(($(now_ms) - start)))
	done
}

settings "$WORKERS" "idle-timeout = 60"
sockd_start "$WORKERS"
began=$(now_ms)
during reloads
seconds=$((($(now_ms) - began + 999) / 1000))
with=$line
lost=$status
during sleep "$seconds"
master_stop
echo "| $RELOADS reloads under load of $CLIENTS clients, $WORKERS workers replaced each time | with | without |"
echo "|---|---:|---:|"
during_table "$with" "$line"
printf '| ms until the last old worker has left, median | %.0f | |\n' "$(median "${times[@]}")"
exit "$lost"
