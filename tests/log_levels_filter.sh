# log-level and -l: what is less urgent is not written; -l wins over the file.
. "$(dirname "$0")/lib.sh"

conf 'log-level = warning
service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 1 }'
quiet_start()
{
	launch "$@"
	wait_for 5 answers 127.0.0.1:7001 || fail "no answer"
}
quiet_start
worker=$(workers echo)
kill -SEGV "$worker"
wait_log "warning .*pid=$worker died"
logged ' (debug|info|notice) ' && fail "lines below warning are written"

# A reload changes it.
sed -i 's/warning/info/' "$conf"
kill -HUP "$master"
wait_log 'reload: done'
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
wait_log ' info .*closed'
stop

quiet_start -l error
worker=$(workers echo)
kill -SEGV "$worker"
wait_for 5 gone "$worker"
wait_workers echo 1
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
stop
expect "lines with -l error" 0 "$(grep -c . "$log")"

start -l debug
stop
grep -q ' debug ' "$log" || fail "no line of level debug"
