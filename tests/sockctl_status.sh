# sockctl status tells the figures of sockd and of each service, in aligned columns: in colour on a
# terminal, plain in a pipe or with NO_COLOR.
. "$(dirname "$0")/lib_sockctl.sh"

long=zzz-$(printf 'long%.0s' {1..14})
conf "control-socket = '$control'
service web { listen = { '127.0.0.1:7001', '[::1]:7001' } handler = echo workers = 3 max-workers = 5 backlog = 100 }
service closed { listen = '127.0.0.1:7002' handler = discard workers = 2 deny = '127.0.0.0/8' }
service zzz { listen = { '127.0.0.1:7003' } handler = program command = { '/bin/sleep', 'infinity' } workers = 2 }
service $long { listen = '[::1]:7004' handler = echo workers = 1 }"
start
for i in 1 2 3 4 5; do
	ask 127.0.0.1:7001 hello >/dev/null
	ask 127.0.0.1:7002 hello >/dev/null 2>&1
done
hold 127.0.0.1:7001 2
wait_json 2 'x["services"][1]["workers"]["busy"]' status
wait_json 5 'x["services"][0]["refused"]["denied"]' status

good status
expect_match "line of sockd" "^sockd [0-9.]+  running  pid $master  up [0-9.m]+s, since " "$out"
expect_match "line of the settings" $'\n'"settings $conf, loaded [0-9]" "$out"
expect "handler" echo "$(cell web HANDLER)"
expect "busy" 2 "$(awk '$1 == "web" { print $6 }' <<<"$out")" # LISTEN has two words
expect_match "row of web" 'web +echo +127\.0\.0\.1:7001 \+1 +running +2 +[0-9]+ +0 +0 +[345]/5 +0/[0-9]+ +5 ' "$out"
expect "refused" 5 "$(cell closed REFUSED)"
expect "connections of closed" 0 "$(cell closed CONNS)"
expect_match "wait" '^<[0-9.]+m?s/<[0-9.]+m?s$' "$(awk '$1 == "web" { print $(NF - 1) }' <<<"$out")"
[[ $out != *$'\e'* ]] || fail "there are colours in a pipe"
widths=$(grep -E '^(SERVICE|web|closed)' <<<"$out" | awk '{ print index($0, $4 == "STATE" ? "STATE" : "running") }' | sort -u)
expect "places of the fourth column" 1 "$(wc -l <<<"$widths")"

# Programs accept by themselves: what nobody counts is no 0.
wait_json 2 'x["services"][2]["workers"]["idle"]' status
good status zzz
expect_match "row of programs" 'zzz +program +127\.0\.0\.1:7003 +running +- +2 +0 +0 +2/2 +0/[0-9]+ +- +- +- +0 +0 +- +-' "$out"
[[ $out != *refused* && $out != *bytes* ]] || fail "what nobody counts is told: $out"
expect "in JSON" "None None None None None None None" "$(json '"%s %s %s %s %s %s %s" % tuple(x["services"][0]["workers"]["busy"]
	if k == "busy" else x["services"][0][k] for k in "busy connections bytes_in bytes_out refused wait time".split())' status zzz)"
good workers zzz
expect_match "a worker" $'\n''zzz +0 .* idle +[0-9.]+m?s +[0-9.]+m?s +- +- +- +-$' "$(head -n 2 <<<"$out")"
expect "a worker in JSON" "None None" "$(json '"%s %s" % (x["services"][0]["workers"][0]["connections"], x["services"][0]["workers"][0]["bytes_in"])' workers zzz)"

# What wears a pool down is counted, too.
kill -SEGV "$(workers closed | head -n 1)"
wait_json 1 'x["services"][0]["exits"]["crashed"]' status closed
good status closed
expect "crashed" 1 "$(cell closed CRASHED)"
expect_match "exits by reason" $'\nexits .*crashed 1' "$out"
expect_match "refused by reason" $'\nrefused .*denied 5,' "$out"
[[ $out != *web* ]] || fail "another service is shown"
good status web
expect_match "all addresses" $'\nlisten +127.0.0.1:7001 \\[::1\\]:7001' "$out"
bad 1 "there is no service 'none'; there are: .* closed web" status none

# Clients that wait are seen.
good pause web
hold 127.0.0.1:7001 3
wait_json 3 'x["services"][0]["queue"]' status web
good status web
expect_match "row of a paused service" 'web .* paused .* 3/' "$out"
good scale closed 9
good status
expect "what it wants of what it may have" 9/9 "$(cell closed TARGET/MAX)"
good resume web
wait_json 0 'x["services"][0]["queue"]' status web

# Reloads.
good reload
good status
expect_match "last reload" 'last reload [0-9:]+: done \(1 done, 0 failed\)' "$out"
echo 'nonsense' >>"$conf"
bad 1 'old settings stay in force' reload
good status
expect_match "last reload" "last reload [0-9:]+: failed \\(1 done, 1 failed\\)
  .*$conf:[0-9]+: " "$out"

export TERM=xterm
expect_match "colours on a terminal" $'\e\\[32mrunning\e\\[0m' "$(on_terminal 0 "$SOCKCTL" -s "$control" status)"
plain=$(NO_COLOR=1 on_terminal 0 "$SOCKCTL" -s "$control" status)
[[ $plain == *running* && $plain != *$'\e'* ]] || fail "there are colours in spite of NO_COLOR: $plain"
[[ $(NO_COLOR='' on_terminal 0 "$SOCKCTL" -s "$control" status) == *$'\e'* ]] || fail "an empty NO_COLOR counts"
[[ $(TERM=dumb on_terminal 0 "$SOCKCTL" -s "$control" status) != *$'\e'* ]] || fail "there are colours on a dumb terminal"

# No line of a table is wider than the terminal, and what matters stays.
for columns in 200 155 120 100 80 60 40 20 3; do
	for command in status workers recent; do
		on_terminal $columns env NO_COLOR=1 "$SOCKCTL" -s "$control" $command |
			sed '/^\(sockd\|settings\|last reload\|  .*sockd\.conf:\)/d' >"$dir/wide"
		expect "lines of $command wider than $columns" "" "$(awk -v n=$columns 'length > n' "$dir/wide")"
		expect_match "$command, $columns columns" '[A-Z]' "$(cat "$dir/wide")"
	done
done
table=$(on_terminal 80 env NO_COLOR=1 "$SOCKCTL" -s "$control" status | sed -n '/^SERVICE/,$p')
expect "columns at 80" "SERVICE STATE BUSY IDLE TARGET/MAX QUEUE CONNS REFUSED CRASHED" "$(head -n 1 <<<"$table" | xargs)"
expect_match "a long name at 80" $'\nzzz-long[a-z]*~ +running +0 +1 ' "$table"
expect "columns without a terminal" 17 "$("$SOCKCTL" -s "$control" status | awk '/^SERVICE/ { print NF }')"
expect "columns of a wide one" 17 "$(on_terminal 250 env NO_COLOR=1 "$SOCKCTL" -s "$control" status | awk '/^SERVICE/ { print NF }')"

"$SOCKCTL" -s "$control" status >/dev/full 2>"$dir/err"
expect "exit status when the output cannot be written" 1 $?
stop INT # clients are still there
