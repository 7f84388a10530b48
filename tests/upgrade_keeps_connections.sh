# Connections in hand outlive an upgrade, of every kind; programs that accept by themselves are replaced; what
# stays too long is ended by drain-timeout, or by a TERM to the old master, and not before.
. "$(dirname "$0")/lib_upgrade.sh"
. "$(dirname "$0")/lib_app.sh"

app_write 'serve("%d\n" % os.getppid())'
settings="
service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 2 }
service cat { listen = {'127.0.0.1:7002'} handler = 'exec' command = {'/bin/cat'} workers = 2 }
service app { listen = {'127.0.0.1:7003'} handler = 'program' workers = 2 command = '$app' }"
conf "drain-timeout = 0 $settings"
start
first=$master
clients_begin
for address in 127.0.0.1:7001 127.0.0.1:7002; do expect "client of $address" served "$(tell more $address)"; done
expect "what they hear" "one one" "$(tell say one)"
expect "who answers as a program" "$master" "$(ask 127.0.0.1:7003 '')"
upgrade
expect "what they hear after an upgrade" "two two" "$(tell say two)"
busy_alone() { [ "$(children "$first" | wc -l)" -eq 3 ]; } # and its logger
wait_for 5 busy_alone || fail "of the old program stay: $(children "$first" | xargs ps -o pid,args -p)"
for _ in 1 2 3 4 5 6; do
	expect "who answers as a program" "$master" "$(ask 127.0.0.1:7003 '')"
done
second=$master
conf "drain-timeout = 1 $settings"
upgrade
expect "what they hear after two upgrades" "three three" "$(tell say three)"
kill -TERM "$first"
wait_exit 10 "$first"
expect "exit status of the old master after TERM" 0 "$status"
expect "what the clients hear then" "cut cut" "$(tell say four)"
wait_for 10 gone "$second" || fail "the second master stays"
logged "the master before pid [0-9]* has left" || fail "a master has left without a word"

# drain-timeout, of the settings that the old one has.
pyx '
held = served("127.0.0.1:7001"), served("127.0.0.1:7002")
print("here", flush=True)
print([c.line() for c in held])
' >"$dir/ended" &
client=$!
wait_for 5 grep -q here "$dir/ended" || fail "no clients"
upgrade
wait_for 10 gone "$old" || fail "the old master stays longer than drain-timeout"
wait $client
expect "what the clients see" '[None, None]' "$(tail -n 1 "$dir/ended")"
first=
upgrade_stop
