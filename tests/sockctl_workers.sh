# sockctl workers tells for each worker what it does, for whom, and since when.
. "$(dirname "$0")/lib_sockctl.sh"

conf "control-socket = '$control'
service a { listen = '127.0.0.1:7001' handler = echo workers = 2 }
service b { listen = '[::1]:7002' handler = echo workers = 1 }"
start
ask 127.0.0.1:7001 hello >/dev/null
hold '[::1]:7002' 1
port=$(cut -d' ' -f2 "$dir/held")
wait_json busy 'x["services"][1]["workers"][0]["state"]' workers

good workers
expect "rows" 4 "$(wc -l <<<"$out")"
expect "workers of a" "$(workers a | sort -n)" "$(awk '$1 == "a" { print $3 }' <<<"$out" | sort -n)"
expect_match "row of b" "b +0 +$(workers b) +1 +busy +[0-9.]+m?s +[0-9.]+m?s +0 +0 B +0 B +\\[::1\\]:$port" "$out"
expect "connections of a" 1 "$(awk '$1 == "a" { n += $8 } END { print n }' <<<"$out")"
expect_match "client of an idle worker" 'a +[01] +[0-9]+ +1 +idle .* -' "$out"
good workers b
expect "rows for one service" 2 "$(wc -l <<<"$out")"
expect "slot" 0 "$(json 'x["services"][0]["workers"][0]["slot"]' workers b)"
expect "client" "[::1]:$port" "$(json 'x["services"][0]["workers"][0]["client"]' workers b)"
bad 1 "there is no service 'c'" workers c

# After a reload that changes a service its old worker finishes, beside a new one.
old=$(workers b)
sed -i 's/handler = echo workers = 1/handler = echo workers = 1 idle-timeout = 100/' "$conf"
good reload
good workers b
expect "workers of two generations" "1 2" "$(awk '$1 == "b" { print $4 }' <<<"$out" | sort -n | xargs)"
expect "generation of the old one" 1 "$(awk -v pid="$old" '$3 == pid { print $4 }' <<<"$out")"
kill "$holder"
wait_json 1 'len(x["services"][0]["workers"])' workers b
stop
