# The sample that is installed starts, serves loopback only, and shows every default truly.
. "$(dirname "$0")/lib.sh" ss

sample=$top_srcdir/etc/sockd.conf
run -t -f "$sample"
expect "check of the sample" "$sample: ok" "$out$err"
cp "$sample" "$conf"
start
expect "answer of echo" ping "$(ask 127.0.0.1:7007 ping)"
expect_match "answer of daytime" "20[0-9][0-9]" "$(ask 127.0.0.1:7013)"
expect "listeners elsewhere than on loopback" "" "$(ss -Hltn | awk '{ print $4 }' | grep -v '^127\.0\.0\.1:')"
stop

# Every default in a comment is the default: uncommented, it changes nothing.
run -T -f "$sample"
plain=$out
sed -E -e 's/^# (log-level|log-facility|log-format|shutdown-timeout|drain-timeout|pidfile) =/\1 =/' "$sample" >"$conf"
cmp -s "$sample" "$conf" && fail "no default is shown"
run -T -f "$conf"
expect "dump with the defaults written out" "$plain" "$out"
sed -n '/^# service example {/,/^# }/ { s/^# *//; s/^#//; p }' "$sample" |
	sed 's/^[[:space:]]*//' | grep -Ev '^(user|group|socket-user|socket-group|text) ' >"$conf"
run -T -f "$conf"
expect "stderr for the example" "" "$err"
example=$out
grep -Ev '^(enabled|socket-mode|freebind|backlog|workers|max-workers|worker-idle|spare-workers|max-conn|log-conn)' "$conf" >"$dir/bare.conf"
run -T -f "$dir/bare.conf"
expect "dump with every default of the example written out" "$out" "$example"
