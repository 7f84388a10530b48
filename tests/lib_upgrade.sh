# lib_upgrade.sh: what the tests of upgrades share. Sourced in place of lib.sh.
#
# sockd runs from a copy of its own in $dir/bin, which a test may replace.
# shellcheck source=tests/lib_control.sh
. "$(dirname "$0")/lib_control.sh" "$@"

mkdir "$dir/bin"
cp "$SOCKD" "$dir/bin/sockd"
built=$SOCKD
SOCKD=$dir/bin/sockd

# program_replace TEXT: a script in place of sockd, by a rename, as packages do it. No TEXT: sockd again.
program_replace()
{
	if [ $# -gt 0 ]; then
		printf '#!/bin/sh\n%s\n' "$1" >"$dir/bin/next"
	else
		cp "$built" "$dir/bin/next"
	fi
	chmod 755 "$dir/bin/next"
	mv "$dir/bin/next" "$dir/bin/sockd"
}

# upgrade: USR2, until another master has taken over; $master is that one, $old the one before.
upgrade()
{
	old=$master
	mark
	kill -USR2 "$old"
	wait_log 'upgrade: (done|failed|refused)' 20
	logged 'upgrade: done' || fail "the upgrade failed"
	master=$(tail -n "+$since" "$log" | sed -n 's/.*upgrade: done.* pid \([0-9]*\) .*/\1/p')
	started+=("$master")
	wait_log ' ready services='
	wait_for 10 lib_named || fail "a child of the new master has no name of its own after 10 s"
}

# Clients that stay connected over upgrades, in the background, until the next clients_begin. tell WORD...
# has them do something, and prints what came of it:
#	more ADDRESS [SOURCE]	one more of an echo service: served or refused
#	say WORD	what each hears, or cut
#	end	the first of them leaves
clients_begin()
{
	[ -z "${clients_PID:-}" ] || { kill "$clients_PID" && wait "$clients_PID"; } 2>/dev/null
	coproc clients {
		pyx '
held = []
for line in sys.stdin:
    out, word = [], line.split()
    if word[0] == "more":
        c = served(*word[1:])
        held += [c] if c else []
        out = ["served" if c else "refused"]
    elif word[0] == "end":
        held.pop(0).close()
        out = ["ended"]
    else:
        for c in held:
            try:
                c.send(word[1] + "\n")
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

	echo "$*" >&"${clients[1]}"
	read -r -t 30 answer <&"${clients[0]}" || fail "no answer of the clients"
	echo "$answer"
}

# upgrade_fails REGEX: the same, and the old one goes on, with that in the log.
upgrade_fails()
{
	mark
	kill -USR2 "$master"
	upgrade_failed "$1"
}

# upgrade_failed REGEX: the end of one that was begun after a mark.
upgrade_failed()
{
	wait_log 'upgrade: (done|failed|refused)' 20
	logged 'upgrade: (failed|refused)' || fail "the upgrade did not fail"
	logged "upgrade: .*$1" || fail "no line in the log like: upgrade: .*$1"
}

# upgrade_stop: the last master leaves in peace, though it may be no child of ours. $first is the first
# one, if it is a child; it has left with 0.
upgrade_stop()
{
	local pid pids

	pids=$(descendants "$master")
	mark
	kill -TERM "$master"
	wait_for 10 gone "$master" || fail "master $master does not stop"
	logged ' stopped$' || fail "it did not leave in peace"
	for pid in $pids; do
		wait_for 2 gone "$pid" || fail "process $pid was left behind"
	done
	[ -z "${first:-}" ] || wait_exit 10 "$first"
	[ -z "${first:-}" ] || expect "exit status of the first master" 0 "$status"
}
