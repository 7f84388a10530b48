# The defaults section sets what a service does not set itself.
. "$(dirname "$0")/lib.sh"

conf 'defaults { workers = 3 handler = "echo" }
service plain { listen = {"127.0.0.1:7001"} }
service own { listen = {"127.0.0.1:7002"} workers = 1 handler = "discard" }'
start
wait_workers plain 3
wait_workers own 1
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
expect "answer" "" "$(ask 127.0.0.1:7002 ping)"
stop
if [ "$(id -u)" -eq 0 ]; then
	# The user that is used by default is told, and being told it stays the same.
	user=nobody
	! id -u sockd >/dev/null 2>&1 || user=sockd
	run -T -f "$conf"
	expect "users of the dump" "$user $user $user" "$(echo "$out" | sed -n "s/^[[:space:]]*user = '\(.*\)'/\1/p" | xargs)"
	echo "$out" >"$dir/dump.conf"
	run -T -f "$dir/dump.conf"
	expect "dump of the dump" "$(cat "$dir/dump.conf")" "$out"
fi
rejects "a wrong value in defaults" 'defaults {
	workers = none
}
service plain { listen = {"127.0.0.1:7001"} handler = "echo" }' 'sockd\.conf:2: .*workers'
