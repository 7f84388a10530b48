# A module that floods stderr, leaks descriptors, or closes those of its worker: the others do not notice.
. "$(dirname "$0")/lib.sh"

cp "$top_builddir/tests/modules/hostile.so" "$dir/m.so"
conf "service m { listen = {\"127.0.0.1:7001\"} handler = module module = '$dir/m.so' workers = 2 limits { nofile = 100 } }
service other { listen = {\"127.0.0.1:7002\"} handler = echo workers = 2 }"
start
other=$(workers other)
mark
ask 127.0.0.1:7001 '!flood
' >/dev/null
wait_log 'hostile line 0 of a flood'
expect "answer of the other service" ping "$(ask 127.0.0.1:7002 ping)"
[ "$(logged_times 'hostile line')" -lt 10000 ] || fail "the flood is not held back"

# The worker that leaked has one left, for its next connection.
ask 127.0.0.1:7001 '!leak
' >/dev/null
for i in 1 2 3 4; do
	wait_for 5 answers 127.0.0.1:7001 || fail "no answer after the leak"
done
ask 127.0.0.1:7001 '!close-all
' >/dev/null 2>&1
wait_for 5 answers 127.0.0.1:7001 || fail "no answer after all was closed"
wait_workers m 2
expect "workers of the other service" "$other" "$(workers other)"
stop
