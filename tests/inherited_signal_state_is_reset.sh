# Signals that are ignored or blocked by whoever starts sockd do their work all the same: nohup, cron,
# a supervisor that ignores SIGCHLD.
. "$(dirname "$0")/lib.sh"

env --ignore-signal=HUP true 2>/dev/null || skip "needs env --ignore-signal"
conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 2 }'
for how in --ignore-signal --block-signal; do
	prefix=(env "$how=HUP,TERM,QUIT,INT,USR1,CHLD,PIPE,ALRM,TTIN,TTOU")
	start
	wait_workers echo 2
	kill -KILL $(workers echo)
	wait_workers echo 2
	wait_log 'died: killed by signal 9'
	expect "answer with $how" ping "$(ask 127.0.0.1:7001 ping)"
	kill -USR1 "$master"
	wait_log 'status'
	kill -HUP "$master"
	wait_log 'reload: done'
	exec {held}<>/dev/tcp/127.0.0.1/7001
	echo x >&$held
	read -r -t 5 -u $held answer
	exec {held}>&-
	stop
done
