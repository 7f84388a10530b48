# Programs that leave children behind, ignore TERM, close their descriptors, write 1 GB to stderr: the whole group is
# killed at session-timeout, the log is rate-limited, nobody is blocked.
. "$(dirname "$0")/lib_fault.sh" root

conf "shutdown-timeout = 2
defaults { handler = exec workers = 2 }
service family { listen = '127.0.0.1:7001' session-timeout = 2
	command = {'/bin/sh', '-c', 'for i in 1 2 3; do sleep 4711 & done; trap : TERM; echo go; while :; do sleep 1; done'} }
service deaf { listen = '127.0.0.1:7002' session-timeout = 2
	command = {'/bin/sh', '-c', 'trap \"\" TERM HUP INT QUIT; echo go; while :; do sleep 1; done'} }
service closer { listen = '127.0.0.1:7003' session-timeout = 2 command = {'/bin/sh', '-c', 'exec <&- >&- 2>&-; sleep 4712'} }
service orphan { listen = '127.0.0.1:7004' command = {'/bin/sh', '-c', 'sleep 4713 & echo left'} }
service flood { listen = '127.0.0.1:7005' command = {'/bin/sh', '-c', 'yes noise of a program | head -c ${BYTES:-1000000000} >&2; echo done'} }
service app { listen = '127.0.0.1:7006' handler = program workers = 2
	command = {'/bin/sh', '-c', 'sleep 4714 & trap \"\" TERM; while :; do sleep 1; done'} }"
start
left() { ps -eo args= | grep -Ec '^sleep 471[123]$'; }
left_is() { [ "$(left)" -eq "$1" ]; }
for round in 1 2 3 4 5; do
	for port in 7001 7002 7003 7004; do
		py '
c = Client(sys.argv[1], timeout=20)
begin = time.monotonic()
try:
    c.rest()
except ConnectionError:
    pass
took = time.monotonic() - begin
check("%s ends in time" % sys.argv[1], took < 12, took)
' "127.0.0.1:$port" >"$dir/out.$port" 2>&1 &
		clients[port]=$!
	done
	for port in 7001 7002 7003 7004; do
		wait "${clients[port]}" || fail "$(cat "$dir/out.$port")"
	done
	wait_for 10 left_is 0 || fail "round $round: processes stay: $(ps -eo pid,ppid,args | grep 'sleep 471')"
done
for service in family deaf closer; do
	[ "$(since=1 logged_times "service=$service .*end=session-timeout")" -ge 5 ] || fail "no line about the time-out of $service"
done

# 1 GB to stderr, twice at once.
mark
size=$(stat -c %s "$log")
from=$(now_us)
for i in 1 2; do
	py 'print(Client("127.0.0.1:7005", timeout=600).rest().decode(), end="")' >"$dir/flood.$i" &
	clients[i]=$!
done
fault_lasts stderr_flood
for i in 1 2; do
	wait "${clients[i]}"
	expect "end of the noise" "done" "$(cat "$dir/flood.$i")"
done
took=$((($(now_us) - from) / 1000000 + 1))
grown=$(($(stat -c %s "$log") - size))
figure stderr_1GB_twice "${took}s,log=${grown}B"
[ $grown -lt $((100000 + took * 5000)) ] || fail "the log has grown by $grown bytes in $took s"
stop
wait_for 5 left_is 0 || fail "something was left behind"
