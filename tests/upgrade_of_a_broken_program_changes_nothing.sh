# A new program that cannot be started, crashes, hangs or has no use for the settings: the old one goes on
# with the same workers and sockets, says why, and loses nobody.
. "$(dirname "$0")/lib_upgrade.sh" cc
. "$(dirname "$0")/lib_clock.sh"

settings="pidfile = '$dir/pid'
service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 4 log-connections = false }
service path { listen = {'unix:$dir/path'} handler = 'echo' log-connections = false }"
conf "$settings"
clock_begin
start
load_begin 127.0.0.1:7001 4
own=$(workers echo | sort)
options=$(ss -Hltn)

# unchanged WHAT
unchanged()
{
	expect "workers after $1" "$own" "$(workers echo | sort)"
	expect "pidfile after $1" "$master" "$(cat "$dir/pid")"
	expect "listening sockets after $1" "$(awk '{ print $4 }' <<<"$options")" "$(ss -Hltn | awk '{ print $4 }')"
	expect "the unix socket after $1" ping "$(ask "unix:$dir/path" ping)"
	alone() { [ "$(children "$master" | wc -l)" -eq "${2:-9}" ]; }
	wait_for 5 alone || fail "processes after $1: $(children "$master" | xargs ps -o pid,args -p)"
}

rm "$dir/bin/sockd"
upgrade_fails "$dir/bin/sockd: No such file"
unchanged "a program that is missing"
program_replace 'exit 0'
chmod 644 "$dir/bin/sockd"
upgrade_fails "$dir/bin/sockd: Permission denied"
unchanged "a program that is not executable"
for text in 'exit 0=ended with status 0' 'exit 78=ended with status 78' 'kill -SEGV $$=killed by signal 11 .SEGV'; do
	program_replace "${text%%=*}"
	upgrade_fails "${text#*=}"
	unchanged "a program that does: ${text%%=*}"
done
# hangs WHAT BEGIN: a new program that begins so, and then says nothing for 5 s.
hangs()
{
	rm -f "$dir/hangs"
	program_replace "$2 exec 3>&-; : >'$dir/hangs'; exec sleep infinity"
	mark
	kill -USR2 "$master"
	wait_for 10 test -e "$dir/hangs" || fail "$1 does not start"
	clock_forward 5
	upgrade_failed 'no sign of life for 5 s'
	clock_forward 2 # then it is killed
	unchanged "$1"
}
hangs "a program that hangs" ''
hangs "a program that hangs and ignores TERM" 'trap "" TERM;'

# The real one, with settings that it cannot use.
program_replace
conf "$settings
no-such-key = 1"
upgrade_fails 'no-such-key'
logged 'ended with status 78' || fail "the status is not told"
unchanged "broken settings"
conf "$settings
service bad { listen = {'192.0.2.77:1'} handler = 'echo' }"
upgrade_fails '192.0.2.77:1'
unchanged "an address that cannot be had"
conf "$settings
service bad { listen = {'127.0.0.1:7009'} handler = 'exec' command = {'/bin/true'} chroot = '$dir/gone' }"
mkdir "$dir/gone"
upgrade_fails '.'
rmdir "$dir/gone"
unchanged "a worker that cannot start"

# A whole family that is stopped half-way: its workers serve, its programs run, one service is never ready.
cat >"$dir/late" <<'END'
#!/bin/sh
echo $$ >>"$0.pids"
exec sleep infinity
END
chmod 755 "$dir/late"
: >"$dir/late.pids"
chmod 666 "$dir/late.pids" # of the user of the workers
conf "$settings
service late { listen = {'127.0.0.1:7009'} handler = 'program' command = {'$dir/late'} notify = true }"
mark
kill -USR2 "$master"
wait_for 10 test -s "$dir/late.pids" || fail "the new program has started no program"
heir() {
	local pid

	for pid in $(children "$master"); do
		grep -qx sockd-upgrade "/proc/$pid/comm" && children "$pid"
	done
}
new=$(heir)
served() { [ "$(workers echo "$new" | wc -l)" -eq 4 ]; }
wait_for 5 served || fail "no workers of the new program"
family=$(descendants "$new")
kill -STOP "$new"
clock_forward 5
upgrade_failed 'no sign of life for 5 s'
clock_forward 2
for pid in $new $family $(cat "$dir/late.pids"); do
	wait_for 10 gone "$pid" || fail "process $pid of the new program stays: $(ps -o args= -p "$pid")"
done
unchanged "a family that was stopped"

# After all that it can still be done.
conf "$settings"
load_end
expect "lost of $load_rounds rounds ($(tail -n 1 "$dir/load.out"))" 0 "$load_lost"
first=$master
upgrade
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
wait_for 5 gone "$first" || fail "the old master stays"
upgrade_stop
[ ! -e "$dir/pid" ] || fail "the pidfile is still there"
