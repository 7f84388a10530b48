# When memory runs out, the kernel shall choose the child that reads the settings first and the master last, as far as
# that may be asked for, and nobody else sooner than before; and the heap that a large reload has taken is given back.
# So it is for every program after an upgrade.
. "$(dirname "$0")/lib_upgrade.sh"

few='service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 2 }
service run { listen = {"127.0.0.1:7002"} handler = "exec" command = {"/bin/cat", "/proc/self/oom_score_adj"} }
service app { listen = {"127.0.0.1:7003"} handler = "program" command = {"/bin/sleep", "infinity"} workers = 1 }'
conf "$few"
start
first=$master
score() { cat "/proc/$1/oom_score_adj"; }
score_is() { [ "$(score "$1")" = "$2" ]; }
usual=$(score self) least=$usual
(echo -900 >/proc/self/oom_score_adj) 2>/dev/null && least=-900
spared()
{
	local pid

	expect "score of the master" "$least" "$(score "$master")"
	for pid in $(children "$master"); do
		wait_for 5 score_is "$pid" "$usual" || fail "score of $(cat "/proc/$pid/comm"): $(score "$pid"), not $usual"
	done
	expect "score of a program for a connection" "$usual" "$(ask 127.0.0.1:7002)"
}
spared

# the child that reads settings, at the end of a slow file
mkfifo "$dir/slow.conf"
conf "$few include('$dir/slow.conf')"
before=$(children "$master" | sort)
kill -HUP "$master"
reader() { comm -13 <(echo "$before") <(children "$master" | sort); }
reads() { [ -n "$(reader)" ] && score_is "$(reader)" 900; }
wait_for 5 reads || fail "the score of the child that reads the settings is not 900"
mark
echo "log-level = info" >"$dir/slow.conf"
wait_log 'reload: done'
conf "$few"

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
upgrade
spared
upgrade_stop
