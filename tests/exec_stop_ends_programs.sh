# A stop lets programs finish; one that is urgent ends them with their groups, in time for the worker to
# leave by itself.
. "$(dirname "$0")/lib.sh"

cat >"$dir/stubborn" <<'SCRIPT'
#!/bin/sh
trap '' TERM
sleep infinity &
echo $$ $!
wait
wait
SCRIPT
chmod 755 "$dir/stubborn"
conf "shutdown-timeout = 20
defaults { handler = 'exec' workers = 2 }
service cat { listen = '127.0.0.1:7001' command = {'/bin/sh', '-c', 'echo begun; read x; echo answer to \$x'} }
service stubborn { listen = '127.0.0.1:7002' command = {'$dir/stubborn'} }"
client()
{
	: >"$dir/client"
	pyx '
c = Client(sys.argv[1], timeout=60)
print(c.line(), flush=True)
while not os.path.exists(sys.argv[2]):
    time.sleep(0.01)
c.send("question\n")
print(c.rest().decode(), flush=True)
' "$1" "$dir/go" >"$dir/client" &
	client_pid=$!
	started+=($client_pid)
	wait_for 5 test -s "$dir/client" || fail "no client"
}

start -l debug
client 127.0.0.1:7001
kill -TERM "$master"
wait_log ' stopping'
touch "$dir/go"
wait $client_pid
expect "what the client got" $'begun\nanswer to question' "$(cat "$dir/client")"
wait_exit 10
expect "exit status" 0 $status
rm "$dir/go"

for how in INT 'TERM TERM'; do
	start -l debug
	client 127.0.0.1:7002
	read -r pid child <"$dir/client"
	began=${EPOCHREALTIME/./}
	for sig in $how; do
		kill "-$sig" "$master"
		wait_log ' stopping'
	done
	wait_exit 10
	took=$(((${EPOCHREALTIME/./} - began) / 1000))
	expect "exit status after $how" 0 $status
	wait_for 5 gone "$pid" && wait_for 5 gone "$child" || fail "the group outlived $how"
	[ $took -lt $((15000 * ${SOCKD_TEST_SLOW:-1})) ] || fail "the stop took $took ms"
	wait_log 'service=stubborn .*closed .*end=terminated program=[0-9]+ signal=KILL'
done

# One that was told to end its connection by name alone.
start -l debug
client 127.0.0.1:7002
read -r pid child <"$dir/client"
worker=$(busy_worker stubborn)
kill -TERM "$worker"
wait_log 'service=stubborn .*closed .*end=terminated .*signal=KILL'
wait_for 5 gone "$pid" && wait_for 5 gone "$child" || fail "the group outlived its worker"
wait_for 5 gone "$worker" || fail "the worker stays"
stop
