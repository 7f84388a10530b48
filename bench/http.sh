#!/bin/bash
# http.sh: an HTTP server of one small text under wrk: sockd with the module examples/http.c, Apache with
# prefork, nginx for comparison; in interleaved rounds of two loads.
#
#   keep    connections stay open
#   close   a connection for each request
#
# ROUNDS (5), SECONDS_EACH (4), CLIENTS (8), WORKERS (16: of sockd and Apache), BYTES (64), SERVERS, LOADS
# Nobody logs accesses. Apache has no .htaccess to look for and keeps its connections without end; nginx
# runs a worker for each CPU. Exit status 1 if any request failed.

. "$(dirname "$0")/common.sh"
ROUNDS=${ROUNDS:-5} SECONDS_EACH=${SECONDS_EACH:-4} CLIENTS=${CLIENTS:-8} WORKERS=${WORKERS:-16} BYTES=${BYTES:-64}
LOADS=${LOADS:-keep close}
PATH=$PATH:/usr/sbin
declare -A rate p50 p99 failed
declare -A title=([sockd]="sockd, module http" [apache]="Apache, prefork" [nginx]=nginx)
declare -A head=([keep]="connections stay open" [close]="a connection for each request")
bad=0

command -v wrk >/dev/null || die "wrk is not installed"
servers=()
for server in ${SERVERS:-sockd apache nginx}; do
	program=${server/apache/apache2}
	if [ "$server" = sockd ] || command -v "$program" >/dev/null; then servers+=("$server"); else echo "no $program" >&2; fi
done
${CC:-cc} ${CFLAGS:--O2} -std=gnu11 -shared -fPIC -I"$here/../include" -o "$dir/http.so" "$here/../examples/http.c" ||
	die "cannot build the module"
sysctl -qw net.ipv4.ip_local_port_range="10000 65535" net.ipv4.tcp_tw_reuse=1 # one address: ports run out early

mkdir "$dir/www"
text=$(printf "%*s" "$BYTES" "" | tr ' ' x)
printf %s "$text" >"$dir/www/text.txt"
modules=/usr/lib/apache2/modules
cat >"$dir/apache.conf" <<CONF
ServerRoot "$dir"
ServerName localhost
ServerTokens Prod
Listen 127.0.0.1:$PORT
ListenBacklog 511
LoadModule mpm_prefork_module $modules/mod_mpm_prefork.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule mime_module $modules/mod_mime.so
TypesConfig /dev/null
AddType text/plain .txt
User nobody
Group nogroup
PidFile "$dir/apache.pid"
DefaultRuntimeDir "$dir"
ErrorLog "$dir/apache.log"
StartServers $WORKERS
MinSpareServers 1
MaxSpareServers $WORKERS
MaxRequestWorkers $WORKERS
MaxConnectionsPerChild 0
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 15
HostnameLookups Off
FileETag None
DocumentRoot "$dir/www"
<Directory />
	AllowOverride None
	Options FollowSymLinks
	Require all granted
</Directory>
CONF
cat >"$dir/nginx.conf" <<CONF
user nobody nogroup;
worker_processes auto;
pid $dir/nginx.pid;
error_log $dir/nginx.log;
events { }
http {
	access_log off;
	default_type text/plain;
	etag off;
	keepalive_requests 100000000;
	open_file_cache max=10;
	server { listen 127.0.0.1:$PORT backlog=511; root $dir/www; }
}
CONF

url=http://127.0.0.1:$PORT/text.txt
answers() { [ "$(curl -s --max-time 2 "$url")" = "$text" ]; }

start() {
	case $1 in
	sockd)
		{
			echo "user = \"nobody\""
			echo "service bench {"
			echo "	listen = {\"127.0.0.1:$PORT\"}"
			echo "	handler = \"module\""
			echo "	module = \"$dir/http.so\""
			echo "	options = {\"text=$text\"}"
			echo "	workers = $WORKERS"
			echo "	idle-timeout = 15"
			echo "	log-connections = false"
			echo "}"
		} >"$dir/sockd.conf"
		"$SOCKD" -n -f "$dir/sockd.conf" 2>>"$dir/stderr" &
		;;
	# when it leaves, it signals its whole process group
	apache) setsid apache2 -f "$dir/apache.conf" -DFOREGROUND 2>>"$dir/stderr" & ;;
	nginx) nginx -c "$dir/nginx.conf" -g 'daemon off;' 2>>"$dir/stderr" & ;;
	esac
	master=$!
	until_true 10 "an answer from $1" answers
}

# microseconds TEXT: of what wrk prints
microseconds() { awk -v t="$1" 'BEGIN { print t * (t ~ /us$/ ? 1 : t ~ /ms$/ ? 1000 : 1000000) }'; }

measure() {
	local key=$1.$2 lost options=(-t 1 -c "$CLIENTS" --latency)

	[ "$2" = keep ] || options+=(-H "Connection: close")
	wrk "${options[@]}" -d 1s "$url" >/dev/null
	wrk "${options[@]}" -d "${SECONDS_EACH}s" "$url" >"$dir/wrk" || bad=1
	lost=$(awk '/Socket errors/ { gsub(",", ""); n += $4 + $6 + $8 + $10 } /Non-2xx/ { n += $NF } END { print n + 0 }' "$dir/wrk")
	[ "$lost" -eq 0 ] || bad=1
	rate[$key]+=" $(awk '/^Requests\/sec/ { print $2 }' "$dir/wrk")"
	p50[$key]+=" $(microseconds "$(awk '$1 == "50%" { print $2 }' "$dir/wrk")")"
	p99[$key]+=" $(microseconds "$(awk '$1 == "99%" { print $2 }' "$dir/wrk")")"
	failed[$key]=$((${failed[$key]:-0} + lost))
	echo "$1, $2:${rate[$key]##* } requests/s, $lost failed" >&2
}

for ((round = 0; round < ROUNDS; round++)); do
	for ((i = 0; i < ${#servers[@]}; i++)); do
		server=${servers[(i + round) % ${#servers[@]}]}
		start "$server"
		for load in $LOADS; do measure "$server" "$load"; done
		master_stop
	done
done

echo "HTTP: $BYTES bytes, $CLIENTS clients; median of $ROUNDS rounds of $SECONDS_EACH s"
for load in $LOADS; do
	base=$(median ${rate[apache.$load]:-${rate[${servers[0]}.$load]}})
	echo
	echo "| ${head[$load]} | requests/s | ratio to Apache | p50 µs | p99 µs | failed |"
	echo "|---|---:|---:|---:|---:|---:|"
	for server in "${servers[@]}"; do
		r=$(median ${rate[$server.$load]})
		printf '| %s | %.0f | %.2f | %.0f | %.0f | %d |\n' "${title[$server]}" "$r" \
			"$(awk "BEGIN { print $r / $base }")" "$(median ${p50[$server.$load]})" \
			"$(median ${p99[$server.$load]})" "${failed[$server.$load]}"
	done
done
exit $bad
