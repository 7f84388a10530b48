# An upgrade as systemd and those who read the pidfile see it: there is always a pid in it; MAINPID comes
# from the old master, READY from the new one, in this order; the watchdog is fed; a daemon stays one.
. "$(dirname "$0")/lib_upgrade.sh"

pidfile=$dir/pid
cd "$dir" || exit
conf "pidfile = '$pidfile'
control-socket = '$dir/control'
service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 2 }"
pyx '
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
s.bind(sys.argv[1])
while True:
    data, control, _, _ = s.recvmsg(65536, 256)
    print(struct.unpack("i", control[0][2][:4])[0], data.decode().replace("\n", " "), flush=True)
' "$dir/notify" >"$dir/notified" &
started+=($!)
wait_for 5 test -S "$dir/notify" || fail "no socket"
# As a daemon, by relative names.
export NOTIFY_SOCKET=$dir/notify WATCHDOG_USEC=400000
bin/sockd -l info -f sockd.conf 2>"$dir/err"
expect "exit status" 0 $?
unset NOTIFY_SOCKET WATCHDOG_USEC
master=$(cat "$pidfile")
session=$(ps -o sid= -p "$master")
started+=("$master")
pyx '
print("begun", flush=True)
bad = []
while not os.path.exists(sys.argv[1] + ".end") and not bad:
    bad += ["no " + path for path in sys.argv[1:] if not os.path.exists(path)]
    pid = open(sys.argv[1]).readline().strip()
    alive = pid.isdigit() and os.path.exists("/proc/" + pid)
    # Its process may leave between the two looks, if there is another pid by then.
    bad += [] if alive or open(sys.argv[1]).readline().strip() != pid else ["pid %r" % pid]
print(bad)
' "$pidfile" "$dir/control" >"$dir/watched" &
watcher=$!
wait_for 5 grep -qs begun "$dir/watched" || fail "nobody watches"

changed() { [ "$(cat "$pidfile")" != "$old" ]; }
for _ in 1 2 3; do
	old=$master
	kill -USR2 "$old"
	wait_for 10 changed || fail "pidfile: still $old"
	master=$(cat "$pidfile")
	started+=("$master")
	fed() { grep -q "^$master .*WATCHDOG=1" "$dir/notified"; }
	wait_for 5 fed || fail "the new master feeds no watchdog"
	wait_for 5 gone "$old" || fail "the old master stays"
	expect "who says MAINPID=$master" "$old" "$(sed -n "s/^\([0-9]*\) .*MAINPID=$master.*/\1/p" "$dir/notified")"
	expect "what the new one says first" "$master READY=1" \
		"$(sed "1,/MAINPID=$master/d" "$dir/notified" | head -n 1 | cut -d' ' -f1,2)"
	expect "what the new one says before MAINPID" "" "$(sed "/MAINPID=$master/q" "$dir/notified" | grep "^$master ")"
	expect "what the old one says after MAINPID" "" "$(sed "1,/MAINPID=$master/d" "$dir/notified" | grep "^$old ")"
	expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
	expect "session" "$session" "$(ps -o sid= -p "$master")"
	expect "terminal" '?' "$(ps -o tty= -p "$master" | tr -d ' ')"
	expect "working directory" / "$(readlink "/proc/$master/cwd")"
	expect "arguments" "bin/sockd -l info -f sockd.conf" "$(tr '\0' ' ' <"/proc/$master/cmdline" | sed 's/ $//')"
done
: >"$pidfile.end"
wait $watcher
expect "gaps" '[]' "$(tail -n 1 "$dir/watched")"
"$built" -n -f sockd.conf 2>"$dir/err"
expect "exit status of a second sockd" 1 $?
expect_match "what it says" "$pidfile.*$master" "$(cat "$dir/err")"

# If the settings have another pidfile, the next one takes the old one's away.
sed -i "s,pidfile = .*,pidfile = '$pidfile.2'," "$conf"
old=$master
kill -USR2 "$old"
wait_for 10 test -s "$pidfile.2" || fail "no new pidfile"
master=$(cat "$pidfile.2")
started+=("$master")
wait_for 5 gone "$old" || fail "the old master stays"
[ ! -e "$pidfile" ] || fail "the old pidfile is still there"
kill -TERM "$master"
wait_for 10 gone "$master" || fail "it does not stop"
[ ! -e "$pidfile.2" ] && [ ! -e "$dir/control" ] || fail "left: $(ls "$dir")"
