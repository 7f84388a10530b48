# USR1: a summary of every service in the log.
. "$(dirname "$0")/lib.sh"

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 3 }
service time { listen = {"127.0.0.1:7002"} handler = "time" workers = 2 }'
start
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
exec {held}<>/dev/tcp/127.0.0.1/7001
echo x >&$held
read -r -t 5 -u $held answer
summary()
{
	mark
	kill -USR1 "$master"
	wait_log 'service=echo .*workers=3 .*busy='
	wait_log 'service=time .*workers=2 .*busy=0'
	logged 'service=echo .*busy=1 .*connections=1( |$)'
}
# The first connection may still be counted.
wait_for 5 summary || fail "the summary does not count connections"
exec {held}>&-
stop
