# sockctl top draws all services again each second, follows the size of the terminal, goes on when sockd
# does not answer, and gives the terminal back as it was: after q, Ctrl-C, Ctrl-D, SIGTERM, a hang-up.
. "$(dirname "$0")/lib_sockctl.sh"

bad 1 'top needs a terminal' top
conf "control-socket = '$control'
service web { listen = '127.0.0.1:7001' handler = echo workers = 2 }
service mail { listen = '127.0.0.1:7002' handler = echo workers = 1 }
service news { listen = '127.0.0.1:7003' handler = echo workers = 1 }"
start
bad 1 'top needs a terminal' top

cat >"$dir/top.py" <<'END'
import fcntl, pty, re, select, signal, termios
from client import *

sockctl, control, master = sys.argv[1], sys.argv[2], int(sys.argv[3])


class Terminal:
    """sockctl top on a terminal of its own, and what is on the screen: just what top needs of one."""

    def __init__(self, rows=24, columns=80, color=False):
        self.master, self.slave = pty.openpty()
        self.size(rows, columns)
        self.before = termios.tcgetattr(self.slave)
        self.raw = b""
        self.pid = os.fork()
        if self.pid == 0:
            os.setsid()
            fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)
            for fd in 0, 1, 2:
                os.dup2(self.slave, fd)
            os.environ.update(TERM="xterm", NO_COLOR="" if color else "1")
            os.execv(sockctl, ["sockctl", "-s", control, "top"])

    def size(self, rows, columns):
        self.rows, self.columns = rows, columns
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def read(self):
        while select.select([self.master], [], [], 0.05)[0]:
            self.raw += os.read(self.master, 65536)

    def screen(self):
        """Lines of the last frame."""
        frame = self.raw.rsplit(b"\x1b[H", 1)[-1].decode()
        return re.split("\r+\n", re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", frame))

    def wait(self, what, condition):
        """Until the screen is so, and all lines fit."""
        def true():
            self.read()
            s = self.screen()
            return (b"\x1b[H" in self.raw and self.raw.endswith(b"\x1b[J") and condition(s)
                    and len(s) <= self.rows and max(map(len, s)) <= self.columns)
        try:
            wait_until(true)
        except TimeoutError:
            raise AssertionError("%s: %r" % (what, self.screen()))

    def end(self, how):
        how()
        self.read()
        wait_until(lambda: self.read() or os.waitpid(self.pid, os.WNOHANG)[0])
        self.read()
        check("the screen is given back: %r" % self.raw[-40:], self.raw.endswith(b"\x1b[?7h\x1b[?25h\x1b[?1049l"))
        expect("settings of the terminal", self.before, termios.tcgetattr(self.slave))
        os.close(self.slave)
        os.close(self.master)


def row(s, name):
    for line in s:
        if line.startswith(name + " "):
            return line.split()
    return []


t = Terminal()
t.wait("services", lambda s: all(row(s, n)[1:3] == ["running", b] for n, b in (("web", "0/2"), ("mail", "0/1"), ("news", "0/1"))))
check("head: %r" % t.screen(), t.screen()[0].startswith("sockd ") and "pid %d" % master in t.screen()[0])
check("no colours with NO_COLOR", b"\x1b[3" not in t.raw)
c = Client("127.0.0.1:7001")
c.send("hello")
t.wait("a busy worker", lambda s: row(s, "web")[2:3] == ["1/2"])
c.s.recv(5)
c.close()
t.wait("a rate", lambda s: float(row(s, "web")[4]) > 0)
t.wait("the recent connection", lambda s: any(" web " in line and line.endswith(" eof") for line in s))
t.wait("it is over", lambda s: float(row(s, "web")[4]) == 0)

# As large as the terminal is, and no larger.
t.size(40, 200)
t.wait("a wide one", lambda s: any(line.endswith("..........") for line in s))
for rows, columns in (6, 20), (1, 1), (2, 5), (3, 300), (24, 80):
    t.raw = b""
    t.size(rows, columns)
    t.wait("a frame of %dx%d" % (columns, rows), lambda s: len(s) == rows or len(s) > 6)

# Whatever happens to sockd, top goes on.
os.kill(master, signal.SIGSTOP)
t.wait("sockd hangs", lambda s: "does not answer" in s[1])
os.kill(master, signal.SIGCONT)
t.wait("it goes on", lambda s: "does not answer" not in s[1] and row(s, "web"))
t.end(lambda: os.write(t.master, b"xyzq"))

for how in (lambda: os.write(t.master, b"\x03"), lambda: os.write(t.master, b"\x04"), lambda: os.kill(t.pid, signal.SIGTERM),
            lambda: os.kill(t.pid, signal.SIGHUP)):
    t = Terminal(color=True)
    t.wait("services", lambda s: row(s, "news"))
    check("colours", b"\x1b[32mrunning" in t.raw)
    t.end(how)

# Stopped and continued.
t = Terminal()
t.wait("services", lambda s: row(s, "news"))
os.kill(t.pid, signal.SIGTSTP)
_, status = os.waitpid(t.pid, os.WUNTRACED)
check("it is stopped", os.WIFSTOPPED(status))
expect("settings while it is stopped", t.before, termios.tcgetattr(t.slave))
t.raw = b""
os.kill(t.pid, signal.SIGCONT)
t.wait("services again", lambda s: row(s, "news"))
t.end(lambda: os.write(t.master, b"q"))

# The terminal goes away.
t = Terminal()
t.wait("services", lambda s: row(s, "news"))
os.close(t.slave)
os.close(t.master)
pid, status = os.waitpid(t.pid, 0)
check("it has left by itself", os.WIFEXITED(status), status)
END
PYTHONPATH=$tests PYTHONDONTWRITEBYTECODE=1 $python -s "$dir/top.py" "$SOCKCTL" "$control" "$master" || fail "see above"
stop
