# The log's disk is full for a while: service goes on, the lines that were lost are counted, and what comes next does
# not continue the line that the end of the disk has cut.
. "$(dirname "$0")/lib.sh" root

[ "$SOCKD_TEST_NS" = all ] || skip "needs a mount namespace"
small=/run/small # where the mounts are our own
mkdir $small
mount -t tmpfs -o size=16k,mode=755 none $small || skip "cannot mount"
log=$small/log
ln -s $log "$dir/log"
conf 'service echo { listen = "127.0.0.1:7001" handler = echo workers = 2 }'
start -l debug
full() { ! head -c 4096 /dev/zero >$small/probe; } 2>/dev/null
py 'knock("127.0.0.1:7001", 1000)'
wait_for 5 full || fail "the disk is not full"
expect "answer with a full disk" ping "$(ask 127.0.0.1:7001 ping)"
rm $small/probe
mount -o remount,size=1m $small || fail "cannot make room"
mark
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
wait_log '^[^ ]* warning log lines could not be written lost=[0-9]+$'
# With the pieces of the line that was cut, and if that has not all its fields, one of those that were lost.
count()
{
	lost=$(sed -n 's/.*could not be written lost=//p' $log | awk '{ n += $1 } END { print n }')
	lines=$(since=1 logged_times 'closed')
	[ $((lost + lines)) -ge 1002 ]
}
wait_for 5 count
[ $((lost + lines)) -ge 1002 ] && [ $((lost + lines)) -le 1003 ] || fail "$lines lines and $lost lost, expected 1002"
expect "lines that continue another" 0 "$(grep -Ec '.[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]+Z ' $log)"
stop
