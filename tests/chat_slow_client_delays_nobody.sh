# A client that does not read delays nobody; what it missed is told to it, and it goes on.
. "$(dirname "$0")/lib.sh"

conf 'service chat { listen = {"127.0.0.1:7077"} handler = "chat" workers = 4 }'
start
py '
room = "127.0.0.1:7077"
slow = join(room, "slow", timeout=30, receive_buffer=4096)
a, b = join(room, "a", timeout=30), join(room, "b", timeout=30)
a.lines_until("known as b")

def listen(c, begin, end):
    """Hear the lines of a from number begin to end. Returns how many were missed, and said to be."""
    want, missed = begin, 0
    while want < end:
        line = c.line()
        if "missed" in line:
            want += int(line.split()[3])
            missed += int(line.split()[3])
        elif line.startswith("<a> "):
            expect("the next line", want, int(line.split()[1]))
            want += 1
    expect("heard and missed", end, want)
    return missed

# What fits a ring is heard by everybody who reads, however much somebody else lags.
rounds, batch, text = 150, 50, "x" * 200
lines = rounds * batch
begin = time.monotonic()
for r in range(rounds):
    a.send("".join("%d %s\n" % (r * batch + i, text) for i in range(batch)))
    expect("lines that b missed", 0, listen(b, r * batch, (r + 1) * batch))
took = time.monotonic() - begin
check("1.5 MB with a slow client take a moment", took < 100, took)

# One who says more than that at once waits for nobody who does not read: each listener gets what it can take.
for i in range(lines):
    a.send("%d %s\n" % (lines + i, text))
a.send("%d the end\n" % (2 * lines))
listen(b, lines, 2 * lines + 1)
check("the slow one missed something", listen(slow, 0, 2 * lines + 1) > 0)
' || exit 1
stop
