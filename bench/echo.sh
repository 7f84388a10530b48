#!/bin/bash
# echo.sh: connect, 64 bytes there and back, close: the bare pool, sockd without its connection log, and
# sockd with every connection logged to a real rsyslogd, in interleaved rounds.
#
# ROUNDS (6), SECONDS_EACH (5), CLIENTS (8), WORKERS (16), BYTES (64)
# Exit status 1 if any connection or any log line was lost.

. "$(dirname "$0")/common.sh"
ROUNDS=${ROUNDS:-6} SECONDS_EACH=${SECONDS_EACH:-5}
CLIENTS=${CLIENTS:-8} WORKERS=${WORKERS:-16} BYTES=${BYTES:-64}
orders=("bare quiet log" "log quiet bare" "quiet bare log" "log bare quiet" "bare log quiet" "quiet log bare")
declare -A rate p50 p99 cpu lost lines_lost
syslog_cpu=()
bad=0

bare_ready() { [ "$(children "$master" | wc -w)" -eq "$WORKERS" ]; }

start() {
	case $1 in
	bare)
		"$dir/bare" "$PORT" "$WORKERS" &
		master=$!
		until_true 10 "the bare pool" bare_ready
		until_true 10 "an answer from it" "$dir/load" -c 1 -n 1 "127.0.0.1:$PORT" >/dev/null
		;;
	quiet)
		settings "$WORKERS" "log-connections = false"
		sockd_start "$WORKERS" -s
		;;
	log)
		settings "$WORKERS" "log-connections = true"
		sockd_start "$WORKERS" -s
		;;
	esac
}

log_lines() { grep -c 'service=bench .* closed ' "$dir/all.log"; }

all_logged() { [ "$(log_lines)" -ge "$1" ]; }

# One round of one variant.
measure() {
	local variant=$1 line before after ops warm sys_before sys_after expected

	: >"$dir/all.log"
	start "$variant"
	warm=$("$dir/load" -c "$CLIENTS" -s 1 -l "$BYTES" -d 64 "127.0.0.1:$PORT") || bad=1
	[ "$variant" != log ] ||
		until_true 10 "the first log lines" all_logged $(($(load_value ops "$warm") + 1))
	before=$(cpu_ns "$master") sys_before=$(cpu_ns "$rsyslogd")
	line=$("$dir/load" -c "$CLIENTS" -s "$SECONDS_EACH" -l "$BYTES" -d 64 "127.0.0.1:$PORT") || bad=1
	after=$(cpu_ns "$master")
	ops=$(load_value ops "$line")
	rate[$variant]+=" $(load_value ops_per_s "$line")"
	p50[$variant]+=" $(load_value p50_us "$line")"
	p99[$variant]+=" $(load_value p99_us "$line")"
	cpu[$variant]+=" $(awk "BEGIN { print ($after - $before) / 1000 / $ops }")"
	lost[$variant]=$((${lost[$variant]:-0} + $(load_value lost "$line") + $(load_value lost "$warm")))
	echo "$variant: $line" >&2
	if [ "$variant" = bare ]; then
		kill $(children "$master")
		wait "$master" 2>/dev/null # it ends when the last child has
		master=
		return
	fi
	master_stop
	[ "$variant" = log ] || return
	expected=$((ops + $(load_value ops "$warm") + 1)) # 1: the question whether it answers
	for _ in $(seq 100); do
		all_logged "$expected" && break
		sleep .1
	done
	sys_after=$(cpu_ns "$rsyslogd")
	syslog_cpu+=("$(awk "BEGIN { print ($sys_after - $sys_before) / 1000 / $ops }")")
	lines_lost[log]=$((${lines_lost[log]:-0} + expected - $(log_lines)))
}

syslog_start
for ((round = 0; round < ROUNDS; round++)); do
	for variant in ${orders[round % 6]}; do measure "$variant"; done
done

base=$(median ${rate[bare]})
echo "Echo: connect, $BYTES bytes, close; $CLIENTS clients, $WORKERS workers; median of $ROUNDS rounds of $SECONDS_EACH s"
echo
echo "| server | ops/s | ratio to bare | p50 µs | p99 µs | server CPU µs/op | lost connections | lost log lines |"
echo "|---|---:|---:|---:|---:|---:|---:|---:|"
row() {
	local r

	r=$(median ${rate[$1]})

	[ "${lost[$1]}" -eq 0 ] && [ "${lines_lost[$1]:-0}" -eq 0 ] || bad=1
	printf '| %s | %.0f | %.2f | %.0f | %.0f | %.1f | %d | %s |\n' "$2" "$r" \
		"$(awk "BEGIN { print $r / $base }")" "$(median ${p50[$1]})" "$(median ${p99[$1]})" \
		"$(median ${cpu[$1]})" "${lost[$1]}" "${lines_lost[$1]:--}"
}
row bare "bare prefork loop"
row quiet "sockd, log-connections = false"
row log "sockd, connection log to rsyslogd"
echo
printf 'rsyslogd itself used %.1f µs of CPU for each connection.\n' "$(median "${syslog_cpu[@]}")"
exit $bad
