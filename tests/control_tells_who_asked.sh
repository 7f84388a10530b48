# Commands that change something are in the log with who asked; those that only look are not.
. "$(dirname "$0")/lib_control.sh"

conf "service echo { listen = {'127.0.0.1:7001'} handler = echo workers = 2 }"
start
uid=$(id -u)
for command in 'pause echo' 'resume echo' 'scale echo 3' 'log-level debug' 'log-level info' 'reload'; do
	mark
	# shellcheck disable=SC2086
	expect_match "$command" "^ok" "$(ctl $command)"
	wait_log "notice control: $command, asked by uid=$uid pid=[0-9]+"
done
mark
for command in boards diff version; do ctl $command >/dev/null; done
expect_match "a service with odd letters" "^error" "$(ctl pause $'x\x1b[31m\rnotice')"
wait_log 'control: pause x\\x1b\[31m\\(r|x0d)notice, asked by'
expect "lines about looking" 0 "$(logged_times 'control: (boards|diff|version)')"
pids=$(descendants "$master")
expect_match "stop" "^ok" "$(ctl stop)"
wait_exit 10
expect "exit status" 0 "$status"
for pid in $pids; do wait_for 2 gone "$pid" || fail "process $pid is left"; done
wait_log 'control: stop, asked by'
[ ! -e /run/sockd/control ] || fail "the socket is still there"
