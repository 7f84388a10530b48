# fork fails, for the master by an injected error and by the pids cgroup: the old workers serve, nothing spins, the
# pool is full within 2 s of the end of it, and TERM acts within a second meanwhile.
. "$(dirname "$0")/lib_fault.sh" root strace

export ASAN_OPTIONS=detect_leaks=0 # which does not work while strace is attached
conf 'service echo { listen = "127.0.0.1:7001" handler = echo workers = 8 log-connections = false }'
start
wait_workers echo 8
kill_some()
{
	# shellcheck disable=SC2046
	kill -KILL $(workers echo | head -n 5)
	wait_log 'service=echo .*fork: Resource temporarily unavailable'
}
inject clone,clone3 error=EAGAIN
mark
kill_some
load_begin 127.0.0.1:7001 3
fault_lasts fork_injected
load_end
expect "lost" 0 "$load_lost"
n=$(injected_times)
figure tries "$n"
[ "$n" -lt $((20 * (window + 2))) ] || fail "fork was tried $n times"
inject_end
from=$(now_us)
wait_workers echo 8 2
figure refilled "$((($(now_us) - from) / 1000))ms"

group=/sys/fs/cgroup/pids/sockd-fault-$$-$RANDOM
if mkdir "$group" 2>/dev/null; then
	echo "$master" >"$group/cgroup.procs"
	for pid in $(children "$master"); do
		echo "$pid" >"$group/cgroup.procs"
	done
	echo 4 >"$group/pids.max"
	mark
	kill_some
	fault_lasts pids_cgroup
	echo max >"$group/pids.max"
	from=$(now_us)
	wait_workers echo 8 2
	figure refilled_cgroup "$((($(now_us) - from) / 1000))ms"
	cat "/proc/$$/cgroup" >/dev/null
	for pid in "$master" $(children "$master"); do
		echo "$pid" >/sys/fs/cgroup/pids/cgroup.procs
	done
	rmdir "$group"
fi
fault_over
fault_done=yes
inject clone,clone3 error=EAGAIN
mark
kill_some
from=$(now_us)
kill -TERM "$master"
wait_exit 5
took=$((($(now_us) - from) / 1000))
figure term "${took}ms"
[ $took -lt 1000 ] || fail "TERM took $took ms"
expect "exit status" 0 "$status"
