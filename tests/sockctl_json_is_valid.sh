# sockctl -j prints one valid JSON object on a line for every command, for errors as well.
. "$(dirname "$0")/lib_sockctl.sh"

conf "control-socket = '$control'
service a { listen = 'unix:$dir/a \"\\\\\\\\ ü' handler = echo workers = 2 }
service b { listen = '127.0.0.1:7002' handler = echo workers = 1 deny = '127.0.0.9' }"
start
ask 127.0.0.1:7002 hello >/dev/null

for command in status 'status a' workers 'workers b' recent 'recent b' diff reload version 'pause a' 'resume a' \
	'scale b 2' 'log-level info'; do
	# shellcheck disable=SC2086
	expect "ok of $command" True "$(json 'x["ok"]' $command)"
done
for command in nonsense 'status none' 'workers none' 'recent none' 'pause none' 'scale a 0' top '' pause; do
	# shellcheck disable=SC2086
	expect "ok of '$command'" "False True" "$(json 'str(x["ok"]) + " " + str(len(x["error"]) > 5)' $command)"
done
expect "ok of a hostile name" False "$(json 'x["ok"]' pause $'\e"\xff')"
expect "names" "['a', 'b']" "$(json '[s["name"] for s in x["services"]]' status)"
expect "pid" "$master" "$(json 'x["sockd"]["pid"]' status)"
expect "connections" "1 5" "$(json '"%d %d" % (x["services"][1]["connections"], x["services"][1]["bytes_in"])' status)"
expect "sum of the histogram" 1 "$(json 'sum(b["count"] for b in x["services"][0]["wait"]["buckets"])' status b)"
expect "last bound" None "$(json 'x["services"][0]["time"]["buckets"][-1]["below_ms"]' status b)"
expect "workers" "[2, 2]" "$(json '[len(s["workers"]) for s in x["services"]]' workers)"
printf 'service "\xff\x1b" {\n' >>"$conf"
expect "lines of a reload that fails" "False True" "$(json 'str(x["ok"]) + " " + str(len(x["lines"]) > 0)' reload)"
expect "ok of stop" True "$(json 'x["ok"]' stop)"
wait_exit 10
expect "ok without sockd" False "$(json 'x["ok"]' status)"
