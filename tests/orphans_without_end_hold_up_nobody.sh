# Orphans of a service become children of the master. However many of them die, it has time for everything else.
. "$(dirname "$0")/lib_control.sh" strace

cat >"$dir/orphans.py" <<'PY'
import os, sys, time
while not os.path.exists(sys.argv[1] + "/begin"):
    time.sleep(0.02)
if os.fork() == 0:
    for i in range(2000):
        if os.fork() == 0:
            os._exit(0)
    os._exit(0)
os.wait()
open(sys.argv[1] + "/made", "w").close()
time.sleep(1000)
PY
conf "service orphans { listen = {'127.0.0.1:7001'} handler = program workers = 1
	command = {'$(command -v $python)', '-S', '-E', '$dir/orphans.py', '$dir'} }"
chmod 777 "$dir"
start
kill -STOP "$master"
touch "$dir/begin"
wait_for 20 test -e "$dir/made" || fail "no orphans"
all() { wc -w <"/proc/$master/task/$master/children"; }
[ "$(all)" -gt 2000 ] || fail "children of the master: $(all)"
inject waitid delay_enter=5000
kill -CONT "$master"
cpy 'import sys
expect("answer", "ok", control("version").split("\n")[0])
left = len(open("/proc/%s/task/%s/children" % (sys.argv[1], sys.argv[1])).read().split())
check("it answers before it has reaped them: children that are left", left > 100, left)' "$master" || exit
inject_end
reaped() { [ "$(all)" -le 3 ]; }
wait_for 10 reaped || fail "children of the master: $(all)"
stop
