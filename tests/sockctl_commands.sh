# sockctl passes commands on: the result is its output and its exit status. Wrong usage is told before
# anybody is asked.
. "$(dirname "$0")/lib_sockctl.sh"

for wrong in '' nonsense 'status a b' pause 'pause a b' 'pause a/b' "pause $(printf 'x%.0s' {1..64})" resume scale \
	'scale a' 'scale a 0' 'scale a x' 'scale a -- -1' 'scale a 99999999' log-level 'log-level loud' 'reload now please' 'upgrade now' '-x' '-n'; do
	# shellcheck disable=SC2086
	bad 2 'usage:|sockctl: ' $wrong
done
bad 2 "sockctl: there is no command 'nonsense'" nonsense
expect "lines with JSON" "1 1" "$("$SOCKCTL" -j nonsense | wc -l) $("$SOCKCTL" -j nonsense | grep -c '"ok":false')"
for wrong in -x -jx --nonsense --json=1 -s -n; do
	expect "JSON for the option $wrong" 1 "$("$SOCKCTL" -j $wrong 2>&1 | grep -c '^{"ok":false,"error":.*"}$')"
done
sockctl -h
expect "exit status of -h" 0 $status
for word in status workers recent top diff reload upgrade stop pause resume scale log-level version; do
	expect_match "help" "  $word " "$out"
done
sockctl -V
expect_match "-V" '^sockctl [0-9.]+$' "$out"

conf "control-socket = '$control'
service a { listen = '127.0.0.1:7001' handler = echo workers = 2 max-workers = 2 }"
start
good version
expect "versions" "$(printf 'sockctl %s\nsockd %s' "${out##* }" "${out##* }")" "$out"

good pause a
wait_json paused 'x["services"][0]["state"]' status
good resume a
wait_json running 'x["services"][0]["state"]' status
bad 1 "no service 'b'" pause b
good scale a 4
wait_workers a 4
good diff
expect_match "what differs" "'a': workers" "$out"
good log-level debug
expect "answer" "log level debug until the next reload" "$out"
good reload
wait_workers a 2

sed -i 's/workers = 2/workers = 1/' "$conf"
good diff
expect_match "what differs" "workers: 2 -> 1" "$out"
echo '}' >>"$conf"
bad 1 "^sockctl: the old settings stay in force
$conf:[0-9]+: " reload
bad 1 "$conf:[0-9]+: " diff
expect "in JSON" "False True" "$(json 'x["ok"], sys.argv[1] and x["lines"][0].find(":3: ") > 0' reload | tr -d '(),')"

good stop
wait_exit 10
expect "exit status of sockd" 0 $status
