# lib_control.sh: what the tests of the control socket and of reloads share. Sourced in place of lib.sh.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh" "$@"

# cpy CODE [ARG...]: py with tests/control.py at hand.
cpy()
{
	py "from control import *
$1" "${@:2}"
}

# ctl WORD...: ask the master, print the answer.
ctl()
{
	cpy 'sys.stdout.write(control(" ".join(sys.argv[1:])))' "$@"
}

# ctl_begin NAME WORD...: the same in the background; the answer goes to $dir/NAME. $asker is its pid.
ctl_begin()
{
	local name=$1

	shift
	pyx 'from control import *
s = control_open()
s.sendall(" ".join(sys.argv[2:]).encode() + b"\n")
print("asked", flush=True)
open(sys.argv[1] + ".part", "w").write(rest(s).decode())
os.rename(sys.argv[1] + ".part", sys.argv[1])' "$dir/$name" "$@" >"$dir/$name.asked" &
	asker=$!
	started+=("$asker")
	wait_for 10 grep -q asked "$dir/$name.asked" || fail "cannot ask for $*"
}

# answered NAME: wait for the answer and print it.
answered()
{
	wait_for "${2:-10}" test -e "$dir/$1" || fail "no answer to $1"
	cat "$dir/$1"
}

# state EXPRESSION: of the scoreboards; s = services by name, m = the master's.
state()
{
	cpy 'x = State(); s, m = x.services, x.master
print(eval(sys.argv[1]))' "$1"
}

state_is() { [ "$(state "$1")" = "$2" ]; }

# A program for systemd's place: what it is told goes to $dir/notified, a line each message.
notified_begin()
{
	pyx '
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
while True:
    print(s.recv(65536).decode().replace("\n", " "), flush=True)
' "$dir/notify" >"$dir/notified" &
	started+=($!)
	wait_for 5 test -S "$dir/notify" || fail "no socket"
	prefix=(env "NOTIFY_SOCKET=$dir/notify")
}
notified() { tail -n "${2:-1}" "$dir/notified" | grep -Eq -- "$1"; }

# Sockets of the master, a line each: what it listens on, and how many descriptors it has.
master_listens()
{
	ss -Hltnp | grep "pid=$master," | awk '{print $4}' | sort
	ss -Hlxp | grep "pid=$master," | awk '$5 !~ /^@/ {print $5}' | sort
}
master_fds() { find "/proc/$master/fd" -mindepth 1 | wc -l; }
master_fds_are() { [ "$(master_fds)" -eq "$1" ]; }
# Clock ticks that it has used.
master_ticks() { awk '{print $14 + $15}' "/proc/$master/stat"; }
