# status.json: valid, complete, and true.
. "$(dirname "$0")/lib.sh" curl
. "$tests/lib_status.sh"

conf "service echo { listen = {'127.0.0.1:7001', 'unix:$dir/e \"<&>'} handler = 'echo' workers = 3 }
service status { $status_service workers = 2 }"
start
for _ in 1 2 3 4 5; do
	expect "an answer" ping "$(ask 127.0.0.1:7001 ping)"
done
expect "an answer" pong "$(ask "unix:$dir/e \"<&>" pong)"
exec {held}<>/dev/tcp/127.0.0.1/7001
echo -n twelve bytes >&$held
read -r -N 12 -t 5 -u $held _
told() { [ "$(field echo "['connections']")" -eq 6 ]; }
wait_for 5 told || fail "6 connections are not told: $(cat "$dir/json")"

get -D "$dir/head" $url/status.json >"$dir/json"
expect_match "type" 'Content-Type: application/json' "$(cat "$dir/head")"
py '
import json
d = json.load(open(sys.argv[1]))
def same(what, expected, got):
    assert expected == got, f"{what}: expected {expected!r}, got {got!r}"
m = d["sockd"]
same("state", "running", m["state"])
same("pid", int(sys.argv[2]), m["pid"])
same("file", sys.argv[3], m["file"])
assert abs(time.time() - d["time_s"]) < 30 and m["started_s"] <= d["time_s"] + 1
echo, status = d["services"]
same("names", ["echo", "status"], [echo["name"], status["name"]])
same("handlers", ["echo", "status"], [echo["handler"], status["handler"]])
same("listen", 2, len(echo["listen"]))
same("busy", 1, echo["workers"]["busy"])
same("idle", 2, echo["workers"]["idle"])
same("bytes in", 24, echo["bytes_in"])
same("times", 6, sum(b["count"] for b in echo["time"]["buckets"]))
same("waits of TCP connections", 6, sum(b["count"] for b in echo["wait"]["buckets"]))
same("queue limit of TCP", 511, echo["queue_limit"])
same("pools", ["echo", "status"], [w["service"] for w in d["workers"]])
same("workers", 3, len(d["workers"][0]["workers"]))
busy = [w for w in d["workers"][0]["workers"] if w["state"] == "busy"]
same("busy workers", 1, len(busy))
assert busy[0]["client"].startswith("127.0.0.1:"), busy
same("recent", 6, len(d["recent"]))
same("the last one", ("echo", 4, "eof"), tuple(d["recent"][0][k] for k in ("service", "bytes_in", "end")))
' "$dir/json" "$master" "$conf" || fail "$(cat "$dir/json")"
exec {held}>&-
stop
