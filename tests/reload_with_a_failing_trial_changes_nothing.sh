# A reload tries the first worker of each changed service before it changes anything. If one fails, all is as
# before: workers, connections, counters, sockets; and everybody who wants to know is told where and why.
. "$(dirname "$0")/lib_control.sh" ss

cp "$top_builddir/tests/modules/hostile.so" "$dir/m.so"
# for no machine that there is
{ head -c 18 /bin/true; printf '\377\377'; tail -c +21 /bin/true; } >"$dir/norun"
printf '#!/bin/sh\necho "the floor is lava" >&2; exit 3\n' >"$dir/dies"
chmod 755 "$dir/norun" "$dir/dies"
good="service kept { listen = {'127.0.0.1:7001'} handler = echo workers = 2 }
service changes { listen = {'127.0.0.1:7002', 'unix:$dir/sock'} handler = echo workers = 2 }
service goes { listen = {'127.0.0.1:7003'} handler = echo workers = 1 }
service m { listen = {'127.0.0.1:7004'} handler = module module = '$dir/m.so' workers = 1 }"
bad="service kept { listen = {'127.0.0.1:7001'} handler = echo workers = 2 }
service changes { listen = {'127.0.0.1:7012', '127.0.0.1:7002', 'unix:$dir/new'} handler = discard workers = 3 }
service comes { listen = {'127.0.0.1:7013'} handler = echo }
service m { listen = {'127.0.0.1:7004'} handler = module module = '$dir/m.so' workers = 1"
conf "$good"
notified_begin
start
wait_workers changes 2
for port in 7001 7002 7003 7004; do answers 127.0.0.1:$port || fail "port $port does not answer"; done
exec {held}<>/dev/tcp/127.0.0.1/7002
echo a >&$held
read -r -t 5 -u $held answer || fail "no connection"
snapshot()
{
	for s in kept changes goes m; do echo "$s" "$(workers $s | tr '\n' ' ')"; done
	master_listens
	state '[sorted((n, x["mode"], x["generation"], x["target"], x["listen"], x["pids"]) for n, x in s.items())]'
}
counters() { state '[sorted((n, x["connections"], x["bytes_in"], x["waits"]) for n, x in s.items())]'; }
fds=$(master_fds)
# A client has its answer a moment before it is counted.
wait_for 5 state_is '[s[n]["times"] for n in ("kept", "changes", "goes", "m")]' '[1, 1, 1, 1]' || fail "not counted: $(counters)"
before=$(snapshot) counted=$(counters)

n=0
# fails WHAT END-OF-BAD REASON
fails()
{
	conf "$bad$2"
	mark
	answer=$(ctl reload)
	n=$((n + 1))
	expect_match "answer for $1" "^error the old settings stay in force
$conf:[0-9]+: service '(m|app)': .*" "$answer"
	wait_log "reload: $conf:[0-9]+: service '(m|app)': "
	wait_log "$3"
	wait_log 'reload: failed; the old settings stay in force'
	wait_for 5 notified "READY=1 STATUS=.*failed: $conf:[0-9]+: service" || fail "STATUS: $(tail -n 1 "$dir/notified")"
	expect_match "reload_text" "^$conf:[0-9]+: service '(m|app)'" "$(state 'm.reload_text.decode()')"
	expect "reloads" "(0, $n)" "$(state '(m.reloads_good, m.reloads_bad)')"
	same() { [ "$(snapshot)" = "$before" ]; }
	wait_for 5 same || expect "after $1" "$before" "$(snapshot)"
	wait_for 5 master_fds_are "$fds" || fail "descriptors after $1: $(master_fds) for $fds"
	expect "counters after $1" "$counted" "$(counters)"
	[ ! -e "$dir/new" ] || fail "the new unix socket is left"
	echo b >&$held
	read -r -t 5 -u $held answer || fail "the connection was lost by $1"
}
fails 'init that fails' ' options = {"init=fail"} }' 'service=m .*init fails because it was told to'
fails 'init that crashes' ' options = {"in=init", "do=abort"} }' 'service=m .*killed by signal 6'
fds=$((fds + 1)) # on which programs say that they are ready
fails 'a program that cannot start' " options = {'x=y'} }
	service app { listen = {'127.0.0.1:7014'} handler = program command = {'$dir/norun'} }" 'service=app .*/norun'
fails 'a program that dies' " options = {'x=y'} }
	service app { listen = {'127.0.0.1:7014'} handler = program command = {'$dir/dies'} notify = true }" \
	'service=app .*the floor is lava'

conf "$bad }"
expect "good answer" "ok done" "$(ctl reload | paste -sd' ')"
wait_for 5 notified "READY=1 STATUS=.*done" || fail "STATUS: $(tail -n 1 "$dir/notified")"
answers 127.0.0.1:7013 || fail "the new service does not answer"
[ -S "$dir/new" ] || fail "the new unix socket is not there"
refused() { ! answers "$1"; }
wait_for 5 refused 127.0.0.1:7003 || fail "the removed service answers"
expect "kept workers" "$(echo "$before" | sed -n 's/^kept //p')" "$(workers kept | tr '\n' ' ')"
exec {held}>&-
stop
