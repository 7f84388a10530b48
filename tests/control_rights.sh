# Who may speak to the master: root, its own user, members of control-group. Never a process of a pool, whatever
# user it runs as, and be it quick to end.
. "$(dirname "$0")/lib_upgrade.sh" root setpriv

getent group daemon >/dev/null && getent passwd nobody >/dev/null || skip "needs nobody and daemon"
gid=$(getent group daemon | cut -d: -f3)
cat >"$dir/ask.py" <<'PY'
import os, socket, sys
def ask(word):
    s = socket.socket(socket.AF_UNIX)
    s.settimeout(10)
    try:
        s.connect("/run/sockd/control")
    except OSError as e:
        return os.strerror(e.errno)
    try:
        s.sendall(word.encode() + b"\n")
    except BrokenPipeError:
        pass # refused before it asked
    out = b""
    try:
        while data := s.recv(4096):
            out += data
    except OSError as e:
        out = out or os.strerror(e.errno).encode()
    return out.decode()
if __name__ == "__main__":
    print(ask(sys.argv[1]).splitlines()[0])
PY
cat >"$dir/quick.py" <<'PY'
# a grandchild asks and is gone before it can be looked at
import os, socket, sys, time
for word in sys.argv[1:]:
    if os.fork() == 0:
        if os.fork() == 0:
            s = socket.socket(socket.AF_UNIX)
            s.connect("/run/sockd/control")
            s.sendall(word.encode() + b"\n")
            os._exit(0)
        os.wait()
        os._exit(0)
    os.wait()
print("asked")
PY
cat >"$dir/orphan.py" <<'PY'
# a program that leaves somebody behind, with a session of his own and without a parent, who asks each time that
# he is told to
import os, signal, socket, sys
sys.path.insert(0, sys.argv[1])
from ask import ask
if os.fork() == 0:
    if os.fork() == 0:
        os.setsid()
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
        with open("%s/left.%d" % (sys.argv[1], os.getpid()), "w", 1) as f:
            while True:
                f.write("ready\n")
                signal.sigwait([signal.SIGUSR1])
                f.write(ask("version").splitlines()[0] + "\n")
    os._exit(0)
os.wait()
s = socket.socket(fileno=3)
while True:
    s.accept()[0].close()
PY
chmod 755 "$dir"/*.py
python_path=$(readlink -f "$(command -v $python)")
service="no-new-privileges = false sandbox = off"
settings()
{
	conf "control-group = '$1'
service echo { listen = {'127.0.0.1:7001'} handler = echo workers = 2 }
service asks { listen = {'127.0.0.1:7002'} handler = exec user = root $service
	command = {'$python_path', '-S', '-E', '$dir/ask.py', 'version'} }
service deep { listen = {'127.0.0.1:7003'} handler = exec user = root $service
	command = {'/bin/sh', '-c', 'setsid sh -c \"$python_path -S -E $dir/ask.py version; true\"; true'} }
service group { listen = {'127.0.0.1:7004'} handler = exec user = daemon group = daemon $service
	command = {'$python_path', '-S', '-E', '$dir/ask.py', 'version'} }
service orphan { listen = {'127.0.0.1:7006'} handler = program user = root $service workers = 1
	command = {'$python_path', '-S', '-E', '$dir/orphan.py', '$dir'} }
service quick { listen = {'127.0.0.1:7005'} handler = exec user = root $service
	command = {'$python_path', '-S', '-E', '$dir/quick.py', 'pause echo', 'log-level debug', 'stop'} }"
}
as() { setpriv "${@:2}" "$python_path" -S -E "$dir/ask.py" "$1"; }
settings daemon
start
expect "mode and group" "660 0 $gid" "$(stat -c '%a %u %g' /run/sockd/control)"
expect "root" ok "$(as version)"
expect "another user" "Permission denied" "$(as version --reuid=65534 --regid=65534 --clear-groups)"
expect "another user, of the group" ok "$(as version --reuid=65534 --regid=65534 --groups="$gid")"
expect "another user, whose first group it is" ok "$(as version --reuid=65534 --regid="$gid" --clear-groups)"
expect "rights to the file alone" "error permission denied" \
	"$(as version --reuid=65534 --regid=65534 --clear-groups --inh-caps=+dac_override --ambient-caps=+dac_override)"
wait_log 'control: refused uid=65534'
mark
for port in 7002 7003 7004; do
	expect "a process of a pool" "error permission denied" "$(ask 127.0.0.1:$port '')"
done
wait_log 'control: refused uid=0'

# of the program that runs, and of one that has left in an upgrade
readies() { [ "$(cat "$dir"/left.* 2>/dev/null | grep -c ready)" -eq "$1" ]; }
orphans_ask()
{
	local file

	for file in "$dir"/left.*; do
		kill -USR1 "${file##*.}"
	done
	wait_for 10 readies "$2" || fail "orphans: $(cat "$dir"/left.*)"
	expect "what orphans were told" "$1 error permission denied" \
		"$(cat "$dir"/left.* | grep -v ready | sort | uniq -c | sed 's/^ *//')"
}
wait_for 10 readies 1 || fail "no orphan"
orphans_ask 1 2
exec {held}<>/dev/tcp/127.0.0.1/7001
echo a >&$held
read -r -t 5 -u $held _ || fail "no connection in hand"
first=$master
upgrade
wait_for 10 readies 3 || fail "no orphan of the new generation"
orphans_ask 3 5
[ -e "/proc/$first" ] || fail "the old master has left, so that nothing was shown"
exec {held}>&-
wait_for 10 gone "$first" || fail "the old master stays"
for file in "$dir"/left.*; do
	kill -KILL "${file##*.}"
	wait_for 5 gone "${file##*.}" || fail "an orphan is not reaped"
done

# the master sleeps while they come and go
kill -STOP "$master"
ask 127.0.0.1:7005 '' >"$dir/quick"
kill -CONT "$master"
expect "quick ones" asked "$(cat "$dir/quick")"
expect_match "the master after that" "^ok" "$(ctl version)"
logged 'control: (stop|pause|log-level)' && fail "a process of a pool was obeyed: $(grep 'asked by' "$log")"

# another group from now on
settings nogroup
if getent group nogroup >/dev/null; then
	expect_match "reload" "^ok" "$(ctl reload)"
	expect "another user, of the old group" "Permission denied" "$(as version --reuid=65534 --regid="$gid" --clear-groups)"
	expect "another user, of the new group" ok \
		"$(as version --reuid=65534 --regid="$(getent group nogroup | cut -d: -f3)" --clear-groups)"
fi
upgrade_stop
