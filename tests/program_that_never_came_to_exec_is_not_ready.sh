# The master learns by the end of a pipe that a program runs: exec closes it. So does death. A program that
# died on the way, by a limit that could not be set, was taken for one that runs: the start was a success, and a
# reload was "done" and sent those away that served.
. "$(dirname "$0")/lib.sh" setpriv
. "$(dirname "$0")/lib_app.sh"

app_write 'serve("fine")'
settings()
{
	conf "control-socket = ''
	service app { listen = '127.0.0.1:7007' handler = program command = {'$app'} workers = 1 $1 }"
}

# Without the right to raise what is limited.
limited()
{
	ulimit -n 512
	[ "$(id -u)" -ne 0 ] || exec setpriv --reuid 65534 --regid 65534 --clear-groups "$@"
	exec "$@"
}
prefix=(limited)

settings ''
start
old=$(children "$master" | sort)
settings 'limits { nofile = 600 }'
mark
kill -HUP "$master"
wait_log 'limits: nofile: Operation not permitted'
wait_log 'reload: (done|failed)'
logged 'reload: failed' || fail "a reload to a program that cannot live is not refused"
as_before() { [ "$(children "$master" | sort)" = "$old" ]; }
wait_for 5 as_before || expect "processes after the reload" "$old" "$(children "$master" | sort)"
expect "answer after it" fine "$(ask 127.0.0.1:7007 '')"
stop

launch
wait_exit 10
expect "exit status of a start whose program cannot live" 1 "$status"
