# A module that crashes in init: as a first worker it fails the start, at a reload the old workers serve on,
# later its service backs off; other services do not notice.
. "$(dirname "$0")/lib.sh"

cp "$top_builddir/tests/modules/hostile.so" "$dir/m.so"
text()
{
	echo "service m { listen = {\"127.0.0.1:7001\"} handler = module module = '$dir/m.so' workers = 1 options = {$1} }
	service other { listen = {\"127.0.0.1:7002\"} handler = echo workers = 2 }"
}
conf "$(text '"in=init", "do=crash"')"
launch
wait_exit 10
[ "$status" -ne 0 ] || fail "the start succeeded"
wait_log 'service=m .*died: killed by signal 11 \(SEGV\)'

conf "$(text '"init=fail"')"
launch
wait_exit 10
wait_log 'service=m .*init fails because it was told to'
wait_log 'service=m .*module: init of .*m.so failed'

conf "$(text '')"
start
other=$(workers other)
old=$(workers m)
conf "$(text '"in=init", "do=abort"')"
mark
kill -HUP "$master"
wait_log 'service=m .*died: killed by signal 6 \(ABRT\)'
answers 127.0.0.1:7001 || fail "the old worker does not answer"
expect "old worker" "$old" "$(workers m | grep -x "$old")"
expect "workers of the other service" "$other" "$(workers other)"
conf "$(text '')"
mark
kill -HUP "$master"
wait_log 'reload: done'
answers 127.0.0.1:7001 || fail "no answer after the mended reload"

# The file changes below a running service: what is loaded next crashes, until it is mended.
cp "$dir/m.so" "$dir/good.so"
printf 'garbage' >"$dir/bad.so"
mv "$dir/bad.so" "$dir/m.so"
mark
kill -KILL "$(workers m | tail -n 1)"
wait_log 'service=m .*module: .*file too short'
wait_log 'service=m .*next_try_s=[12]'
expect "answer of the other service" ping "$(ask 127.0.0.1:7002 ping)"
mv "$dir/good.so" "$dir/m.so"
wait_for 15 answers 127.0.0.1:7001 || fail "no answer after it was mended"
expect "workers of the other service" "$other" "$(workers other)"
stop
