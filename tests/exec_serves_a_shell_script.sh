# A health check written in sh: it reads a request, knows the client, answers, complains to the log, and
# gets its arguments as they were written, through no shell.
. "$(dirname "$0")/lib.sh"

cat >"$dir/check.sh" <<'SCRIPT'
#!/bin/sh
read -r verb what
case $verb in
STATUS) echo "ok service=$SOCKD_SERVICE client=$TCPREMOTEIP:$TCPREMOTEPORT server=$TCPLOCALIP:$TCPLOCALPORT" ;;
ARGS) for arg; do echo "<$arg>"; done ;;
WHERE) echo "$(pwd) $(umask)" ;;
LARGE) seq 100000 ;;
*)
	echo "unknown verb: $verb" >&2
	echo "error"
	exit 3
	;;
esac
SCRIPT
chmod 755 "$dir/check.sh"
conf "service check {
	listen = {'127.0.0.1:7500'}
	handler = 'exec'
	command = {'$dir/check.sh', '\$(id)', '*', 'two words', '', '%s'}
	directory = '/usr'
	umask = 0027
	workers = 2
}"
start
question() { ask 127.0.0.1:7500 "$1"; }

py '
c = Client("127.0.0.1:7500")
c.send("STATUS\n")
expect("status", "ok service=check client=127.0.0.1:%d server=127.0.0.1:7500\n" % c.s.getsockname()[1], c.rest().decode())
' || exit 1
expect "arguments" "$(printf '<$(id)>\n<*>\n<two words>\n<>\n<%%s>')" "$(question 'ARGS
')"
expect "directory and umask" "/usr 0027" "$(question 'WHERE
')"
expect "a large answer" "$(seq 100000 | cksum)" "$(question 'LARGE
' | cksum)"
mark
expect "answer to what it does not know" error "$(question 'DANCE
')"
wait_log 'service=check .*unknown verb: DANCE'
wait_log 'service=check .*closed .*exit=3'
stop
