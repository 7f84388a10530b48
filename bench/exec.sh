#!/bin/bash
# exec.sh: a program for each connection: /bin/cat, connect, 64 bytes there and back, close. sockd beside
# xinetd, openbsd-inetd, tcpserver (ucspi-tcp), socat, systemd-socket-activate --inetd -a, and the bare pool
# that does accept, vfork, exec, wait and nothing else; in interleaved rounds.
#
# ROUNDS (5), SECONDS_EACH (3), CLIENTS (8), WORKERS (16: of sockd and the bare pool), BYTES (64)
# PROGRAM (/bin/cat), SERVERS (all of them), PATH (Debian lets xinetd and openbsd-inetd not be installed
# together: `dpkg-deb -x` one of them somewhere and add its usr/sbin). Servers that are missing are left out.
# The peers run as root, and so save the change of user; none of them logs or limits. Exit status 1 if
# anything was lost. "again": handshakes that had to be sent again, counted by the kernel.

. "$(dirname "$0")/common.sh"
ROUNDS=${ROUNDS:-5} SECONDS_EACH=${SECONDS_EACH:-3}
CLIENTS=${CLIENTS:-8} WORKERS=${WORKERS:-16} BYTES=${BYTES:-64} PROGRAM=${PROGRAM:-/bin/cat}
BACKLOG=511 # of all
declare -A rate p50 p99 cpu lost again
PATH=$PATH:/usr/sbin:/sbin
bad=0

declare -A title=([bare]="bare: accept, vfork, exec" [sockd]="sockd, handler exec" [xinetd]=xinetd
	[inetd]=openbsd-inetd [tcpserver]="tcpserver (ucspi-tcp)" [socat]="socat, fork, nofork exec"
	[systemd-socket-activate]="systemd-socket-activate --inetd -a")
servers=()
for server in ${SERVERS:-bare sockd xinetd inetd tcpserver socat systemd-socket-activate}; do
	case $server in
	bare | sockd) servers+=("$server") ;;
	*) if command -v "$server" >/dev/null; then servers+=("$server"); else echo "no $server" >&2; fi ;;
	esac
done
sysctl -qw net.ipv4.tcp_max_syn_backlog=4096

answers() { "$dir/load" -c 1 -n 1 "127.0.0.1:$PORT" >/dev/null; }

xinetd_settings() {
	cat >"$dir/xinetd.conf" <<-CONF
		service bench
		{
			type = UNLISTED
			port = $PORT
			socket_type = stream
			protocol = tcp
			wait = no
			user = root
			server = $PROGRAM
			instances = UNLIMITED
			per_source = UNLIMITED
			cps = 1000000 1
		}
	CONF
}

start() {
	case $1 in
	bare) "$dir/bare" "$PORT" "$WORKERS" "$PROGRAM" & ;;
	sockd)
		{
			echo "user = \"nobody\""
			echo "service bench {"
			echo "	listen = {\"0.0.0.0:$PORT\"}"
			echo "	handler = \"exec\""
			echo "	command = {\"$PROGRAM\"}"
			echo "	workers = $WORKERS"
			echo "	log-connections = false"
			echo "}"
		} >"$dir/sockd.conf"
		"$SOCKD" -n -f "$dir/sockd.conf" 2>>"$dir/stderr" &
		;;
	xinetd)
		xinetd_settings
		xinetd -dontfork -f "$dir/xinetd.conf" -pidfile "$dir/xinetd.pid" 2>>"$dir/stderr" &
		;;
	inetd)
		echo "$PORT stream tcp4 nowait.1000000 root $PROGRAM ${PROGRAM##*/}" >"$dir/inetd.conf"
		inetd -i -q $BACKLOG -R 1000000 "$dir/inetd.conf" 2>>"$dir/stderr" &
		;;
	tcpserver) tcpserver -q -H -R -l 0 -c 1000 -b $BACKLOG 0 "$PORT" "$PROGRAM" 2>>"$dir/stderr" & ;;
	socat) socat "TCP4-LISTEN:$PORT,reuseaddr,fork,backlog=$BACKLOG" "EXEC:$PROGRAM,nofork" 2>>"$dir/stderr" & ;;
	systemd-socket-activate) systemd-socket-activate --inetd -a -l "$PORT" "$PROGRAM" >"$dir/stderr" 2>&1 & ;;
	esac
	master=$!
	until_true 10 "an answer from $1" answers
}

