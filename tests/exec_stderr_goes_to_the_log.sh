# What a program writes to its stderr are lines of the log, the last one without a newline too: tagged with
# service and its pid, escaped, and limited in number, so that 50 MB neither fill the log nor stop the program.
. "$(dirname "$0")/lib.sh"

conf "defaults { handler = 'exec' workers = 2 }
service talk { listen = '127.0.0.1:7001'
	command = {'/bin/sh', '-c', 'echo \$\$; printf \"one\\\\ntwo \\\\033[2J\\\\n\" >&2'} }
service cut { listen = '127.0.0.1:7003'
	command = {'/bin/sh', '-c', 'echo \$\$; printf \"whole\\\\nno newline\" >&2'} }
service flood { listen = '127.0.0.1:7002'
	command = {'/bin/sh', '-c', 'yes noise | head -c 50000000 >&2; echo done'} }"
start
pid=$(ask 127.0.0.1:7001)
wait_log "service=talk pid=$pid stderr: one$"
wait_log "service=talk pid=$pid stderr: two \\\\x1b\[2J$"
wait_log "service=talk .*closed .*program=$pid exit=0"
expect "end of 50 MB of noise" "done" "$(py 'print(Client("127.0.0.1:7002", timeout=200).line())')"
wait_log 'service=flood .*closed .*exit=0'
pid=$(ask 127.0.0.1:7001)
wait_log "service=talk pid=$pid stderr: one$"
pid=$(ask 127.0.0.1:7003)
wait_log "service=cut pid=$pid stderr: no newline$"
pid=$(ask 127.0.0.1:7003)
stop
logged "service=cut pid=$pid stderr: no newline$" || fail "the last words before the stop are lost"
size=$(stat -c %s "$log")
[ "$size" -lt 200000 ] || fail "the log has $size bytes"
