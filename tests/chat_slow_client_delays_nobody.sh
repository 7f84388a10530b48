# A client that does not read delays nobody; what it missed is told to it, and it goes on.
. "$(dirname "$0")/lib.sh"

conf 'service chat { listen = {"127.0.0.1:7077"} handler = "chat" workers = 4 }'
start
py '
room = "127.0.0.1:7077"
slow = join(room, "slow", receive_buffer=4096)
a, b = join(room, "a"), join(room, "b", timeout=30)
a.lines_until("known as b")
lines, text = 20000, "x" * 200
begin = time.monotonic()
def talk():
    for i in range(lines):
        a.send("%d %s\n" % (i, text))
t = threading.Thread(target=talk)
t.start()
got = 0
while got < lines:
    line = b.line()
    check("b misses nothing", line.startswith("<a> %d " % got), (got, line[:40]))
    got += 1
t.join()
took = time.monotonic() - begin
check("4 MB with a slow client take a moment", took < 20, took)
slow.s.settimeout(10)
missed, seen = 0, 0
a.send("the end\n")
while True:
    line = slow.line()
    if "missed" in line:
        missed += int(line.split()[3])
    elif line == "<a> the end":
        break
    elif line.startswith("<a> "):
        seen += 1
check("the slow one missed something", missed > 0, missed)
expect("seen and missed", lines, seen + missed)
' || exit 1
stop
