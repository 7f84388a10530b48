# Equal lines in a row are counted, not repeated.
. "$(dirname "$0")/lib.sh"

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" }'
start
for i in 1 2 3 4 5 6 7 8 9 10; do
	kill -USR2 "$master"
	sleep 0.05
done
stop
n=$(logged_times 'USR2')
[ "$n" -ge 1 ] || fail "USR2 is not told of"
[ "$n" -le 3 ] || fail "10 equal lines were written as $n"
wait_log 'repeated .*times=[0-9]' 1
