#!/bin/bash
# proxy.sh: a TCP relay in front of a server on the same machine: no relay at all, sockd's handler proxy,
# nginx stream and HAProxy, in interleaved rounds of three workloads.
#
#   pingpong  200 times 64 bytes there and back on each connection
#   connect   connect, 64 bytes there and back, close
#   bulk      fetch 16 MiB, or bring it, a new connection each time (down, up)
#
# ROUNDS (6), SECONDS_EACH (5), CLIENTS (8), WORKERS (16: sockd's and the upstreams'), SERVERS, LOADS
# The peers run as many workers or threads as there are CPUs, with what was found to serve them best:
# nginx without reuseport (which spreads 8 clients unevenly), with 64 KiB of buffer for bulk alone; HAProxy
# with 64 KiB and splice-auto. Nobody logs connections. Exit status 1 if anything was lost.

. "$(dirname "$0")/common.sh"
ROUNDS=${ROUNDS:-6} SECONDS_EACH=${SECONDS_EACH:-5} CLIENTS=${CLIENTS:-8} WORKERS=${WORKERS:-16}
SERVERS=${SERVERS:-direct sockd nginx haproxy} LOADS=${LOADS:-pingpong connect down up}
declare -A rate p50 p99 lost cpu pid=([direct]="")
declare -A echo_port=([direct]=7701 [sockd]=7711 [nginx]=7721 [haproxy]=7731)
declare -A bulk_port=([direct]=7702 [sockd]=7712 [nginx]=7722 [haproxy]=7732)
bad=0

for program in nginx haproxy; do
	command -v $program >/dev/null || SERVERS=${SERVERS//$program/}
done
${CC:-cc} ${CFLAGS:--O2} -std=gnu11 -D_GNU_SOURCE -o "$dir/bulk" "$here/bulk.c" || die "cannot build bulk"
sysctl -qw net.ipv4.ip_local_port_range="10000 65535" # a relay has one upstream: ports run out early

upstreams_start() {
	"$dir/bare" 7701 "$WORKERS" &
	loader=$!
	"$dir/bulk" -S 7702 "$WORKERS" &
	loader+=" $!"
}

sockd_start_proxy() {
	cat >"$dir/sockd.conf" <<-CONF
		user = "nobody"
		defaults { handler = "proxy" workers = $WORKERS log-connections = false }
		service echo { listen = {"0.0.0.0:7711"} upstream = {"127.0.0.1:7701"} }
		service bulk { listen = {"0.0.0.0:7712"} upstream = {"127.0.0.1:7702"} }
	CONF
	"$SOCKD" -n -f "$dir/sockd.conf" 2>>"$dir/stderr" &
}

nginx_start_proxy() {
	cat >"$dir/nginx.conf" <<-CONF
		load_module /usr/lib/nginx/modules/ngx_stream_module.so;
		user nobody nogroup;
		worker_processes auto;
		worker_rlimit_nofile 65536;
		pid $dir/nginx.pid;
		error_log $dir/nginx.err;
		daemon off;
		events { worker_connections 4096; }
		stream {
			proxy_half_close on;
			server { listen 0.0.0.0:7721; proxy_pass 127.0.0.1:7701; }
			server { listen 0.0.0.0:7722; proxy_pass 127.0.0.1:7702; proxy_buffer_size 64k; }
		}
	CONF
	nginx -c "$dir/nginx.conf" 2>>"$dir/stderr" &
}

haproxy_start_proxy() {
	cat >"$dir/haproxy.cfg" <<-CONF
		global
			maxconn 4096
			tune.bufsize 65536
			user nobody
			group nogroup
		defaults
			mode tcp
			option splice-auto
			timeout connect 10s
			timeout client 1h
			timeout server 1h
		frontend echo
			bind 0.0.0.0:7731
			default_backend echo
		backend echo
			server one 127.0.0.1:7701
		frontend bulk
			bind 0.0.0.0:7732
			default_backend bulk
		backend bulk
			server one 127.0.0.1:7702
	CONF
	haproxy -db -f "$dir/haproxy.cfg" 2>>"$dir/stderr" &
}

answers() { "$dir/load" -c 1 -n 1 "127.0.0.1:${echo_port[$1]}" && "$dir/bulk" -c 1 -s .01 -m 1 "127.0.0.1:${bulk_port[$1]}"; }

# One round of one load on one server.
measure() {
	local key=$1.$2 line to=127.0.0.1:${echo_port[$1]} big=127.0.0.1:${bulk_port[$1]} unit=ops_per_s
	local before=0 after=0 factor=1

	[ -z "${pid[$1]}" ] || before=$(cpu_ns "${pid[$1]}")
	case $2 in
	pingpong) factor=200 line=$("$dir/load" -c "$CLIENTS" -s "$SECONDS_EACH" -x 200 "$to") ;;
	connect) line=$("$dir/load" -c "$CLIENTS" -s "$SECONDS_EACH" -d 64 "$to") ;;
	down) unit=mib_per_s line=$("$dir/bulk" -m 16 -c "$CLIENTS" -s "$SECONDS_EACH" "$big") ;;
	up) unit=mib_per_s line=$("$dir/bulk" -m 16 -c "$CLIENTS" -s "$SECONDS_EACH" -u "$big") ;;
	esac
	[ -z "${pid[$1]}" ] || after=$(cpu_ns "${pid[$1]}")
	echo "$1 $2: $line" >&2
	rate[$key]+=" $(awk "BEGIN { print $(load_value $unit "$line") * $factor }")"
	p50[$key]+=" $(load_value p50_us "$line")"
	p99[$key]+=" $(load_value p99_us "$line")"
	cpu[$key]+=" $(awk "BEGIN { print ($after - $before) / 1e9 / $(load_value seconds "$line") }")"
	lost[$key]=$((${lost[$key]:-0} + $(load_value lost "$line")))
}
upstreams_start
until_true 10 "the upstreams" answers direct >/dev/null
for server in $SERVERS; do
	[ "$server" != direct ] || continue
	"${server}_start_proxy"
	pid[$server]=$!
	loader+=" $!"
	until_true 10 "an answer from $server" answers "$server" >/dev/null
