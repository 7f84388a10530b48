# A socket that systemd hands over under the service's name stands in for an address, whichever it is.
. "$(dirname "$0")/lib.sh"

conf 'service echo { listen = {"127.0.0.1:7001", "127.0.0.1:7002"} handler = "echo" }
service other { listen = {"127.0.0.1:7003"} handler = "discard" }'
prefix=(hand_over "echo=127.0.0.1:7011" "=unix:$dir/sock" "echo=127.0.0.1:7002")
start
for address in 127.0.0.1:7011 127.0.0.1:7002; do
	expect "answer of $address" ping "$(ask $address ping)"
done
answers 127.0.0.1:7001 && fail "an address was bound that a named socket stands in for"
wait_log "unix:$dir/sock .*belongs to no service"
logged 'echo listening on 127\.0\.0\.1:7011' || fail "the log does not tell the real address"
stop
[ -S "$dir/sock" ] || fail "a socket file that is not ours was removed"
