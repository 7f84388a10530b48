# The first workers of all changed services together have 30 s to be ready, and the child that reads the
# settings 60 s: then the reload has failed, says which service it was, and whatever hangs is ended.
. "$(dirname "$0")/lib_control.sh" cc
. "$(dirname "$0")/lib_clock.sh"

cp "$top_builddir/tests/modules/hostile.so" "$dir/m.so"
program="listen = '127.0.0.1:7002' handler = program notify = true command"
echo="service echo { listen = '127.0.0.1:7001' handler = echo workers = 1 }"
conf "$echo"
clock_begin
start
fds=$(($(master_fds) + 1)) # for READY=1, from the first program that says so on
# A module that does not come back, and a program that never says READY=1; "good" is in time.
conf "$echo
service module { listen = '127.0.0.1:7003' handler = module module = '$dir/m.so' options = {'in=init', 'do=hang'} }
service program { $program = {'/bin/sleep', 'infinity'} }
service good { listen = '127.0.0.1:7004' handler = echo workers = 1 }"
old=$(workers echo)
ctl_begin answer reload
three() { [ "$(($(worker_count module) + $(pgrep -cP "$master" -x sleep) + $(worker_count good)))" -eq 3 ]; }
wait_for 10 three || fail "not three trials: $(children "$master" | xargs ps -o pid,args -p)"
# It waits to be let go, with its signals unblocked.
good_is_ready() { grep -q '^SigBlk:.0*$' "/proc/$(workers good)/status"; }
wait_for 10 good_is_ready || fail "the good one is not ready"
clock_forward 15 # far enough from the end for a slow machine
cpy 'time.sleep(0.2)'
[ ! -e "$dir/answer" ] || fail "answered before the time is over: $(cat "$dir/answer")"
clock_forward 16
expect "answer" "error the old settings stay in force
$conf:2: service 'module': its first worker was not ready in 30 s
$conf:3: service 'program': its first worker was not ready in 30 s" "$(answered answer)"
clock_forward 4
only_echo() { [ "$(children "$master" | grep -vx "$(logger_pid)")" = "$old" ]; }
wait_for 5 only_echo || fail "left of the trials: $(children "$master" | xargs ps -o pid,args -p)"
answers 127.0.0.1:7001 || fail "it does not serve"
wait_for 5 master_fds_are "$fds" || fail "descriptors: $(master_fds) for $fds"

# Settings that cannot be read to their end.
mkfifo "$dir/list"
conf "service echo { listen = '127.0.0.1:7001' handler = echo workers = 1 deny = 'file:$dir/list' }"
ctl_begin late reload
one_reads() { [ "$(children "$master" | wc -l)" -eq 3 ]; }
wait_for 10 one_reads || fail "nobody reads the settings"
clock_forward 45
cpy 'time.sleep(0.2)'
[ ! -e "$dir/late" ] || fail "answered before the time is over: $(cat "$dir/late")"
clock_forward 16
expect "answer" "error the old settings stay in force
the settings could not be read in 60 s" "$(answered late)"
wait_for 5 only_echo || fail "the child that reads the settings stays"
conf "$echo"
expect "a good reload" "ok done" "$(ctl reload | paste -sd' ')"
wait_for 5 master_fds_are "$fds" || fail "descriptors: $(master_fds) for $fds"
stop
