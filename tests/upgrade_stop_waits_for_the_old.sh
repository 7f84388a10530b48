# A stop after upgrades: what workers of the old programs have in hand is finished, too, and the last master
# stays until then; a second TERM, or shutdown-timeout, ends it.
. "$(dirname "$0")/lib_upgrade.sh"

settings="service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 2 }"
conf "$settings"

# A client for each generation. "say" has all of them say something, "end" has one leave.
clients_begin()
{
	[ -z "${clients_PID:-}" ] || { kill "$clients_PID" && wait "$clients_PID"; } 2>/dev/null
	coproc clients {
		pyx '
held = []
for line in sys.stdin:
    if line == "more\n":
        held.append(served("127.0.0.1:7001"))
    elif line == "end\n":
        held.pop(0).close()
    out = ["ok"]
    for c in held:
        try:
            c.send(line)
            out.append(c.line() or "cut")
        except OSError:
            out.append("cut")
    print(*out, flush=True)
'
	}
	# shellcheck disable=SC2154
	started+=("$clients_PID")
}
tell()
{
	local answer

	echo "$1" >&"${clients[1]}"
	read -r -t 30 answer <&"${clients[0]}" || fail "no answer of the clients"
	echo "$answer"
}
generations()
{
	start
	first=$master
	clients_begin
	expect "the first client" "ok more" "$(tell more)"
	upgrade
	second=$master
	expect "two clients" "ok more more" "$(tell more)"
	upgrade
	upgrade
	wait_for 10 gone "$old" || fail "a master whose workers have nothing to do stays"
	gone "$first" || gone "$second" && fail "a master has left before its workers"
	expect "the clients before the stop" "ok say say" "$(tell say)"
}

generations
mark
kill -TERM "$master"
wait_log ' stopping$'
refuses() { ! answers 127.0.0.1:7001; }
wait_for 10 refuses || fail "the port still answers"
expect "the clients during the stop" "ok say say" "$(tell say)"
gone "$master" && fail "the last master has left before the others"
expect "one that ends" "ok end" "$(tell end)"
wait_exit 10 "$first"
expect "exit status of the first master" 0 "$status"
expect "the other client" "ok say" "$(tell say)"
gone "$master" && fail "the last master has left before the second"
expect "the last one" "ok" "$(tell end)"
wait_for 10 gone "$second" || fail "the second master stays"
wait_for 10 gone "$master" || fail "the last master stays"

generations
kill -TERM "$master"
wait_log ' stopping$'
kill -TERM "$master"
for pid in "$first" "$second" "$master"; do
	wait_for 10 gone "$pid" || fail "a second TERM does not end process $pid"
done
expect "the clients after a second TERM" "ok cut cut" "$(tell say)"

conf "shutdown-timeout = 1 $settings"
generations
kill -TERM "$master"
for pid in "$first" "$second" "$master"; do
	wait_for 10 gone "$pid" || fail "shutdown-timeout does not end process $pid"
done
expect "the clients after shutdown-timeout" "ok cut cut" "$(tell say)"
