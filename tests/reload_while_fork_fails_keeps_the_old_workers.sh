# A reload whose new workers cannot be forked is refused: the old workers and settings stay, and the next reload
# works when fork does.
. "$(dirname "$0")/lib.sh" strace

export ASAN_OPTIONS=detect_leaks=0 # which does not work while strace is attached

write() { conf "service qotd { listen = {'127.0.0.1:7001'} handler = 'qotd' text = '$1' workers = 2 }"; }
text() { ask 127.0.0.1:7001 | tr -d '\r'; }
write old
start
wait_workers qotd 2
before=$(workers qotd)
write new
inject clone,clone3 error=EAGAIN:when=2+ # the first one reads the settings
kill -HUP "$master"
wait_log 'reload: failed; the old settings stay in force'
logged "service 'qotd': its first worker" || fail "the log does not say which service"
for i in 1 2 3; do
	expect "answer $i while fork fails" old "$(text)"
done
expect "workers while fork fails" "$before" "$(workers qotd)"
inject_end
reload
replaced() { [ -z "$(comm -12 <(echo "$before" | sort) <(workers qotd | sort))" ]; }
wait_for 5 replaced || fail "the old workers stay"
wait_workers qotd 2
expect "answer" new "$(text)"
stop
