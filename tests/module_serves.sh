# A function from a shared object serves, and is told what it is promised: addresses, id, slot, user. Its own
# words and the end that it names reach the log in one line each, escaped.
. "$(dirname "$0")/lib.sh"

cp "$top_builddir/tests/modules/hostile.so" "$dir/m.so"
service()
{
	echo "service $1 { listen = {\"127.0.0.1:$2\"} handler = module module = '$dir/m.so' workers = 1 options = {'do=$3'} ${4:-} }"
}
conf "$(service tell 7001 tell)
$(service tell6 7002 tell 'session-timeout = 9 idle-timeout = 3 first-byte-timeout = 2' | sed 's/127.0.0.1/[::1]/')
$(service telldual 7003 tell | sed 's/127.0.0.1/*/')
$(service tellunix 7004 tell | sed "s|127.0.0.1:7004|unix:$dir/sock|")
$(service echo 7005 none)
$(service own 7006 own-read)
$(service end 7007 end)
$(service errno 7008 errno)"
start
field() { ask "$1" | sed -n "s/^$2=//p"; }
expect "service" tell "$(field 127.0.0.1:7001 service)"
expect_match "peer" '^127\.0\.0\.1 [1-9][0-9]* 2$' "$(field 127.0.0.1:7001 peer)"
expect "local" "127.0.0.1 7001 2" "$(field 127.0.0.1:7001 local)"
expect "process" "$(workers tell)" "$(field 127.0.0.1:7001 pid)"
expect "user" "$(stat -c %u "/proc/$(workers tell)")" "$(field 127.0.0.1:7001 uid)"
expect "shared memory" 4096 "$(field 127.0.0.1:7001 shared)"
expect "slot" 0 "$(field 127.0.0.1:7001 slot)"
expect "time-outs" "0 0 0" "$(ask 127.0.0.1:7001 | sed -n 's/^\(session\|first-byte\|idle\)=//p' | xargs)"
expect "time-outs that are set" "1 2000 3000" "$(ask '[::1]:7002' | sed -n 's/^\(session\|first-byte\|idle\)=//p' | xargs)"
expect "local v6" "::1 7002 10" "$(field '[::1]:7002' local)"
expect "local, v4 in a v6 socket" "127.0.0.1 7003 10" "$(field 127.0.0.1:7003 local)"
expect "local unix" "0 1" "$(field "unix:$dir/sock" local | xargs)"

mark
id=$(field 127.0.0.1:7001 id)
wait_log "service=tell .*closed .*conn=$(printf %016x "$id") .* bytes_in=0 .*end=done"
expect "echo" hello "$(ask 127.0.0.1:7005 hello)"
wait_log 'service=echo .*closed .*bytes_in=5 bytes_out=5 end=eof'
expect "echo by its own calls" hello "$(ask 127.0.0.1:7006 hello)"
wait_log 'service=own .*closed .*bytes_in=5 bytes_out=5 end=done'

ask 127.0.0.1:7007 >/dev/null
wait_log 'service=end .* a line\\x0awith \\x1b in it: 127\.0\.0\.1 conn=[0-9a-f]{16}$'
logged 'service=end .*closed' && fail "a connection without a byte is told at this level"
ask 127.0.0.1:7007 x >/dev/null 2>&1
wait_log 'service=end .*closed .*end="?as\\x0aI\\x1bplease'
ask 127.0.0.1:7008 x >/dev/null 2>&1
mark
stop
[ "$(logged_times 'hostile leaves in peace')" -ge 1 ] || fail "fini was not called"
