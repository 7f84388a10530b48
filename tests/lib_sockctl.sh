# lib_sockctl.sh: for tests of sockctl. Sourced in place of lib.sh.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/lib.sh" "$@"

SOCKCTL=$top_builddir/src/sockctl
control=$dir/control

# sockctl ARG...: with $out, $err and $status.
sockctl()
{
	"$SOCKCTL" -s "$control" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	out=$(cat "$dir/out")
	err=$(cat "$dir/err")
}

# good ARG...: the same, and it must succeed without a complaint.
good()
{
	sockctl "$@"
	expect "what sockctl $* complains of" "" "$err"
	expect "exit status of sockctl $*" 0 $status
}

# bad STATUS REGEX ARG...: it must fail, and say so.
bad()
{
	sockctl "${@:3}"
	expect_match "what sockctl ${*:3} complains of" "$2" "$err"
	expect "exit status of sockctl ${*:3}" "$1" $status
	expect "output of sockctl ${*:3}" "" "$out"
}

# json EXPRESSION ARG...: of the object x that sockctl -j ARG... prints.
json()
{
	"$SOCKCTL" -s "$control" -j "${@:2}" >"$dir/json" 2>&1 </dev/null
	py '
import json
text = open(sys.argv[1]).read()
x = json.loads(text)
assert text.count("\n") == 1 and text.endswith("\n"), text
print(eval(sys.argv[2]))' "$dir/json" "$1" || fail "sockctl -j ${*:2}: $(cat "$dir/json")"
}

json_is() { [ "$(json "${@:2}")" = "$1" ]; }

# wait_json EXPECTED EXPRESSION ARG...
wait_json()
{
	wait_for 10 json_is "$@" || fail "sockctl -j ${*:3}: $2 is $(json "${@:2}") and not $1 after 10 s"
}

# cell SERVICE COLUMN: of the table in $out.
cell()
{
	awk -v name="$1" -v column="$2" '
$1 == "SERVICE" { for (i = 1; i <= NF; i++) if ($i == column) at = i }
$1 == name && at { print $at; exit }' <<<"$out"
}

# hold ADDRESS N: clients that have sent a byte and stay, in the background; until $holder is killed.
hold()
{
	pyx '
held = [Client(sys.argv[1]) for i in range(int(sys.argv[2]))]
for c in held:
    c.send("x")
print("held", *(c.s.getsockname()[1] for c in held), flush=True)
stay()' "$1" "$2" >"$dir/held" &
	holder=$!
	started+=("$holder")
	wait_for 10 grep -qs held "$dir/held" || fail "no clients at $1"
}

# on_terminal COLUMNS PROGRAM [ARG...]: what it prints on a terminal that wide; 0 = nobody knows how wide.
on_terminal()
{
	py '
import fcntl, pty, subprocess, termios, threading
ours, theirs = pty.openpty()
fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, int(sys.argv[1]), 0, 0))
out = []
def read():
    try:
        while data := os.read(ours, 65536):
            out.append(data)
    except OSError:
        pass
t = threading.Thread(target=read)
t.start()
subprocess.run(sys.argv[2:], stdin=theirs, stdout=theirs, stderr=theirs)
os.close(theirs)
t.join()
sys.stdout.buffer.write(b"".join(out).replace(b"\r", b""))' "$@" </dev/null
}
