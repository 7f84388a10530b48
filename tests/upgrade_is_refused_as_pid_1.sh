# As process 1 of a container sockd cannot be replaced: the container would end. It says so and goes on.
. "$(dirname "$0")/lib_upgrade.sh"

unshare --pid --fork --kill-child --mount-proc true 2>/dev/null || skip "no PID namespace can be made"
conf "service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 2 }"
prefix=(unshare --pid --fork --kill-child --mount-proc)
start
outside=$master
master=$(children "$outside")
expect "its pid in there" 1 "$(awk '/^NSpid/ { print $NF }' "/proc/$master/status")"
wait_workers echo 2
own=$(workers echo | sort)
upgrade_fails 'refused: .*process 1'
expect "workers" "$own" "$(workers echo | sort)"
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
kill -TERM "$master"
wait_for 10 gone "$outside" || fail "it does not stop"
