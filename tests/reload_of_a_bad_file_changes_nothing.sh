# A file that is wrong in any way leaves the old settings in force; the log says file and line.
. "$(dirname "$0")/lib.sh"

good='service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 2 }'
conf "$good"
start
wait_workers echo 2
before=$(workers echo)
try()
{
	mark
	kill -HUP "$master"
	wait_log "$1"
	wait_log 'reload: (done|failed)'
	expect "workers" "$before" "$(workers echo)"
	expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
}

conf 'service echo {
	listen = {"127.0.0.1:7002"}
	handlr = "echo"
}'
try 'sockd\.conf:3: .*handlr.*handler'
answers 127.0.0.1:7002 && fail "a part of the bad file was applied"
conf 'service echo { listen = {"127.0.0.1:7001"} handler = "ech'
try 'sockd\.conf:[0-9]+: '
: >"$conf"
try 'sockd\.conf.*no service'
head -c 4096 /dev/urandom >"$conf"
try 'sockd\.conf'
rm "$conf"
try 'sockd\.conf: No such file or directory'
mkdir "$conf"
try 'sockd\.conf: .*directory'
rmdir "$conf"
printf 'user = "no-such-user"\n%s' "$good" >"$conf"
[ "$(id -u)" -ne 0 ] || try 'sockd\.conf:1: .*no-such-user'
conf "$good"
try 'reload: done'
stop
