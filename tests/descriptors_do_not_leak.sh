# Reloads, deaths and connections leave the master's descriptors as many as they were.
. "$(dirname "$0")/lib.sh"

write() { conf "service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 4 max-connections = $1 }
$2"; }
write 1000 ""
start
count() { ls "/proc/$master/fd" | wc -l; }
kill -HUP "$master"
wait_log 'reload: done'
wait_workers echo 4
before=$(count)
for i in 1 2 3 4 5; do
	mark
	write $((1000 + i)) "service more { listen = {'127.0.0.1:7002', '127.0.0.1:7003'} handler = 'chat' }"
	kill -HUP "$master"
	wait_workers more 4
	kill -KILL $(workers echo)
	wait_workers echo 4
	mark
	write $((1000 + i)) ""
	kill -HUP "$master"
	wait_log 'reload: done'
	wait_workers more 0
done 2>/dev/null
wait_workers echo 4
count_is() { [ "$(count)" -le "$before" ]; }
wait_for 5 count_is || fail "the master has $(count) descriptors and had $before: $(ls -l /proc/$master/fd)"
stop
