# Workers that are killed and replaced, and a reload that replaces all of them, take nothing from any counter.
. "$(dirname "$0")/lib.sh" curl
. "$tests/lib_status.sh"

conf "service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 4 deny = {'127.0.0.9'} }
service status { $status_service }"
start
# The counters of echo, one a line.
counters()
{
	get $url/metrics | grep -E '^sockd_[a-z_]+(_total|_bucket|_count|_sum)\{service="(echo)?"' | sort
}
# compare: none of those in $dir/before is missing or larger than now.
compare()
{
	counters >"$dir/now"
	py '
def read(path):
    return dict((k, float(v)) for k, v in (line.rsplit(" ", 1) for line in open(path)))
before, now = read(sys.argv[1]), read(sys.argv[2])
assert len(before) > 30
for k, v in before.items():
    assert now[k] >= v, f"{k}: {v} became {now[k]}"
' "$dir/before" "$dir/now" || fail "a counter went back"
	cp "$dir/now" "$dir/before"
}
replaced() { workers echo | grep -qx "$1" && return 1; [ "$(worker_count echo)" -eq 4 ]; }

counters >"$dir/before"
for round in 1 2 3; do
	for _ in 1 2 3 4 5; do
		expect "an answer" ping "$(ask 127.0.0.1:7001 ping)"
	done
	py 'Client("127.0.0.1:7001", source="127.0.0.9").more()'
	compare
	for pid in $(workers echo); do
		kill -KILL "$pid"
		wait_for 5 replaced "$pid" || fail "worker $pid is not replaced"
		compare
	done
	conf "service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 4 deny = {'127.0.0.9'} nodelay = true umask = 002$round }
	service status { $status_service }"
	old=$(workers echo)
	reload
	renewed() { [ "$(worker_count echo)" -eq 4 ] && [ -z "$(comm -12 <(echo "$old" | sort) <(workers echo | sort))" ]; }
	wait_for 10 renewed || fail "workers after the reload: $(workers echo | xargs), before: $(xargs <<<"$old")"
	compare
done
told() { [ "$(field echo "['connections']") $(field echo "['refused']['denied']")" = "15 3" ]; }
wait_for 5 told || fail "expected 15 connections and 3 refused: $(cat "$dir/json")"
expect "killed" 12 "$(field echo "['exits']['crashed']")"
stop