done
order=($SERVERS)
for ((round = 0; round < ROUNDS; round++)); do
	for load in $LOADS; do
		for server in "${order[@]}"; do measure "$server" "$load"; done
	done
	order=("${order[@]:1}" "${order[0]}")
done

echo "Relay; $CLIENTS clients; sockd with $WORKERS workers; median of $ROUNDS rounds of $SECONDS_EACH s"
echo
echo "| load | relay | rate | ratio to direct | ratio to the better peer | p50 µs | p99 µs | CPUs used | lost |"
echo "|---|---|---:|---:|---:|---:|---:|---:|---:|"
for load in $LOADS; do
	base=$(median ${rate[direct.$load]:-0}) peer=0
	for server in nginx haproxy; do
		peer=$(printf '%s\n' "$peer" "$(median ${rate[$server.$load]:-0})" | sort -g | tail -n 1)
	done
	for server in $SERVERS; do
		key=$server.$load
		[ "${lost[$key]}" -eq 0 ] || bad=1
		printf '| %s | %s | %.0f | %.2f | %.2f | %.0f | %.0f | %.2f | %d |\n' "$load" "$server" "$(median ${rate[$key]})" \
			"$(awk "BEGIN { print $(median ${rate[$key]}) / ($base ? $base : 1) }")" \
			"$(awk "BEGIN { print $(median ${rate[$key]}) / ($peer ? $peer : 1) }")" \
			"$(median ${p50[$key]})" "$(median ${p99[$key]})" "$(median ${cpu[$key]})" "${lost[$key]}"
	done
done
echo
echo "Rates: exchanges, connections and MiB a second. CPUs used: by the relay alone."
exit $bad
