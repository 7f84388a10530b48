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
sed -E -e 's/^# (log-level|log-facility|log-format|shutdown-timeout|drain-timeout|pidfile|control-socket) =/\1 =/' "$sample" >"$conf"
cmp -s "$sample" "$conf" && fail "no default is shown"
run -T -f "$conf"
expect "dump with the defaults written out" "$plain" "$out"
section()
{
	sed -n "/^# service $1 {/,/^# }/ { s/^# *//; p }" "$sample"
}
section example | sed -E 's/^[[:space:]]*//; /^(user|group|socket-user|socket-group) /d' >"$conf"
run -T -f "$conf"
expect "stderr for the example" "" "$err"
example=$out
grep -E '^(service|listen|handler) ' "$conf" >"$dir/bare.conf"
echo "}" >>"$dir/bare.conf"
run -T -f "$dir/bare.conf"
expect "dump with every default of the example written out" "$out" "$example"
grep ' = ' "$conf" | grep -Ev '^(listen|handler|nofile|as|cpu|core|nproc|fsize) ' >"$dir/keys"
while IFS= read -r key; do
	sed "\$i$key" "$dir/bare.conf" >"$dir/one.conf"
	run -T -f "$dir/one.conf"
	expect "dump with one default written out, $key" "$example" "$out$err"
done <"$dir/keys"

# The other examples, of what may not be there.
others=$(sed -n 's/^# service \([a-z]*\) {/\1/p' "$sample" | grep -v '^example$')
expect "examples" "status quote git app relay visits" "$(echo $others)"
cp "$dir/bare.conf" "$conf"
for name in $others; do
	section "$name" | sed 's/ {$/ {\nenabled = no/' >>"$conf"
done
run -t -f "$conf"
expect "check of the other examples" "$conf: ok" "$out$err"
for default in 'stop-signal = TERM' "directory = ''" 'notify = false' 'max-surge = 1' 'send-proxy = off' 'connect-timeout = 10'; do
	run -T -f "$conf"
	expect_match "dump with the defaults of the handlers" "$default" "$out"
	sed -i "s/^ *${default%% *} = .*//" "$conf"
	run -T -f "$conf"
	expect_match "dump without ${default%% *}" "$default" "$out"
done
