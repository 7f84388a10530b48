# systemd waits for READY=1 after a reload: it must come when the reason of a failure is long, and when systemd is
# so slow that its socket was full.
. "$(dirname "$0")/lib_control.sh"

good='service echo { listen = {"127.0.0.1:7001"} handler = echo workers = 1 }'
conf=$dir/$(printf '%0250d/%0250d' 0 0)/sockd.conf
mkdir -p "${conf%/*}"
conf "$good"
# reads while there is no file "full"
pyx '
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1] + "/notify")
s.settimeout(0.05)
while True:
    if os.path.exists(sys.argv[1] + "/full"):
        filler = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        filler.setblocking(False)
        try:
            while True:
                filler.sendto(b"FILLER=1", sys.argv[1] + "/notify")
        except BlockingIOError:
            print("full", flush=True)
        while os.path.exists(sys.argv[1] + "/full"):
            time.sleep(0.02)
    try:
        print(s.recv(65536).decode().replace("\n", " "), flush=True)
    except TimeoutError:
        pass
' "$dir" >"$dir/notified" &
started+=($!)
wait_for 5 test -S "$dir/notify" || fail "no socket"
prefix=(env "NOTIFY_SOCKET=$dir/notify")
start
told() { sed -n "$1,\$p" "$dir/notified" | grep -Eq "$2"; }
wait_for 5 told 1 'READY=1' || fail "READY=1 was not sent"

n=$(($(wc -l <"$dir/notified") + 1))
conf 'service echo { listen = {"127.0.0.1:7001"} handler = nonsense }'
expect_match "answer" "^error .*
$conf:1: .*nonsense" "$(ctl reload)"
wait_for 5 told $n 'READY=1 STATUS=.*failed: ' || fail "no READY=1 after a long reason: $(tail -n 2 "$dir/notified" | cut -c-200)"

conf "$good"
n=$(($(wc -l <"$dir/notified") + 1))
touch "$dir/full"
wait_for 5 told $n '^full' || fail "it is not full"
expect_match "answer" "^ok" "$(ctl reload)"
rm "$dir/full"
wait_for 10 told $n 'READY=1' || fail "no READY=1 after the socket was full"
stop
