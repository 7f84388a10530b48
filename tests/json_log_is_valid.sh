# log-format = json: every line is a JSON object, whatever bytes are in the values.
. "$(dirname "$0")/lib.sh"

conf "log-format = json
service echo { listen = {'127.0.0.1:7001', 'unix:$dir/s \"\\\\é	k'} handler = 'echo' }
service a.b_c-D9 { listen = {'127.0.0.1:7002'} handler = 'echo' workers = 1 }"
start
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
mark
kill -SEGV "$(workers a.b_c-D9)"
wait_log died
ended() { logged '"end":"eof"'; }
since=1
wait_for 5 ended || fail "no line about the connection"
stop
py '
import json
# What is said before the log is there goes to stderr as it is.
lines = [line for line in open(sys.argv[1], "rb") if not line.startswith(b"sockd: ")]
lines = [json.loads(line) for line in lines]
for line in lines:
    check("time, level and message", {"time", "level", "message"} <= set(line), line)
    check("time", line["time"].endswith("Z") and line["time"][10] == "T", line)
closed = [l for l in lines if l["message"] == "closed"]
expect("lines about connections", 1, len(closed))
c = closed[0]
expect("service, bytes, end", ("echo", 4, 4, "eof"), (c["service"], c["bytes_in"], c["bytes_out"], c["end"]))
check("numbers", all(type(c[k]) is int for k in ("worker", "pid", "duration_ms")), c)
check("source", c["source"].startswith("127.0.0.1:"), c)
check("the death", any(l.get("service") == "a.b_c-D9" and "SEGV" in l["message"] for l in lines))
' "$log" || exit 1
