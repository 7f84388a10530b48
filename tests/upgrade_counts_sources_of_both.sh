# max-per-source counts what the workers of the old program still hold, over two upgrades.
. "$(dirname "$0")/lib_upgrade.sh"

conf "service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 6 max-per-source = 3 }"
start
coproc clients {
	pyx '
held = []
for line in sys.stdin:
    if line == "more\n":
        c = served("127.0.0.1:7001")
        held += [c] if c else []
        print("served" if c else "refused", flush=True)
    elif line == "other\n":
        c = served("127.0.0.1:7001", source="127.0.0.9")
        print("served" if c else "refused", flush=True)
    else:
        held.pop(0).close()
        print("closed", flush=True)
'
}
# shellcheck disable=SC2154
started+=("$clients_PID")
tell()
{
	local answer

	echo "$1" >&"${clients[1]}"
	read -r -t 30 answer <&"${clients[0]}" || fail "no answer of the clients"
	echo "$answer"
}
expect "the first two" "served served" "$(tell more) $(tell more)"
upgrade
first=$old
expect "one more, with two at the old program" "served" "$(tell more)"
expect "and one more" "refused" "$(tell more)"
expect "one from elsewhere" "served" "$(tell other)"
upgrade
expect "one more, with two at the first program and one at the second" "refused" "$(tell more)"
expect "one that ends" "closed" "$(tell less)"
lets_in() { [ "$(tell more)" = served ]; }
wait_for 5 lets_in || fail "the place of one that ended stays taken"
expect "and one more" "refused" "$(tell more)"
expect "those that end" "closed closed closed" "$(tell less) $(tell less) $(tell less)"
wait_for 10 gone "$first" || fail "the first master stays"
wait_for 5 lets_in || fail "the places of those that ended stay taken"
expect "the last one" "closed" "$(tell less)"
upgrade_stop
