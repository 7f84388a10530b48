# A program and a module that crash again and again: fewer than 5 forks a second and 10 log lines a minute for each,
# others do not notice, and both recover by themselves once they are mended.
. "$(dirname "$0")/lib_fault.sh" root cc

cp "$top_builddir/tests/modules/hostile.so" "$dir/m.so"
cat >"$dir/app" <<'SH'
#!/bin/sh
for i in 1 2 3 4 5; do echo "starting, step $i of $$"; done
[ -e "${0%/*}/mended" ] || kill -ABRT $$
trap 'exit 0' TERM
while :; do sleep 0.1; done
SH
chmod 755 "$dir/app"
touch "$dir/mended"
conf "service app { listen = '127.0.0.1:7001' handler = program command = {'$dir/app'} workers = 8 }
service m { listen = '127.0.0.1:7002' handler = module module = '$dir/m.so' workers = 8 }"
start
rm "$dir/mended"
# Whatever comes to the module, its workers die: those that have served nothing die early.
crash()
{
	local pid

	while [ ! -e "$dir/mended" ]; do
		for pid in $(workers m); do
			kill -ABRT "$pid" 2>/dev/null
		done
		sleep 0.05
	done
}
crash &
started+=($!)
# shellcheck disable=SC2046
kill -KILL $(children "$master" | while read -r pid; do grep -qs '^sockd' "/proc/$pid/comm" || echo "$pid"; done)
wait_log 'service=app .*next_try_s=4' 30
wait_log 'service=m .*next_try_s=4' 30
mark
deaths() { py 'from control import *
print(sum(sum(s["exits"]) for s in State().services.values()))'; }
seconds=${SOCKD_FAULT_MINUTE:-60}
from=$(now_us)
before=$(deaths)
fault_lasts crash_loop
rest=$((seconds - ($(now_us) - from) / 1000000))
[ "$rest" -le 0 ] || sleep "$rest" # a minute is what is counted
n=$(($(deaths) - before))
figure deaths "$n"
[ $n -lt $((seconds * 5)) ] || fail "$n workers died in $seconds s"
for service in app m; do
	lines=$(logged_times "service=$service ")
	figure "${service}_lines_a_minute" "$lines"
	[ "$lines" -lt 10 ] || fail "$lines lines of service $service in $seconds s"
done
touch "$dir/mended"
wait_log 'service=app .*stay alive again' 60
wait_log 'service=m .*stay alive again' 60
wait_workers m 8
stop
