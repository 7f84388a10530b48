# Each try of a crash loop wrote all that the program says at its start, and again as its last words; of a pool
# that died together every worker had its line. Now there is one line for a try, which tells the last words.
. "$(dirname "$0")/lib.sh" cc
. "$(dirname "$0")/lib_clock.sh"

cat >"$dir/app" <<'SH'
#!/bin/sh
for i in 1 2 3 4 5; do echo "starting, step $i of $$"; done
[ -e "${0%/*}/mended" ] || exit 3
trap 'exit 0' TERM
until [ -e "${0%/*}/more" ]; do sleep 0.1; done
echo "later: hello"
while :; do sleep 0.1; done
SH
chmod 755 "$dir/app"
conf "service app { listen = '127.0.0.1:7007' handler = program command = {'$dir/app'} workers = 8 }"
touch "$dir/mended"
clock_begin stopped
start
mark
rm "$dir/mended"
kill -STOP "$master" # which finds all of them dead at one time
kill_hard $(children "$master" | grep -vx "$(logger_pid)")
kill -CONT "$master"
wait_log 'next_try_s=1 others=' # the last of them
for pause in 1 2; do
	wait_log "next_try_s=$pause( |\$)"
	clock_forward $pause
done
wait_log 'next_try_s=4'
tail -n "+$since" "$log" | sed '1,/next_try_s=1 others=/d' >"$dir/tries"
expect "lines once it is known, for two tries" 2 "$(grep -c app "$dir/tries")"
expect "of them with last words" 2 "$(grep -c 'died: exit status 3.*stderr=".*step 5 of' "$dir/tries")"
expect "lines about 12 deaths" 6 "$(logged_times 'died: exit')"
logged 'others=6' || fail "those that died together are not counted"

touch "$dir/mended"
clock_forward 4
later() { logged "$1" || { clock_forward 1 && false; }; }
for line in 'stay alive again' 'lines of stderr dropped dropped=[0-9]+'; do
	wait_for 10 later "$line" || fail "no line in the log like: $line"
done
mark
touch "$dir/more"
wait_log 'stderr: later: hello'
clock_go
stop
