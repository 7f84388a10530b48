#!/bin/bash
# kill.sh: kills all workers at once, again and again, and waits each time until as many new ones stand in
# accept(). The master must have exactly as many children as before, and no zombie.
#
# WORKERS (64), ROUNDS (1000)

. "$(dirname "$0")/common.sh"
WORKERS=${WORKERS:-64} ROUNDS=${ROUNDS:-1000}
times=() killed=" "

# Sort the master's children: $ready (in accept, none of the killed ones), $others (the logger), $rest
# (not ready yet, or zombies).
look() {
	local pid stat where

	ready=() others=0 rest=0
	read -r -a pids <"/proc/$master/task/$master/children"
	for pid in "${pids[@]}"; do
		stat= where=
		read -r stat 2>/dev/null <"/proc/$pid/stat"
		read -r where 2>/dev/null <"/proc/$pid/wchan" # without a newline: status 1
		[[ $killed == *" $pid "* ]] && stat="killed, not reaped yet"
		case "$stat $where" in
		*"(sockd:bench) S "*inet_csk_accept*) ready+=("$pid") ;;
		*"(sockd-logger)"*) others=$((others + 1)) ;;
		*) rest=$((rest + 1)) ;;
		esac
	done
}

whole() {
	look
	[ ${#ready[@]} -eq "$WORKERS" ] && [ "$rest" -eq 0 ]
}

settings "$WORKERS"
sockd_start "$WORKERS" -l error
until_true 10 "$WORKERS workers in accept()" whole
children=${#pids[@]}
for ((round = 1; round <= ROUNDS; round++)); do
	killed=" ${ready[*]} "
	start=${EPOCHREALTIME/[.,]/}
	kill -KILL "${ready[@]}"
	deadline=$((start + 10000000))
	while :; do
		look
		now=${EPOCHREALTIME/[.,]/}
		[ ${#ready[@]} -eq "$WORKERS" ] && [ "$rest" -eq 0 ] && break
		[ "$now" -lt $deadline ] ||
			die "round $round: ${#ready[@]} workers are ready and $rest are not after 10 s"
	done
	times+=($(((now - start) / 1000)))
	[ ${#pids[@]} -eq "$children" ] ||
		die "round $round: ${#pids[@]} children of the master, expected $children"
done
"$dir/load" -c 8 -n 100 "127.0.0.1:$PORT" >&2 || die "connections were lost afterwards"
master_stop
echo "| $WORKERS workers killed at once, $ROUNDS rounds | ms |"
echo "|---|---:|"
printf '| all ready again, median | %.0f |\n' "$(median "${times[@]}")"
printf '| the slowest round | %d |\n' "$(printf '%s\n' "${times[@]}" | sort -n | tail -1)"
echo
echo "Exactly $children children of the master after every round, none of them a zombie."
