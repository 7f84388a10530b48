# No descriptor is left: in a worker, in the whole system for the workers, for the master. Nobody spins, and service
# is back within a second.
. "$(dirname "$0")/lib_fault.sh" root strace prlimit

export ASAN_OPTIONS=detect_leaks=0
conf 'user = root
service echo { listen = "127.0.0.1:7001" handler = echo workers = 1 log-connections = false }'
start
worker=$(workers echo)
# back WHAT: within a second; the worker is the same.
back()
{
	local from

	from=$(now_us)
	wait_for 1 answers 127.0.0.1:7001 || fail "no answer within a second of the end of: $1"
	figure "$1_back" "$((($(now_us) - from) / 1000))ms"
	expect "worker after: $1" "$worker" "$(workers echo)"
}
prlimit --pid "$worker" --nofile=1:
before=$(fault_cpu "$worker")
pyx '
for i in range(5):
    c = Client("127.0.0.1:7001", timeout=60)
    c.send("x")
    c.take(1)
' &
clients=$!
fault_lasts worker_limit
spent=$((($(fault_cpu "$worker") - before) / window / 10000))
[ $spent -lt 1000 ] || fail "the worker takes $(thousandth $spent) % of a CPU"
prlimit --pid "$worker" --nofile=1024:
back worker_limit
wait $clients || fail "a client of the queue was lost"

inject accept4 error=ENFILE "$worker"
fault_lasts system_enfile
n=$(injected_times)
figure tries "$n"
[ "$n" -lt $((20 * (window + 1) * 2)) ] || fail "accept was tried $n times"
inject_end
back system_enfile

# The master can open nothing: signals act, reloads are refused, workers that die are replaced or will be.
calls=accept4,pipe2,eventfd2,socketpair,socket,memfd_create,epoll_create1,openat,dup
inject $calls error=ENFILE
mark
kill -HUP "$master"
wait_log 'reload: failed'
pyx '
from control import *
try:
    control("version")
except OSError:
    pass
' &
asker=$!
fault_lasts master_enfile
mark
kill -USR1 "$master"
wait_log 'service=echo status ' 1
inject_end
wait_for 5 gone $asker || fail "the control socket does not come back"
reload
worker=$(workers echo)
stop
