# A stop after upgrades: what workers of the old programs have in hand is finished, too, and the last master
# stays until then; a second TERM, or shutdown-timeout, ends it.
. "$(dirname "$0")/lib_upgrade.sh"

settings="service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 2 }"
conf "$settings"

generations()
{
	start
	first=$master
	clients_begin
	expect "the first client" served "$(tell more 127.0.0.1:7001)"
	upgrade
	second=$master
	expect "the second client" served "$(tell more 127.0.0.1:7001)"
	upgrade
	upgrade
	wait_for 10 gone "$old" || fail "a master whose workers have nothing to do stays"
	gone "$first" || gone "$second" && fail "a master has left before its workers"
	expect "the clients before the stop" "here here" "$(tell say here)"
}

generations
mark
kill -TERM "$master"
wait_log ' stopping$'
refuses() { ! answers 127.0.0.1:7001; }
wait_for 10 refuses || fail "the port still answers"
expect "the clients during the stop" "here here" "$(tell say here)"
gone "$master" && fail "the last master has left before the others"
tell end >/dev/null
wait_exit 10 "$first"
expect "exit status of the first master" 0 "$status"
expect "the other client" "here" "$(tell say here)"
gone "$master" && fail "the last master has left before the second"
tell end >/dev/null
wait_for 10 gone "$second" || fail "the second master stays"
wait_for 10 gone "$master" || fail "the last master stays"

generations
kill -TERM "$master"
wait_log ' stopping$'
kill -TERM "$master"
for pid in "$first" "$second" "$master"; do
	wait_for 10 gone "$pid" || fail "a second TERM does not end process $pid"
done
expect "the clients after a second TERM" "cut cut" "$(tell say here)"

conf "shutdown-timeout = 1 $settings"
generations
kill -TERM "$master"
for pid in "$first" "$second" "$master"; do
	wait_for 10 gone "$pid" || fail "shutdown-timeout does not end process $pid"
done
expect "the clients after shutdown-timeout" "cut cut" "$(tell say here)"