# Handshakes of the namespace that were sent again, and those that the listener dropped.
drops() {
	awk '$1 == "TcpExt:" && !n { n = split($0, name); next }
		$1 == "TcpExt:" { for (i = 2; i <= n; i++) if (name[i] ~ /^(TCPSynRetrans|ListenDrops)$/) sum += $i }
		END { print sum + 0 }' /proc/net/netstat
}

# CPU time in ms of the server and of all children that it has reaped
cpu_ms() {
	local pid stat sum=0

	for pid in $(tree "$master"); do
		read -r stat 2>/dev/null <"/proc/$pid/stat" || continue
		set -- ${stat##*) }
		sum=$((sum + ${12} + ${13} + ${14} + ${15}))
	done
	echo $((sum * 1000 / $(getconf CLK_TCK)))
}

measure() {
	local server=$1 line warm before cpu_before cpu_after

	start "$server"
	warm=$("$dir/load" -c "$CLIENTS" -s 1 -l "$BYTES" -d 64 "127.0.0.1:$PORT") || bad=1
	before=$(drops) cpu_before=$(cpu_ms)
	line=$("$dir/load" -c "$CLIENTS" -s "$SECONDS_EACH" -l "$BYTES" -d 64 "127.0.0.1:$PORT") || bad=1
	cpu_after=$(cpu_ms)
	again[$server]=$((${again[$server]:-0} + $(drops) - before))
	rate[$server]+=" $(load_value ops_per_s "$line")"
	p50[$server]+=" $(load_value p50_us "$line")"
	p99[$server]+=" $(load_value p99_us "$line")"
	cpu[$server]+=" $(awk "BEGIN { print ($cpu_after - $cpu_before) * 1000 / $(load_value ops "$line") }")"
	lost[$server]=$((${lost[$server]:-0} + $(load_value lost "$line") + $(load_value lost "$warm")))
	echo "$server: $line" >&2
	kill $([ "$server" != bare ] || children "$master") "$master" 2>/dev/null
	wait "$master" 2>/dev/null
	master=
}

for ((round = 0; round < ROUNDS; round++)); do
	# Each round begins with another one.
	for ((i = 0; i < ${#servers[@]}; i++)); do measure "${servers[(i + round) % ${#servers[@]}]}"; done
done

declare -A middle
best=0 best_name=none
for server in "${servers[@]}"; do
	middle[$server]=$(median ${rate[$server]})
	case $server in bare | sockd) continue ;; esac
	if awk "BEGIN { exit !(${middle[$server]} > $best) }"; then
		best=${middle[$server]} best_name=$server
	fi
done

echo "Exec of $PROGRAM: connect, $BYTES bytes, close; $CLIENTS clients; median of $ROUNDS rounds of $SECONDS_EACH s"
echo
echo "| server | ops/s | ratio to bare | p50 µs | p99 µs | server CPU µs/op | lost | again |"
echo "|---|---:|---:|---:|---:|---:|---:|---:|"
for server in "${servers[@]}"; do
	printf '| %s | %.0f | %.2f | %.0f | %.0f | %.0f | %d | %d |\n' "${title[$server]}" "${middle[$server]}" \
		"$(awk "BEGIN { print ${middle[$server]} / ${middle[bare]:-${middle[$server]}} }")" \
		"$(median ${p50[$server]})" "$(median ${p99[$server]})" "$(median ${cpu[$server]})" \
		"${lost[$server]}" "${again[$server]}"
done
[ "$best_name" = none ] || [ -z "${middle[sockd]:-}" ] || {
	echo
	printf 'sockd to the best of the others (%s): %.2f\n' "$best_name" "$(awk "BEGIN { print ${middle[sockd]} / $best }")"
}
exit $bad
