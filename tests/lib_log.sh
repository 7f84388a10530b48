# lib_log.sh: what tests of the log share: a syslogd, and workers that write what no handler would. Sourced
# after lib.sh.
# shellcheck disable=SC2154 # dir, conf, since, started and python are of lib.sh

# A /dev of our own, without /dev/log.
private_dev()
{
	local n

	[ "$SOCKD_TEST_NS" = all ] || skip "needs a mount namespace"
	mkdir "$dir/dev"
	mount -t tmpfs none "$dir/dev" || skip "cannot mount"
	for n in null zero full random urandom tty; do
		: >"$dir/dev/$n"
		mount --bind "/dev/$n" "$dir/dev/$n"
	done
	ln -s /proc/self/fd "$dir/dev/fd"
	mkdir "$dir/dev/shm"
	mount --rbind "$dir/dev" /dev
}

# Somebody who reads /dev/log into $dir/syslog, except while $dir/syslog.hold exists.
syslog_begin()
{
	pyx '
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind("/dev/log")
os.chmod("/dev/log", 0o666)
s.settimeout(0.05)
with open(sys.argv[1], "ab", buffering=0) as out:
    while True:
        if os.path.exists(sys.argv[1] + ".hold"):
            time.sleep(0.02)
            continue
        try:
            out.write(s.recv(65536) + b"\n")
        except TimeoutError:
            pass
' "$dir/syslog" &
	syslog_pid=$!
	started+=($syslog_pid)
	wait_for 5 test -S /dev/log || fail "no /dev/log"
}

# launch_to_syslog ARG...: launch, but with the log going to $dir/syslog by way of /dev/log.
launch_to_syslog()
{
	log=$dir/syslog
	: >>"$log"
	run_prefixed "$SOCKD" -n -s -f "$conf" "$@" 2>"$dir/err" </dev/null &
	master=$!
	started+=("$master")
}

# lost_lines REGEX: how many the lines like this one say were lost.
lost_lines()
{
	tail -n "+$since" "$log" | sed -nE "s/.*$1.* lost=([0-9]*).*/\1/p" | awk '{ n += $1 } END { print n + 0 }'
}

# preload <<C: sockd starts with a library of this code in front of libc: workers find their recv() there.
preload()
{
	cat >"$dir/preload.c"
	cc -shared -fPIC -o "$dir/preload.so" "$dir/preload.c" || fail "the library does not compile"
	prefix=(preloaded)
}
preloaded()
{
	ASAN_OPTIONS=verify_asan_link_order=0 LD_PRELOAD=$dir/preload.so exec "$@"
}
