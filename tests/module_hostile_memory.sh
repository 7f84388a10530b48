# A module that writes over all memory that it shares with the master: its own service may suffer until its
# workers are replaced, but the master lives, other services do not notice, and a reload and a stop are answered.
. "$(dirname "$0")/lib.sh"

cp "$top_builddir/tests/modules/hostile.so" "$dir/m.so"
conf "service m { listen = {\"127.0.0.1:7001\"} handler = module module = '$dir/m.so' workers = 3 max-workers = 8 max-per-source = 50 rate = '1000/1' session-timeout = 60 }
service other { listen = {\"127.0.0.1:7002\"} handler = echo workers = 2 }"
start
other=$(workers other)
for i in 1 2 3; do
	ask 127.0.0.1:7001 '!scribble
' >/dev/null 2>&1
	gone "$master" && fail "the master is gone"
	expect "answer of the other service" ping "$(ask 127.0.0.1:7002 ping)"
	kill -USR1 "$master"
done
expect "workers of the other service" "$other" "$(workers other)"
# Replaced workers serve again.
# shellcheck disable=SC2046
kill -KILL $(workers m)
wait_for 10 answers 127.0.0.1:7001 || fail "the service does not come back"
reload
expect "answer of the other service" ping "$(ask 127.0.0.1:7002 ping)"
stop
