# A line of one client reaches every other client, whichever worker serves it, and not the sender;
# joining and leaving is announced; the greeting comes first.
. "$(dirname "$0")/lib.sh"

conf 'service chat { listen = {"127.0.0.1:7077"} handler = "chat" workers = 4 text = "Be kind." }
service other { listen = {"127.0.0.1:7078"} handler = "chat" workers = 1 }'
start
py '
room = "127.0.0.1:7077"
a = Client(room)
expect("greeting", "Be kind.", a.line())
check("name", a.line().startswith("* you are guest"))
stranger = join("127.0.0.1:7078")
b = join(room, "bob")
check("joining is announced", "joined" in a.lines_until("joined")[-1])
expect("a new name is announced", True, a.lines_until("bob")[-1].endswith("is now known as bob"))
c = join(room, "carol")
b.lines_until("carol")
a.lines_until("carol")
a.send("/nick alice\n")
for x in (b, c):
    x.lines_until("alice")
a.lines_until("alice")
a.send("hello, all\n")
for x in (b, c):
    expect("what the others read", "<alice> hello, all", x.line())
b.send("one\r\ntwo\n")
for x in (a, c):
    expect("first line of bob", "<bob> one", x.line())
    expect("second line of bob", "<bob> two", x.line())
check("nothing comes back to the sender", b.quiet(0.1))
check("nothing reaches another room", stranger.quiet(0.1))

# The last line counts without a newline; it is heard before the leaving.
c.send("bye")
c.fin()
for x in (a, b):
    expect("last line", "<carol> bye", x.line())
    check("leaving is announced", "carol" in x.line())
expect("the end for the one who left", b"", c.rest())
b.rst()
check("a reset is a leaving too", "bob" in a.line())

# Who pastes a file is heard to its end by all who read, if the machine lets them: it may be busy with others.
d, e = join(room, "dora"), join(room, "eve")
a.lines_until("known as eve")
d.lines_until("known as eve")
for attempt in range(10):
    a.send(".\n" * 8000 + "end\n")
    got = [x.lines_until("<alice> end") for x in (d, e)]
    if all(g == ["<alice> ."] * 8000 + ["<alice> end"] for g in got):
        break
else:
    expect("lines of a file", [8000, 8000], [g.count("<alice> .") for g in got])
' || exit 1
wait_log 'service=chat .*closed .*end=eof'
wait_log 'service=chat .*closed .*end=reset'
stop
