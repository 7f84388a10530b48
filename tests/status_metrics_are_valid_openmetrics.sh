# The metrics, read by the parsers of Prometheus' own client library: OpenMetrics, and the older text for
# who accepts text alone. Every family of the contract, with its labels.
. "$(dirname "$0")/lib.sh" curl
. "$tests/lib_status.sh"
$python -s -c 'import prometheus_client' 2>/dev/null || skip "needs python3-prometheus-client"

conf "service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 3 deny = {'127.0.0.9'} }
service app { listen = {'127.0.0.1:7002'} handler = 'program' command = {'/bin/sleep', 'infinity'} workers = 2 }
service status { $status_service }"
start
for _ in 1 2 3; do
	expect "an answer" ping "$(ask 127.0.0.1:7001 ping)"
done
py 'Client("127.0.0.1:7001", source="127.0.0.9").more()'
reload
told() { [ "$(field echo "['connections']")$(field echo "['refused']['denied']")" = 31 ]; }
wait_for 5 told || fail "3 connections are not told"

accept='application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2'
get -D "$dir/head.om" -H "Accept: $accept" $url/metrics >"$dir/om"
get -D "$dir/head.text" -H 'Accept: text/plain;version=0.0.4;q=1,*/*;q=0.1' $url/metrics >"$dir/text"
for any in 'Accept:' 'Accept: */*' 'Accept: text/plain, application/openmetrics-text'; do
	expect_match "type for '$any'" 'application/openmetrics-text' "$(get -I -H "$any" $url/metrics)"
done
expect_match "type for a browser" 'text/plain' "$(get -I -H 'Accept: text/html,*/*;q=0.8' $url/metrics)"
expect_match "type" 'Content-Type: application/openmetrics-text; version=1.0.0; charset=utf-8' "$(cat "$dir/head.om")"
expect_match "type" 'Content-Type: text/plain; version=0.0.4; charset=utf-8' "$(cat "$dir/head.text")"
expect_match "type for one who refuses OpenMetrics" 'version=0.0.4' \
	"$(get -I -H 'Accept: application/openmetrics-text;q=0, text/plain' $url/metrics)"
expect "the last line" '# EOF' "$(tail -n 1 "$dir/om")"

py '
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics
from prometheus_client.parser import text_string_to_metric_families as plain
wanted = {
    "sockd_connections": ("counter", ()), "sockd_connections_active": ("gauge", ()),
    "sockd_workers": ("gauge", ("state",)), "sockd_worker_exits": ("counter", ("reason",)),
    "sockd_refused": ("counter", ("reason",)), "sockd_bytes": ("counter", ("direction",)),
    "sockd_accept_queue": ("gauge", ()), "sockd_accept_queue_limit": ("gauge", ()),
    "sockd_accept_wait_seconds": ("histogram", ("le",)), "sockd_connection_seconds": ("histogram", ("le",)),
    "sockd_reloads": ("counter", ("result",)),
}
def same(what, expected, got):
    assert expected == got, f"{what}: expected {expected!r}, got {got!r}"
def check(families):
    families = list(families)
    same("families", {n: t for n, (t, _) in wanted.items()}, {f.name: f.type for f in families})
    values = {}
    for f in families:
        for s in f.samples:
            labels = set(s.labels) - {"service"}
            assert "service" in s.labels and labels <= set(wanted[f.name][1]), s
            values[(s.name,) + tuple(sorted(s.labels.items()))] = s.value
    value = lambda name, **labels: values[(name,) + tuple(sorted(labels.items()))]
    same("connections", 3, value("sockd_connections_total", service="echo"))
    same("denied", 1, value("sockd_refused_total", service="echo", reason="denied"))
    same("bytes", 12, value("sockd_bytes_total", service="echo", direction="in"))
    same("idle", 3, value("sockd_workers", service="echo", state="idle"))
    same("times", 3, value("sockd_connection_seconds_count", service="echo"))
    same("times", 3, value("sockd_connection_seconds_bucket", service="echo", le="+Inf"))
    same("waits", 4, value("sockd_accept_wait_seconds_count", service="echo"))
    same("active", 1, value("sockd_connections_active", service="status"))
    same("limit", 511, value("sockd_accept_queue_limit", service="echo"))
    same("reloads", 1, value("sockd_reloads_total", service="", result="done"))
    same("what is known of programs", {"sockd_workers", "sockd_worker_exits_total", "sockd_accept_queue",
        "sockd_accept_queue_limit"}, {k[0] for k in values if ("service", "app") in k})
    same("states of programs", ["backoff", "idle", "leaving", "starting"],
        sorted(dict(k[1:])["state"] for k in values if k[0] == "sockd_workers" and ("service", "app") in k))
    for s in ("starting", "idle", "busy", "leaving", "backoff"):
        value("sockd_workers", service="echo", state=s)
check(openmetrics(open(sys.argv[1]).read()))
check(plain(open(sys.argv[2]).read()))
' "$dir/om" "$dir/text" || fail "$(grep -v _bucket "$dir/om")"
stop
