# A full disk for the log, EIO on each write of it, and a full disk for the pidfile: sockd serves on, nothing spins,
# what was lost is counted and told, and a start that cannot write its pidfile says so.
. "$(dirname "$0")/lib_fault.sh" root strace

export ASAN_OPTIONS=detect_leaks=0
[ "$SOCKD_TEST_NS" = all ] || skip "needs a mount namespace"
small=/run/small # which is in a mount namespace of ours
mkdir $small
mount -t tmpfs -o size=64k,mode=755 none $small || skip "cannot mount"
log=$small/log
ln -s $log "$dir/log"
conf "service echo { listen = '127.0.0.1:7001' handler = echo workers = 4 }"
start
logger=$(logger_pid)

# Lines without end: the disk fills, and stays full.
load_begin 127.0.0.1:7001 2
full() { ! head -c 4096 /dev/zero >$small/probe 2>/dev/null; }
wait_for 20 full || fail "the disk does not fill"
before=$(fault_cpu "$logger")
fault_lasts disk_full
load_end
expect "lost of $load_rounds" 0 "$load_lost"
spent=$((($(fault_cpu "$logger") - before) / window / 10000))
figure logger "$(thousandth $spent)%"
# Nothing is to be said any more: the logger is idle, too.
before=$(fault_cpu "$logger")
fault_lasts disk_full_idle
spent=$((($(fault_cpu "$logger") - before) / window / 10000))
figure logger_idle "$(thousandth $spent)%"
[ $spent -lt 1000 ] || fail "the logger takes $(thousandth $spent) % of a CPU"
expect "logger" "$logger" "$(logger_pid)"
rm -f $small/probe
mount -o remount,size=64m $small || fail "cannot make room"
mark
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
wait_log 'log lines could not be written lost=[0-9]+'
figure lines_lost "$(sed -n 's/.*could not be written lost=//p' "$log" | tail -n 1)"
# A torn line ends before the next one begins.
torn=$(grep -Evc '^20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z [a-z]+ ' "$log")
figure torn_lines "$torn"
glued=$(grep -Ec '.20[0-9]{2}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z [a-z]+ ' "$log")
expect "lines glued to one that was cut" 0 "$glued"

inject write error=EIO "$logger"
load_begin 127.0.0.1:7001 2
fault_lasts log_eio
load_end
expect "lost of $load_rounds" 0 "$load_lost"
inject_end
mark
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
wait_log 'log lines could not be written lost=[0-9]+'
stop

# The pidfile: at the start it is an error, with its reason.
head -c 100m /dev/zero >$small/fill 2>/dev/null
full || fail "the disk is not full"
rm "$dir/log"
log=$dir/log
conf "pidfile = '$small/pid'
service echo { listen = '127.0.0.1:7001' handler = echo }"
run -n -f "$conf"
expect "exit status without room for a pidfile" 1 "$status"
expect_match "what is said" "$small/pid.*: No space left" "$err"
