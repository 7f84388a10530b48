# O_NONBLOCK belongs to the socket that all processes share: whoever else holds it may set it at any
# time. Workers then wait by other means, and do not spin.
. "$(dirname "$0")/lib.sh"

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 2 }'
mkfifo "$dir/go"
prefix=(hand_over "--nonblock-on=$dir/go" "echo=127.0.0.1:7001")
start
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
echo now >"$dir/go"
for i in 1 2 3 4 5; do
	expect "answer $i" ping "$(ask 127.0.0.1:7001 ping)"
done
ticks() { awk '{ n += $14 + $15 } END { print n }' $(workers echo | sed 's,.*,/proc/&/stat,'); }
before=$(ticks)
sleep 0.5
spent=$(($(ticks) - before))
[ $spent -le 5 ] || fail "idle workers spent $spent ticks in half a second"
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
stop
