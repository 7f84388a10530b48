# Reloads that replace the workers, two at a time, under load: no connection is lost or refused.
. "$(dirname "$0")/lib.sh"

write() { conf "service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 4 log-connections = false max-connections = $1 }"; }
write 100000
start
load_begin 127.0.0.1:7001 4
for i in $(seq "${SOCKD_TEST_RELOADS:-10}"); do
	mark
	before=$(workers echo)
	write $((100000 + i))
	kill -HUP "$master"
	kill -HUP "$master"
	wait_log 'reload: done'
	replaced() { [ -z "$(comm -12 <(echo "$before" | sort) <(workers echo | sort))" ]; }
	wait_for 10 replaced || fail "old workers stay after reload $i"
done
load_end
expect "lost of $load_rounds rounds" 0 "$load_lost"
wait_workers echo 4
stop
