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

# Nothing is forgotten of a service that comes back, and whose last old worker dies just then.
qotd="service qotd { listen = '127.0.0.1:7001' handler = qotd text = %s workers = 2 }"
echo="service echo { listen = '127.0.0.1:7002' handler = echo workers = 1 }"
# shellcheck disable=SC2059
both() { conf "drain-timeout = 0 $(printf "$qotd" "$1") ${2:-}"; }
both old "$echo"
start
exec {held}<>/dev/tcp/127.0.0.1/7002
echo held >&$held
read -r -t 5 -u $held answer || fail "no answer"
last=$(workers echo)
both old
reload
both new "$echo"
mark
inject clone,clone3 error=EAGAIN:delay_enter=300000:when=2+
kill -HUP "$master"
tried() { [ "$(grep -c 'clone' "$dir/trace")" -ge 2 ]; }
wait_for 10 tried || fail "nothing is forked"
kill -KILL "$last"
wait_log 'reload: failed; the old settings stay in force'
for name in qotd echo; do
	logged "reload: .* service '$name': its first worker cannot be forked" || fail "the log does not speak of $name"
done
inject_end
exec {held}>&-
reload
expect "answer" new "$(text)"
answers 127.0.0.1:7002 || fail "echo has not come back"
stop
