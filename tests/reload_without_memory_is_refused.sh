# A reload for whose settings there is not enough memory killed the master: libconfuse cannot do without. Now it is
# refused, as long as there is none, and the old workers serve on.
. "$(dirname "$0")/lib.sh" prlimit

[ "${SOCKD_TEST_SLOW:-1}" -eq 1 ] || skip "a sanitizer takes all addresses that there are"
few='service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 2 }'
conf "$few"
start
own=$(workers echo)
many=$few$(py '
for i in range(100):
    print("service s%d { listen = {\"127.0.0.1:%d\"} handler = \"echo\" workers = 1 }" % (i, 7100 + i))')
limit=$(awk '/^VmSize/ { print $2 * 1024 }' "/proc/$master/status")
for more in 0 400000 800000 1200000 1600000 2000000; do
	prlimit --pid "$master" --as=$((limit + more)):
	conf "$many"
	mark
	kill -HUP "$master"
	wait_log 'reload: (done|failed)' 20
	logged 'reload: done' && break
	expect "workers with $more bytes" "$own" "$(workers echo)"
	logged 'reload: .*memory' || fail "it does not say why: $(tail -n "+$since" "$log")"
done
[ "$more" -gt 0 ] || fail "the limit does not bite"
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
prlimit --pid "$master" --as=unlimited:
conf "$many"
reload
expect "answer of a new one" ping "$(ask 127.0.0.1:7150 ping)"
stop
