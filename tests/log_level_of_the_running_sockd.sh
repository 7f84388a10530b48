# log-level LEVEL changes how much is logged, by workers that run too, until the next reload.
. "$(dirname "$0")/lib_control.sh"

conf "log-level = warning
service echo { listen = {'127.0.0.1:7001'} handler = echo workers = 1 }"
launch
wait_for 10 answers 127.0.0.1:7001 || fail "it does not serve"
expect "lines at warning" 0 "$(grep -c ' closed ' "$log")"
expect_match "log-level" "^ok" "$(ctl log-level info)"
mark
answers 127.0.0.1:7001 || fail "it does not serve"
wait_log 'service=echo .*closed'
expect_match "reload" "^ok" "$(ctl reload)"
mark
answers 127.0.0.1:7001 || fail "it does not serve"
# The one worker has another client now: what was to be said of the last one has been said.
exec {held}<>/dev/tcp/127.0.0.1/7001
echo x >&$held
read -r -t 20 -u $held _ || fail "it does not serve"
expect_match "log-level" "^ok" "$(ctl log-level debug)"
ctl log-level info >/dev/null
wait_log 'control: log-level info'
expect "lines at warning" 0 "$(logged_times ' closed ')"
exec {held}>&-
for bad in loud '' 'info more' 7; do
	expect_match "log-level $bad" "^error expected" "$(ctl "log-level $bad")"
done
kill "$master"
wait_exit 10
expect "exit status" 0 "$status"
