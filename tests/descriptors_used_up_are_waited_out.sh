# A worker without a free descriptor waits between two tries, does not spin, and goes on afterwards.
. "$(dirname "$0")/lib.sh" prlimit

user=
[ "$(id -u)" -ne 0 ] || user='user = root' # prlimit(2) wants the same user
conf "$user"'
service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 1 }'
start
worker=$(workers echo)
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
prlimit --pid "$worker" --nofile=1: || skip "prlimit does not work here"
ticks() { awk '{ print $14 + $15 }' "/proc/$worker/stat"; }
# accept(2) takes its descriptor before it sleeps: the first client may find the limit unnoticed.
known() { read -r -t 0.1 -u $waiting answer || logged 'Too many open files'; }
for i in 1 2 3; do
	exec {waiting}<>/dev/tcp/127.0.0.1/7001
	echo $i >&$waiting
	wait_for 10 known || fail "client $i is not served, and nothing is said of it"
	[ "$answer" = $i ] || break
	exec {waiting}>&-
done
[ $i -lt 3 ] || skip "the limit does not bite"
before=$(ticks)
read -r -t 1 -u $waiting answer
spent=$(($(ticks) - before))
[ $spent -le 5 ] || fail "the worker spent $spent ticks in a second"
prlimit --pid "$worker" --nofile=1024:
read -r -t 10 -u $waiting answer || fail "the client in the queue is not served"
expect "answer" $i "$answer"
expect "worker" "$worker" "$(workers echo)"
wait_log 'service=echo .*(Too many open files|descriptors)'
exec {waiting}>&-
stop

# Where a pool has several listeners, the kernel wakes one worker for a new client: if that one has no descriptor, the
# others get to know of the client.
conf "$user
service echo { listen = {'127.0.0.1:7001', '127.0.0.1:7002', 'unix:$dir/path'} handler = 'echo' workers = 2 }"
start
# The one that has come first is woken: both are there before it is looked for.
listens() { [ "$(cat "/proc/$1/fdinfo/"* 2>/dev/null | grep -c '^tfd:')" -ge 3 ]; }
all_listen() { for pid in $(workers echo); do listens "$pid" || return 1; done; }
wait_workers echo 2
wait_for 5 all_listen || fail "not all workers wait for clients"
for i in 1 2; do
	mark
	expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
	wait_log 'closed source='
done
first=$(sed -n 's/.* pid=\([0-9]*\) closed .*/\1/p' "$log" | tail -n 1)
prlimit --pid "$first" --nofile=1:
for address in 127.0.0.1:7001 127.0.0.1:7002 "unix:$dir/path" 127.0.0.1:7001; do
	expect "answer at $address beside a worker without descriptors" ping "$(ask "$address" ping)"
done
wait_log "pid=$first accept: Too many open files"
prlimit --pid "$first" --nofile=1024: # LeakSanitizer needs some, at the end
stop
