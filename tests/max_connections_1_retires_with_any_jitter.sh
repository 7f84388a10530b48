# max-connections = 1 with a jitter of 100 % means one or two: a lifetime of 0 came out too, which was
# taken for no limit.
. "$(dirname "$0")/lib.sh"

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 1 max-connections = 1 max-connections-jitter = 100 }'
start
py 'load("127.0.0.1:7001", 1, None, 40)' >"$dir/load"
expect_match "load" "rounds=40 lost=0" "$(cat "$dir/load")"
stop
most=$(grep 'service=echo .*closed' "$log" | sed 's/.*pid=\([0-9]*\) .*/\1/' | uniq -c | sort -n | awk 'END { print $1 }')
expect "connections of the worker with the most" 2 "$most"
