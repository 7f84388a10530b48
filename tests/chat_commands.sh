# The commands /nick NAME, /who and /quit; names are unique and checked.
. "$(dirname "$0")/lib.sh"

conf 'service chat { listen = {"127.0.0.1:7077"} handler = "chat" workers = 4 }'
start
py '
room = "127.0.0.1:7077"
a, b = join(room, "alice"), join(room, "bob")
a.lines_until("bob")
def answer(c, line):
    c.send(line + "\n")
    return c.line()
check("who", answer(a, "/who").startswith("* 2 here: "))
a.send("/who\n")
who = a.line()
check("who names both", "alice" in who and "bob" in who, who)
check("a taken name", "taken" in answer(b, "/nick alice"))
check("a taken name in other letters", "taken" in answer(b, "/nick ALICE"))
for bad in ("", "a b".replace(" ", "/"), "x" * 25, "<root>", "\u00e9", "a\x1bb"):
    got = answer(b, "/nick " + bad)
    check("a bad name %r" % bad, got.startswith("* a nick has"), got)
for good in ("Some_body-9.x", "y" * 24, "bob"):
    expect("a good name", "* you are now " + good, answer(b, "/nick " + good))
    a.lines_until("now known as " + good)
check("no name was taken meanwhile", a.quiet(0.05))
check("an unknown command", "unknown" in answer(b, "/frobnicate"))
check("it is no line for the others", a.quiet(0.05))
b.send("/nick robert\n")
expect("the change of a name", "* bob is now known as robert", a.line())
b.lines_until("robert")
b.send("/quit\nthis is not heard\n")
expect("the end after /quit", b"", b.rest())
check("the leaving", "robert" in a.line())
check("what follows /quit is not heard", a.quiet(0.1))
check("who is left", answer(a, "/who").startswith("* 1 here: alice"))
' || exit 1
wait_log 'service=chat .*closed .*end=quit'
stop
