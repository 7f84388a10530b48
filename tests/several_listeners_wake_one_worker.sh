# A connection to a service with several addresses wakes one worker, not all of them.
. "$(dirname "$0")/lib.sh"

conf 'service echo {
	listen = {"127.0.0.1:7001", "127.0.0.1:7002"}
	handler = "echo"
	workers = 16
	log-connections = false
}'
start
switches()
{
	local pid n sum=0

	for pid in $(workers echo); do
		n=$(sed -n 's/^voluntary_ctxt_switches:\t//p' "/proc/$pid/status")
		sum=$((sum + n))
	done
	echo $sum
}

before=$(switches)
py '
for i in range(200):
    wrong = one_round("127.0.0.1:%d" % (7001 + i % 2))
    check("round %d" % i, not wrong, wrong)
' || exit 1
woken=$(($(switches) - before))
# A round takes a few sleeps of one worker; a herd would be 16 for each.
[ $woken -lt 1600 ] || fail "200 connections woke workers $woken times"
stop
