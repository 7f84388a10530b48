# However few descriptors there may be: a start ends ready, or with a message and status 1. A service that
# could not get what it needs left a master that waited for ever.
. "$(dirname "$0")/lib.sh"

export ASAN_OPTIONS=detect_leaks=0 # which needs a descriptor for its report

conf 'service chat { listen = {"127.0.0.1:7001", "127.0.0.1:7002"} handler = "chat" workers = 1 }'
limited()
{
	ulimit -n "$limit" && exec "$@"
}
prefix=(limited)
for limit in $(seq 6 40); do
	launch
	wait_for 5 lib_settled || fail "with $limit descriptors it is neither ready nor gone"
	if ! gone "$master"; then
		stop
		break
	fi
	wait_exit 1
	expect "exit status with $limit descriptors" 1 "$status"
	[ -s "$log" ] || fail "with $limit descriptors it does not say why it ends"
done
[ "$limit" -gt 10 ] || fail "$limit descriptors were enough: nothing was tried"
