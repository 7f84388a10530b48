# Bytes that are not printable ASCII are escaped before they reach a line of the log.
. "$(dirname "$0")/lib.sh"

conf "service echo { listen = {'unix:$dir/sock'} handler = 'echo' socket-mode = 0666 }"
start
py '
c = socket.socket(socket.AF_UNIX)
path = sys.argv[1] + "/evil\n2026-11-22T00:00:00.000Z error forged\x1b[2J\\ \u00e9"
c.bind(path)
c.connect(sys.argv[1] + "/sock")
c.sendall(b"x")
c.recv(1)
c.close()
' "$dir" || exit 1
wait_log 'service=echo .*closed source="unix:.*bytes_in=1'
stop
grep -q '^2026-11-22T00:00:00.000Z error forged' "$log" && fail "a line was forged"
py '
data = open(sys.argv[1], "rb").read()
bad = [c for c in data if not (32 <= c < 127 or c == 10)]
expect("bytes in the log that are not printable", [], bad)
' "$log" || exit 1
