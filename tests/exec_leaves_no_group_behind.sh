# A program that leaves children behind: those of its group are ended, one that has made a session of its
# own lives on, is reaped when it ends, and confuses no later connection.
. "$(dirname "$0")/lib.sh"

cat >"$dir/fork" <<'SCRIPT'
#!/bin/sh
(trap '' TERM; exec sleep infinity) &
echo $!
sh -c 'trap "echo told >$1; exit" TERM; echo >$1; while :; do sleep 0.1; done' sh "$1" &
echo $!
until [ -e "$1" ]; do sleep 0.01; done
exit 7
SCRIPT
chmod 755 "$dir/fork"
chmod 777 "$dir"
conf "defaults { handler = 'exec' workers = 1 }
service fork { listen = '127.0.0.1:7001' command = {'$dir/fork', '$dir/told'} }
service daemon { listen = '127.0.0.1:7002'
	command = {'/bin/sh', '-c', 'setsid sh -c \"echo \\\$\\\$; exec sleep infinity\" 2>/dev/null & read x'} }
service brief { listen = '127.0.0.1:7003'
	command = {'/bin/sh', '-c', 'read x; for i in 1 2 3; do (setsid sleep 0 &); done; sleep 0.2; echo \$x'} }"
start
reaped() { [ ! -e "/proc/$1" ]; }

no_children() { [ -z "$(cat "/proc/$1/task/$1/children")" ]; }
# A member has half a second to say something, which a busy machine may not give it each time.
for i in 1 2 3 4 5 6; do
	[ "$i" -le 5 ] || fail "no member of a group got to say anything"
	mark
	rm -f "$dir/told"
	for pid in $(ask 127.0.0.1:7001); do
		wait_for 3 reaped "$pid" || fail "process $pid of the group lives on"
	done
	wait_log 'service=fork .*closed .*end=exited .*exit=7'
	[ "$(cat "$dir/told")" != told ] || break
done
wait_for 3 no_children "$(workers fork)" || fail "the worker has children left"

worker=$(workers daemon)
daemons=()
for i in 1 2 3; do
	daemons+=("$(py '
c = Client("127.0.0.1:7002")
print(c.line())
c.send("\n")
c.rest()
')")
	wait_for 5 logged "service=daemon .*closed .*end=exited.*exit=0" || fail "no end of connection $i"
	mark
	gone "${daemons[-1]}" && fail "daemon $i was ended"
	expect "worker" "$worker" "$(workers daemon)"
done
kill "${daemons[@]}"
for pid in "${daemons[@]}"; do
	wait_for 3 reaped "$pid" || fail "daemon $pid stays a zombie"
done
for i in 1 2 3 4; do
	expect "answer $i" "$i" "$(ask 127.0.0.1:7003 "$i
")"
done
four() { [ "$(logged_times 'service=brief .*closed .*exit=0')" -eq 4 ]; }
wait_for 5 four || fail "lines of 4 ended connections: $(logged_times 'service=brief .*closed .*exit=0')"
wait_for 3 no_children "$(workers brief)" || fail "the worker has children left"
stop
