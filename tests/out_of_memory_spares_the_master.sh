# The kernel shall choose any child before the master when memory runs out; and the heap that a large reload has taken
# is given back.
. "$(dirname "$0")/lib.sh"

few='service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 2 }
service run { listen = {"127.0.0.1:7002"} handler = "exec" command = {"/bin/cat", "/proc/self/oom_score_adj"} }'
conf "$few"
start
own=$(cat "/proc/$master/oom_score_adj")
for pid in $(children "$master"); do
	[ "$(cat "/proc/$pid/oom_score_adj")" -gt "$own" ] ||
		fail "$(cat "/proc/$pid/comm") is spared as the master: $(cat "/proc/$pid/oom_score_adj") $own"
done
[ "$(ask 127.0.0.1:7002)" -gt "$own" ] || fail "a program is spared as the master"

kib() { awk '/^RssAnon/ { print $2 }' "/proc/$master/status"; }
reload
before=$(kib)
conf "$few$(py '
for i in range(100):
    print("service s%d { listen = {\"127.0.0.1:%d\"} handler = \"echo\" enabled = %s }" % (i, 7100 + i, "no" if i else "yes"))')"
reload
conf "$few"
reload
[ "${SOCKD_TEST_SLOW:-1}" -gt 1 ] || [ $(($(kib) - before)) -lt 1000 ] || fail "memory: $(kib) KiB, and $before before"
stop
