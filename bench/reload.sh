#!/bin/bash
# reload.sh: reloads that replace every worker of the service that is under load. Each waits until the last
# worker of the old settings has left.
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

settings "$WORKERS" "log-connections = false"
sockd_start "$WORKERS"
"$dir/load" -c "$CLIENTS" -s 3600 -d 64 "127.0.0.1:$PORT" >"$dir/load.out" &
loader=$!
for ((i = 1; i <= RELOADS; i++)); do
	old=$(workers "$master")
	settings "$WORKERS" "log-connections = $([ $((i % 2)) -eq 1 ] && echo true || echo false)"
	start=$(now_ms)
	kill -HUP "$master"
	until_true 10 "reload $i" replaced
	times+=($(($(now_ms) - start)))
done
kill -TERM "$loader"
wait "$loader"
status=$?
loader=
line=$(cat "$dir/load.out")
master_stop
echo "$line" >&2
echo "| $RELOADS reloads under load of $CLIENTS clients, $WORKERS workers replaced each time | |"
echo "|---|---:|"
echo "| connections served meanwhile | $(load_value ops "$line") |"
echo "| lost or refused | $(load_value lost "$line") |"
printf '| ms until the last old worker has left, median | %.0f |\n' "$(median "${times[@]}")"
exit $status
