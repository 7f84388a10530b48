# A module that crashes, exits or aborts in serve takes its own client along, and nobody else.
. "$(dirname "$0")/lib.sh"

cp "$top_builddir/tests/modules/hostile.so" "$dir/m.so"
conf "service m { listen = {\"127.0.0.1:7001\"} handler = module module = '$dir/m.so' workers = 4 }
service other { listen = {\"127.0.0.1:7002\"} handler = echo workers = 2 }"
start
other=$(workers other)
py '
stay = [Client("127.0.0.1:7001") for i in range(2)] + [Client("127.0.0.1:7002")]
def all_stay(n):
    for c in stay:
        c.send("%d\n" % n)
        expect("echo of those that stay", str(n), c.line())
all_stay(0)
for n, deed in enumerate(["crash", "abort", "exit", "exit-3"]):
    c = Client("127.0.0.1:7001")
    c.send("hello\n")
    expect("echo", "hello", c.line())
    c.send("!%s\n" % deed)
    try:
        expect("rest of the client of " + deed, b"", c.rest())
    except ConnectionResetError:
        pass
    all_stay(n + 1)
' || exit 1
for how in 'killed by signal 11 \(SEGV\)' 'killed by signal 6 \(ABRT\)' 'exit status 0' 'exit status 3'; do
	wait_log "service=m .*died: $how"
done
wait_workers m 4
expect "workers of the other service" "$other" "$(workers other)"
answers 127.0.0.1:7001 || fail "no answer"

# A child that it forks and that comes back from serve is no worker.
forked() { for pid in $(workers m); do children "$pid"; done; }
none_forked() { [ -z "$(forked)" ]; }
py '
c = Client("127.0.0.1:7001")
c.send("!fork\n")
expect("echoes of two processes", ["!fork", "!fork"], [c.line(), c.line()])
'
wait_for 5 none_forked || fail "forked children stay: $(forked)"
stop
