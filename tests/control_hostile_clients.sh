# Garbage, silence, floods and clients that do not read cost the master next to nothing, and hold up no signal.
. "$(dirname "$0")/lib_control.sh" prlimit

conf "service echo { listen = {'127.0.0.1:7001'} handler = echo workers = 2 }"
start
wait_workers echo 2
expect_match "version" "^ok" "$(ctl version)"
fds=$(master_fds)
# The master acts at once: USR1 is in the log before half a command runs out of time, which is 5 s.
acts()
{
	mark
	kill -USR1 "$master"
	began=${EPOCHREALTIME/./}
	wait_log 'service=echo status '
	[ $((${EPOCHREALTIME/./} - began)) -lt $((4500000 * ${SOCKD_TEST_SLOW:-1})) ] || fail "the master is held up"
}

# what is no command
cpy '
def says(data, expected, end=False):
    s = control_open()
    try:
        s.sendall(data)
    except OSError as e:
        pass
    got = rest(s)
    check("answer to %r" % data[:40], got.startswith(expected), "expected: %r got: %r" % (expected, got[:200]))
says(b"\n", b"error unknown command")
says(b"   \n", b"error unknown command")
says(b"no-such\n", b"error unknown command")
says(b"VERSION\n", b"error unknown command")
says(b"version more\n", b"error expected: version")
says(b"pause\n", b"error expected: pause SERVICE")
says(b"scale echo\n", b"error expected: scale SERVICE N")
says(b"scale echo 1 2 3 4 5 6 7\n", b"error expected: scale SERVICE N")
says(b"pause nobody\n", b"error there is no service")
says(b"pause \xff\xfe\x1b[31m\n", b"error there is no service")
says(b"log-level loud\n", b"error expected debug")
for n in (b"0", b"-1", b"10001", b"99999999999999999999", b"1x", b"0x2", b"+2", b"2.5"):
    says(b"scale echo " + n + b"\n", b"error found ")
says(b"\0\0\0\0", b"error that is no command")
says(b"stop\0\n", b"error that is no command")
says(b"\0stop\n", b"error that is no command")
says(b"version\nstop\n", b"ok")
says(b"x" * 255 + b"\n", b"error ")
says(b"x" * (1 << 20), b"error that is no command")
says(os.urandom(65536).replace(b"\n", b"."), b"error that is no command")
for i in range(500):
    s = control_open()
    try:
        s.sendall(os.urandom(i % 300 + 1))
    except OSError:
        pass
    s.close()
' || fail "see above"
acts
wait_for 5 master_fds_are "$fds" || fail "descriptors after garbage: $(master_fds) for $fds"
grep -q $'\x1b' "$log" && fail "an escape in the log"

# half a command and silence; byte by byte; who does not read; who leaves at once
cpy '
begin = time.monotonic()
halves = [control_open() for _ in range(3)]
for s in halves:
    s.sendall(b"relo")
print("said", flush=True)
for s in halves:
    got = rest(s)
    check("answer to half a command", got.startswith(b"error no command came in time"), repr(got))
    check("closed after 5 s", 4.9 < time.monotonic() - begin < 14, time.monotonic() - begin)
' >"$dir/halves" &
halves=$!
wait_for 5 grep -q said "$dir/halves" || fail "no clients"
acts
mark
kill -HUP "$master"
wait_log 'reload: done'
wait $halves || fail "$(cat "$dir/halves")"
cpy '
s = control_open()
for c in b"version\n":
    s.sendall(bytes([c]))
    time.sleep(0.01)
check("byte by byte", rest(s).startswith(b"ok"))
deaf = []
for _ in range(50):
    s = control_open()
    s.sendall(b"boards\n")
    deaf.append(s)
gone = control_open()
gone.sendall(b"reload\n")
gone.close()
check("others", control("version").startswith("ok"))
' || fail "see above"
wait_for 5 master_fds_are "$fds" || fail "descriptors after the deaf: $(master_fds) for $fds"

# a thousand at once
rss() { awk '/^Rss/ {print $2}' "/proc/$master/smaps_rollup"; }
before=$(rss)
pyx 'from control import *
import threading
def come():
    s = socket.socket(socket.AF_UNIX)
    try:
        s.connect(PATH)
        s.sendall(b"vers")
        rest(s)
    except OSError:
        pass
threads = [threading.Thread(target=come, daemon=True) for _ in range(1000)]
for t in threads:
    t.start()
print("come", flush=True)
stay()
' >"$dir/flood" &
flood=$!
started+=($flood)
wait_for 20 grep -q come "$dir/flood" || fail "no flood"
acts
mark
kill -HUP "$master"
wait_log 'reload: done'
answers 127.0.0.1:7001 || fail "no service during the flood"
[ "$(master_fds)" -le $((fds + 20)) ] || fail "descriptors in the flood: $(master_fds) for $fds"
ticks=$(master_ticks)
cpy 'time.sleep(1)'
[ $(($(master_ticks) - ticks)) -le 5 ] || fail "clock ticks in 1 s of the flood: $(($(master_ticks) - ticks))"
kill -KILL $flood
wait_for 5 gone $flood
wait_for 10 master_fds_are "$fds" || fail "descriptors after the flood: $(master_fds) for $fds"
[ $(($(rss) - before)) -le 256 ] || [ "${SOCKD_TEST_SLOW:-1}" -gt 1 ] || fail "memory: $(rss) KiB, before: $before"
expect_match "version after the flood" "^ok" "$(ctl version)"
ticks=$(master_ticks)
cpy 'time.sleep(1)'
[ $(($(master_ticks) - ticks)) -le 2 ] || fail "clock ticks in 1 s after the flood: $(($(master_ticks) - ticks))"

# no descriptor left for a client: it waits, and the master does not spin
prlimit --pid "$master" --nofile="$(($(find "/proc/$master/fd" -mindepth 1 -printf '%f\n' | sort -n | tail -n 1) + 1))":
ctl_begin starved version
ticks=$(master_ticks)
cpy 'time.sleep(1)'
[ $(($(master_ticks) - ticks)) -le 5 ] || fail "clock ticks in 1 s without descriptors: $(($(master_ticks) - ticks))"
acts
prlimit --pid "$master" --nofile=1024:
expect_match "answer when there are descriptors again" "^ok" "$(answered starved)"
stop
