# -t checks users and addresses, binds nothing, starts nothing, and takes no notice of one that runs.
. "$(dirname "$0")/lib.sh"

conf "pidfile = '$dir/pid'
service echo { listen = {'127.0.0.1:7001', 'unix:$dir/sock'} handler = 'echo' workers = 2 }"
run -t -f "$conf"
expect "what is said" "$conf: ok" "$out"
expect "exit status" 0 $status
[ ! -e "$dir/pid" ] && [ ! -e "$dir/sock" ] || fail "-t leaves files"
start
for option in -t --test; do
	run $option -f "$conf"
	expect "exit status beside one that runs" 0 $status
	expect "what is said beside one that runs" "$conf: ok" "$out$err"
done
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
expect "pidfile" "$master" "$(cat "$dir/pid")"
stop
run -t -o log-level=loud -f "$conf"
expect "exit status for a wrong option" 78 $status
expect_match "what is said" "log-level.*loud" "$err"
