# diff tells, key by key, what a reload would change and what it costs, and changes nothing.
. "$(dirname "$0")/lib_control.sh"

printf '192.0.2.0/24\n' >"$dir/deny"
base()
{
	conf "log-level = $1
drain-timeout = $2
pidfile = '$dir/${3:-}pid'
service echo { listen = {'127.0.0.1:7001'$4} handler = echo workers = $5 umask = $6 backlog = $7 deny = {'file:$dir/deny'} }
service $8 { listen = {'127.0.0.1:7002'} handler = echo workers = 1 }"
}
base info 30 '' '' 2 022 511 one
start
wait_workers echo 2
expect "no difference" "ok no difference" "$(ctl diff | paste -sd' ')"
ctl log-level warning >"$dir/answer"
expect "a level that a reload takes back" "log-level: changed to warning -> as in the settings (nothing else)" "$(ctl diff | tail -n +2)"
ctl log-level info >"$dir/answer"
expect "no difference again" "ok no difference" "$(ctl diff | paste -sd' ')"
before=$(state '[sorted((n, x["pids"], x["generation"]) for n, x in s.items())]')
fds=$(master_fds)
wait_log 'ready services='
mark
base debug 10 other ", '127.0.0.1:7003'" 3 077 64 two
answer=$(ctl diff)
for line in 'log-level: info -> debug .nothing else' 'drain-timeout: 30 -> 10' "pidfile: .*/pid.* -> .*/otherpid. .at the next start" \
	"service 'echo': workers: 2 -> 3 .the pool is resized" "service 'echo': listen: .* -> .*7003.* .new sockets and workers" \
	"service 'echo': umask: 0+22 -> 0+77 .new workers" "service 'echo': backlog: 511 -> 64 .the socket is adjusted" \
	"service 'one': removed" "service 'two': added .new sockets and workers"; do
	expect_match "diff" "$line" "$answer"
done
expect "first line" ok "${answer%%$'\n'*}"
expect "state" "$before" "$(state '[sorted((n, x["pids"], x["generation"]) for n, x in s.items())]')"
wait_for 5 master_fds_are "$fds" || fail "descriptors: $(master_fds), before: $fds"
expect "reloads" "(0, 0, '')" "$(state '(m.reloads_good, m.reloads_bad, m.reload_text.decode())')"
answers 127.0.0.1:7003 && fail "a new socket is open"
expect "lines in the log" 0 "$(tail -n "+$since" "$log" | grep -vc ' closed ')"

# what a key names
base info 30 '' '' 2 022 511 one
printf '192.0.2.0/25\n' >"$dir/deny"
expect_match "a changed list" "^ok
service 'echo': what its settings name has changed .new workers.$" "$(ctl diff)"
printf '192.0.2.0/24\n' >"$dir/deny"

# values that differ late
long=$(printf "'192.0.2.%d/32', " $(seq 40))
base info 30 '' '' 2 022 511 one
sed -i "s|deny = {|allow = {$long'198.51.100.1/32'} deny = {|" "$conf"
expect_match "reload" "^ok" "$(ctl reload)"
expect_match "no difference" "^ok
no difference" "$(ctl diff)"
sed -i "s|198.51.100.1|198.51.100.2|" "$conf"
expect_match "a long value" "service 'echo': allow: .*new workers" "$(ctl diff)"
base info 30 '' '' 2 022 511 one
expect_match "reload" "^ok" "$(ctl reload)"
before=$(state '[sorted((n, x["pids"], x["generation"]) for n, x in s.items())]')

# broken settings
conf 'service echo { listen = {"127.0.0.1:7001"} handler = nonsense }'
expect_match "broken settings" "^error the settings are not good
$conf:1: .*nonsense" "$(ctl diff)"
expect "reloads" "(2, 0, 'done')" "$(state '(m.reloads_good, m.reloads_bad, m.reload_text.decode())')"
expect "state" "$before" "$(state '[sorted((n, x["pids"], x["generation"]) for n, x in s.items())]')"

# what was found is what a reload then does
base info 30 '' '' 3 022 511 one
expect_match "diff" "^ok service 'echo': workers: 2 -> 3 .the pool is resized." "$(ctl diff | paste -sd' ')"
expect_match "reload" "^ok" "$(ctl reload)"
wait_workers echo 3
expect "no difference" "ok no difference" "$(ctl diff | paste -sd' ')"

# what can only be had by a restart is said
base info 30 other '' 3 022 511 one
sed -i "1i control-socket = '$dir/elsewhere'" "$conf"
mark
expect_match "reload" "^ok" "$(ctl reload)"
wait_log 'warning reload: a new pidfile is made at the next start'
wait_log 'warning reload: a new control-socket is made at the next start'
expect_match "the old socket" "^ok" "$(ctl version)"
stop
