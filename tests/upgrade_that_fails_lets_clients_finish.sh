# A new program that fails after it has begun to serve: whom its workers serve, they serve to the end. The old master
# does not wait for that; it is back in charge at once.
. "$(dirname "$0")/lib_upgrade.sh"

cat >"$dir/late" <<'END'
#!/bin/sh
echo $$ >>"$0.pids"
while [ ! -e "$0.die" ]; do sleep 0.02; done
exit 3
END
chmod 755 "$dir/late"
: >"$dir/late.pids"
chmod 666 "$dir/late.pids"
settings="service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 1 }"
conf "$settings"
start
call() { exec {fd}<>/dev/tcp/127.0.0.1/7001; }
answers_still() { echo ping >&"$1" && read -r -t 5 -u "$1" line && [ "$line" = ping ]; }
call
ours=$fd
answers_still "$ours" || fail "no answer"
conf "$settings
service late { listen = {'127.0.0.1:7009'} handler = 'program' command = {'$dir/late'} notify = true }"
mark
kill -USR2 "$master"
wait_for 10 test -s "$dir/late.pids" || fail "the new program has started no program"
call
theirs=$fd
answers_still "$theirs" || fail "no answer of the new program"
new=$(ps -o ppid= -p "$(head -n 1 "$dir/late.pids")" | xargs)
[ "$new" != "$master" ] || fail "the old program has started it"
touch "$dir/late.die"
wait_log 'upgrade: failed' 5
logged 'the first worker of a service died before it was ready' || fail "it does not say why"
answers_still "$theirs" || fail "a client of the new program was cut off"
wait_for 10 gone "$new" || fail "the new program stays"
answers_still "$theirs" || fail "a client of the new program was cut off later"
answers_still "$ours" || fail "a client of the old program was cut off"
exec {theirs}>&- {ours}>&-
wait_log 'bytes_in=15 bytes_out=15 end=eof'
alone() { [ "$(children "$master" | wc -l)" -eq 2 ]; }
wait_for 5 alone || fail "processes: $(children "$master" | xargs ps -o pid,args -p)"
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
stop
