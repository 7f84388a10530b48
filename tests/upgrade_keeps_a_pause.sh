# A service that is paused stays so over an upgrade, its clients in the queue; also when all are, so that no worker
# ever says that it is ready. And a new program that reads slow settings is no dead one.
. "$(dirname "$0")/lib_upgrade.sh"

settings()
{
	conf "service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 1 }
service other { listen = {'127.0.0.1:7002'} handler = 'echo' workers = 1 }
$*"
}
client_begin()
{
	rm -f "$dir/client"
	pyx 'print(ask("127.0.0.1:7001", "wait"))' >"$dir/client" &
	started+=($!)
	wait_for 10 state_is 's["echo"]["queue"]' 1 || fail "no client in the queue"
}
settings
start
first=$master
for more in "" other; do
	for name in echo $more; do
		expect_match "pause" "^ok" "$(ctl pause $name)"
	done
	wait_workers echo 0
	client_begin
	upgrade
	expect "mode" paused "$(state 's["echo"]["mode"]')"
	expect "mode of the other" "${more:+paused}" "$(state 's["other"]["mode"]' | sed 's/running//')"
	expect "in the queue" 1 "$(state 's["echo"]["queue"]')"
	expect "workers" "" "$(workers echo)"
	[ ! -s "$dir/client" ] || fail "the client was served"
	for name in echo $more; do
		expect_match "resume" "^ok" "$(ctl resume $name)"
	done
	wait_for 10 grep -q wait "$dir/client" || fail "not served after resume"
done

# longer than the 5 s of silence that are the end of a new program
mkfifo "$dir/slow.conf"
settings "include('$dir/slow.conf')"
old=$master
mark
kill -USR2 "$old"
wait_log 'upgrade: starting'
for word in pause resume; do # it has been told by now what is paused
	expect_match "$word meanwhile" "^error an upgrade is in work" "$(ctl $word other)"
done
cpy 'time.sleep(6)'
echo "log-level = info" >"$dir/slow.conf"
wait_log 'upgrade: (done|failed)' 20
logged 'upgrade: done' || fail "the upgrade failed"
master=$(tail -n "+$since" "$log" | sed -n 's/.*upgrade: done.* pid \([0-9]*\) .*/\1/p')
started+=("$master")
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
upgrade_stop
