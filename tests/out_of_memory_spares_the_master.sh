# The kernel shall choose any child before the master when memory runs out; and the heap that a large reload has taken
# is given back. So it is for every program after an upgrade.
. "$(dirname "$0")/lib_upgrade.sh"

few='service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 2 }
service run { listen = {"127.0.0.1:7002"} handler = "exec" command = {"/bin/cat", "/proc/self/oom_score_adj"} }
service app { listen = {"127.0.0.1:7003"} handler = "program" command = {"/bin/sleep", "infinity"} workers = 1 }'
conf "$few"
start
first=$master
above() { [ "$(cat "/proc/$1/oom_score_adj")" -gt "$2" ]; }
spared()
{
	local own pid

	own=$(cat "/proc/$master/oom_score_adj")
	expect "own" "${1:-$own}" "$own"
	for pid in $(children "$master"); do
		wait_for 5 above "$pid" "$own" ||
			fail "$(cat "/proc/$pid/comm") is spared as the master: $(cat "/proc/$pid/oom_score_adj") $own"
	done
	[ "$(ask 127.0.0.1:7002)" -gt "$own" ] || fail "a program is spared as the master"
}
spared

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
before=$(cat "/proc/$master/oom_score_adj")
upgrade
spared "$before"
upgrade_stop
