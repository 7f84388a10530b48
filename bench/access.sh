#!/bin/bash
# access.sh: what access lists and limits cost: the time to load prefixes from a file, the memory of a worker,
# and connect, 64 bytes, close, without and with them, interleaved.
#
# ROUNDS (5), SECONDS_EACH (2), CLIENTS (8), WORKERS (16).

. "$(dirname "$0")/common.sh"
ROUNDS=${ROUNDS:-5} SECONDS_EACH=${SECONDS_EACH:-2} CLIENTS=${CLIENTS:-8} WORKERS=${WORKERS:-16}
declare -A rate cpu lost
bad=0

# prefixes N: so many that cannot be merged, IPv4 and IPv6 in turn, none of them the load's
prefixes() {
	awk -v n="$1" 'BEGIN { for (i = 0; i < n; i += 2) {
		printf "%d.%d.%d.0/24\n", 128 + i / 131072, i / 512 % 256, i * 2 % 256
		printf "2001:%x:%x::/48\n", 3440 + i / 65536, i % 65536 } }' >"$dir/prefixes"
}

deny="deny = {\"file:$dir/prefixes\"}"
limits="max-per-source = 1000 rate = \"1000000000/1\" rate-per-source = \"1000000000/1\""
variant_settings() {
	case $1 in
	none) settings "$WORKERS" "log-connections = false" ;;
	lists) settings "$WORKERS" "log-connections = false" "$deny" ;;
	limits) settings "$WORKERS" "log-connections = false" "$limits" ;;
	esac
}

echo "| prefixes in a file | sockd -t, ms, median of $ROUNDS | kB of a worker (Private) |"
echo "|---|---:|---:|"
for n in 0 1000 10000 100000; do
	took=()
	prefixes $n
	settings 4 "$([ $n -eq 0 ] || echo "$deny")"
	for ((round = 0; round < ROUNDS; round++)); do
		start=$(now_ms)
		"$SOCKD" -t -f "$dir/sockd.conf" >/dev/null || die "these settings are refused"
		took+=($(($(now_ms) - start)))
	done
	sockd_start 4
	memory=$(for pid in $(workers "$master"); do
		awk '/^Private/ { n += $2 } END { print n }' "/proc/$pid/smaps_rollup"
	done | sort -n | tail -n 1)
	master_stop
	printf '| %d | %.0f | %d |\n' $n "$(median "${took[@]}")" "$memory"
done
echo

for ((round = 0; round < ROUNDS; round++)); do
	for variant in none lists limits; do
		variant_settings $variant
		sockd_start "$WORKERS"
		before=$(cpu_ns "$master")
		line=$("$dir/load" -c "$CLIENTS" -s "$SECONDS_EACH" -d 64 "127.0.0.1:$PORT") || bad=1
		after=$(cpu_ns "$master")
		master_stop
		echo "$variant: $line" >&2
		rate[$variant]+=" $(load_value ops_per_s "$line")"
		cpu[$variant]+=" $(awk "BEGIN { print ($after - $before) / 1000 / $(load_value ops "$line") }")"
		lost[$variant]=$((${lost[$variant]:-0} + $(load_value lost "$line")))
	done
done
echo "| echo, $CLIENTS clients, $WORKERS workers, median of $ROUNDS rounds of $SECONDS_EACH s | ops/s | ratio | server CPU µs/op | lost |"
echo "|---|---:|---:|---:|---:|"
base=$(median ${rate[none]})
row() {
	local r

	r=$(median ${rate[$1]})
	printf '| %s | %.0f | %.2f | %.1f | %d |\n' "$2" "$r" "$(awk "BEGIN { print $r / $base }")" \
		"$(median ${cpu[$1]})" "${lost[$1]}"
}
row none "neither lists nor limits"
row lists "100,000 prefixes in deny"
row limits "max-per-source, rate, rate-per-source"
exit $bad
