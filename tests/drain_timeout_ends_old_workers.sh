# Workers that a reload has replaced are given drain-timeout seconds; 0 = as long as they need.
. "$(dirname "$0")/lib.sh"

write() { conf "drain-timeout = $1
service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 1 max-connections = $2 }"; }
write 1 1000
start
exec {held}<>/dev/tcp/127.0.0.1/7001
echo x >&$held
read -r -t 5 -u $held answer
old=$(workers echo)
write 1 1001
kill -HUP "$master"
wait_log 'reload: done'
wait_for 5 gone "$old" || fail "the old worker is still there after drain-timeout"
read -r -t 5 -u $held answer && fail "the connection goes on"
wait_log 'service=echo .*closed .*end=terminated'
exec {held}>&-

exec {held}<>/dev/tcp/127.0.0.1/7001
echo x >&$held
read -r -t 5 -u $held answer
old=$(workers echo)
write 0 1002
mark
kill -HUP "$master"
wait_log 'reload: done'
expect "answer of the new worker" ping "$(ask 127.0.0.1:7001 ping)"
wait_for 1 gone "$old" && fail "the old worker was not waited for"
echo y >&$held
read -r -t 5 -u $held answer
expect "answer of the old worker" y "$answer"
exec {held}>&-
wait_for 5 gone "$old" || fail "the old worker stays"
stop
