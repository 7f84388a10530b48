# Names of upstreams are looked up by each worker while it still can: a chroot without any file does no harm.
# One that is no longer known when a worker starts is passed over, and said.
. "$(dirname "$0")/lib.sh" root

# LeakSanitizer wants a /proc, which the new root does not have.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"

[ "$SOCKD_TEST_NS" = all ] || skip "needs a mount namespace"
printf '127.0.0.1 localhost up.test gone.test\n' >"$dir/hosts"
cp /etc/nsswitch.conf "$dir/nsswitch.conf" 2>/dev/null
echo 'hosts: files' >"$dir/nsswitch.conf"
mount --bind "$dir/hosts" /etc/hosts && mount --bind "$dir/nsswitch.conf" /etc/nsswitch.conf || skip "cannot mount"
mkdir "$dir/empty"
conf "user = \"nobody\"
service front { listen = {\"127.0.0.1:7000\"} handler = \"proxy\" workers = 1 chroot = \"$dir/empty\"
	upstream = {\"gone.test:7001\", \"up.test:7002\"} }"
start
both() {
	py '
ups = [Upstream("127.0.0.1:%d" % p) for p in (7001, 7002)]
for u in ups[int(sys.argv[1]):]:
    c = Client("127.0.0.1:7000")
    c.send("x")
    ready = select.select([x.s for x in ups], [], [], 10)[0]
    got = [x for x in ups if x.s in ready]
    expect("upstreams that are connected to", 1, len(got))
    expect("a byte", b"x", got[0].accept().take(1))
    c.close()
' "$1" || exit 1
}
both 0
wait_log 'end=[a-z-]+ upstream=127\.0\.0\.1:7001'
wait_log 'end=[a-z-]+ upstream=127\.0\.0\.1:7002'
printf '127.0.0.1 localhost up.test\n' >"$dir/hosts"
mark
old=$(workers front)
kill -KILL "$old"
wait_log 'service=front .* upstream gone\.test:7001 is passed over: cannot look up the host'
wait_workers front 1
both 1
wait_log 'upstream=127\.0\.0\.1:7002'
stop
