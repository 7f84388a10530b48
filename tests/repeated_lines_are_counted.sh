# Equal lines in a row are counted, not repeated.
. "$(dirname "$0")/lib.sh"

conf 'service same { listen = {"127.0.0.1:7001"} handler = "exec"
	command = {"sh", "-c", "for i in 1 2 3 4 5 6 7 8 9 10; do echo the same >&2; done; echo end"}
	workers = 1 log-connections = false }'
start
expect "answer" end "$(ask 127.0.0.1:7001 '')"
stop
n=$(logged_times 'the same')
[ "$n" -ge 1 ] || fail "what a program says is not told"
[ "$n" -le 3 ] || fail "10 equal lines were written as $n"
wait_log 'repeated .*times=[0-9]' 1
