# Equal lines in a row are counted, not repeated.
. "$(dirname "$0")/lib.sh"

conf 'service same { listen = {"127.0.0.1:7001"} handler = "exec"
	command = {"sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10; do echo the same >&2; done; echo end"}
	workers = 1 log-connections = false }
service each { listen = {"unix:'"$dir"'/each"} handler = "echo" workers = 1 }'
start
# Those about connections are no repetitions: each has its line.
for _ in 1 2 3 4 5 6 7 8; do
	expect "answer" ping "$(ask "unix:$dir/each" ping)"
done
expect "answer" end "$(ask 127.0.0.1:7001 '')"
stop
expect "lines about 8 connections" 8 "$(logged_times 'service=each .*closed ')"
n=$(logged_times 'the same')
[ "$n" -ge 1 ] || fail "what a program says is not told"
[ "$n" -le 3 ] || fail "10 equal lines were written as $n"
wait_log 'repeated .*times=[0-9]' 1
