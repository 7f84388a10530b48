# A memory cgroup: programs and workers that take too much are killed by the kernel, others are replaced and serve, the
# master lives on, also when there is no room for a reload of many services.
. "$(dirname "$0")/lib_fault.sh" root

groups=/sys/fs/cgroup/memory
limit=memory.limit_in_bytes
[ -d $groups ] || { groups=/sys/fs/cgroup limit=memory.max; }
group=$groups/sockd-fault-$$-$RANDOM
mkdir "$group" 2>/dev/null || skip "no memory cgroup can be made"
[ -e "$group/$limit" ] || { rmdir "$group"; skip "no memory cgroup"; }
in_group()
{
	echo "$BASHPID" >"$group/cgroup.procs"
	exec "$@"
}
prefix=(in_group)
few="service echo { listen = '127.0.0.1:7001' handler = echo workers = 4 log-connections = false }
service eater { listen = '127.0.0.1:7002' handler = exec workers = 2
	command = {'$python', '-c', 'import sys; print(\"go\", flush=True); x = []
while True: x.append(bytearray(1 << 20))'} }
service fat { listen = '127.0.0.1:7003' handler = program workers = 1
	command = {'$python', '-c', 'import os, time; x = []
while True: x.append(bytearray(1 << 20)) if os.path.exists(\"$dir/eat\") else time.sleep(0.1)'} }"
conf "$few"
start
echo $((64 << 20)) >"$group/$limit"
own=$(workers echo | sort)
load_begin 127.0.0.1:7001 2
eat()
{
	while [ ! -e "$dir/enough" ]; do
		py 'c = Client("127.0.0.1:7002", timeout=60); c.rest()' 2>/dev/null
	done
}
eat &
eater=$!
started+=($eater)
touch "$dir/eat"
fault_lasts oom
rm "$dir/eat"
touch "$dir/enough"
wait_for 60 gone $eater || fail "the client of the eater stays"
load_end
figure killed "$(since=1 logged_times 'signal=KILL|killed by signal 9')"
[ "$(since=1 logged_times 'signal=KILL|killed by signal 9')" -gt 0 ] || fail "nothing was killed: the limit does not bite"
# Workers may have been what the kernel chose; each takes one connection at most.
died=$(since=1 logged_times 'service=(echo|bystander) .*killed by signal 9')
[ "$load_lost" -le "$died" ] || fail "lost: $load_lost, workers that were killed: $died"
bystander_may_lose=$(grep -c '^bystander.*lost' "$probe")
[ "$bystander_may_lose" -le "$died" ] || fail "the bystander lost $bystander_may_lose; workers killed: $died"
expect "master" "" "$(gone "$master" && echo gone)"
wait_workers echo 4

# No room for a reload.
many=$few$(py '
for i in range(300):
    print("service s%d { listen = \"127.0.0.1:%d\" handler = echo workers = 4 }" % (i, 8000 + i))')
used=$(cat "$group/memory.usage_in_bytes" 2>/dev/null || cat "$group/memory.current")
echo $((used + (4 << 20))) >"$group/$limit"
conf "$many"
mark
kill -HUP "$master"
wait_for 60 logged 'reload: (done|failed)'
gone "$master" && fail "the master was killed"
figure reload "$(tail -n "+$since" "$log" | grep -Eo 'reload: (done|failed)' | tail -n 1 | tr ' ' _)"
echo -1 >"$group/$limit" 2>/dev/null || echo max >"$group/$limit"
conf "$few"
wait_for 60 logged 'reload: (done|failed)'
reload
wait_workers echo 4 20
fault_over
fault_done=yes
for pid in $(cat "$group/cgroup.procs"); do
	echo "$pid" >"$groups/cgroup.procs"
done
rmdir "$group"
stop
