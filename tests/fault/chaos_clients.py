"""chaos_clients.py: the clients of the chaos soak, each a process of its own, and the upstreams of its proxy.

A client goes round and round while its service runs: connect, speak, check every byte, close. What it loses it
reports with the key of the connection, by which the judge knows in whose hands it was.
"""
import json
import os
import random
import re
import select
import signal
import socket
import sys
import time

from client import Client

HOLD, RUN = 0, 1
STRICT = 1  # a connection that is refused is a loss, too
FIELDS = 8  # of a client in the shared memory
BUSY, ROUNDS, GOOD, TRIED, LOST = range(5)
CLIENTS_AT, MODE_AT, STRICT_AT, EPOCH = 64, 8, 32, 0


class Lost(Exception):
    pass


class Wrong(Exception):
    pass


def compare(expected, got, what):
    if got == expected:
        return
    raise (Lost if expected.startswith(got) else Wrong)(
        "%s: %d bytes of %d: %.60r for %.60r" % (what, len(got), len(expected), got, expected))


class Gang:
    """One client process."""

    def __init__(self, spec, index, shared, report, seed, timeout):
        self.name, self.service, self.address, kind = spec
        self.round = getattr(self, "round_" + kind)
        self.at = CLIENTS_AT + index * FIELDS
        self.index, self.shared, self.report, self.timeout = index, shared, report, timeout
        self.rng = random.Random(seed * 1000 + index)
        self.open = []
        self.counters = {}
        self.kept = None

    def bump(self, field, n=1):
        self.shared[self.at + field] += n

    def connect(self):
        began = time.monotonic()
        try:
            c = Client(self.address, timeout=self.timeout)
        except OSError as e:
            raise Lost("connect: " + type(e).__name__)
        self.bump(TRIED)
        if c.s.family == socket.AF_UNIX:
            key = "path:%d" % os.getpid()
        else:
            key = "%d:%d" % (c.s.getpeername()[1], c.s.getsockname()[1])
        self.open.append((c, key, began))
        return c

    def end(self, c, what="end"):
        compare(b"", c.rest(), what)
        c.close()
        self.bump(GOOD)

    def lost(self, what, wrong, strict):
        self.bump(LOST)
        self.report.send(json.dumps(
            {"client": self.name, "service": self.service, "keys": [k for _, k, _ in self.open], "what": what,
             "wrong": wrong, "strict": strict,
             "upgrade": self.epoch % 2 or self.shared[EPOCH] != self.epoch, "at": time.monotonic(),
             "began": [b for _, _, b in self.open]}).encode())

    def run(self):
        while True:
            if self.shared[MODE_AT + self.service] != RUN:
                time.sleep(0.02)
                continue
            self.shared[self.at + BUSY] = 1
            if self.shared[MODE_AT + self.service] == RUN:
                self.one_round()
            self.shared[self.at + BUSY] = 0
            if self.rng.random() < 0.5:
                time.sleep(self.rng.random() * 0.03)

    def one_round(self):
        strict, self.epoch = self.shared[STRICT_AT + self.service], self.shared[EPOCH]
        try:
            self.round()
        except (Lost, Wrong, OSError, EOFError) as e:
            self.lost("%s: %s" % (type(e).__name__, e), isinstance(e, Wrong),
                      bool(strict and self.shared[STRICT_AT + self.service]))
            time.sleep(0.05)
        self.bump(ROUNDS)
        for c, _, _ in self.open:
            c.close()
        self.open = []

    def blob(self):
        return self.rng.randbytes(self.rng.choice((1, 64, 64, 1000, 20000, 150000)))

    def talk(self, c):
        for _ in range(self.rng.choice((1, 1, 2, 5))):
            sent = self.blob()
            c.send(sent)
            compare(sent, c.take(len(sent)), "echo")
            if self.rng.random() < 0.05:
                time.sleep(self.rng.random() * 0.5)

    def round_echo(self):
        c = self.connect()
        self.talk(c)
        c.fin()
        self.end(c)

    def round_exec(self):
        c = self.connect()
        line = c.line()
        if line is None:
            raise Lost("no first line")
        if not re.fullmatch(r"v=\d+", line):
            raise Wrong("first line %r" % line)
        self.talk(c)
        c.fin()
        self.end(c)

    def round_chat(self):
        """Two clients hear each other, in order, unless an upgrade makes it two rooms."""
        epoch = self.shared[EPOCH]
        pair = [self.connect(), self.connect()]
        for c in pair:
            c.lines_until("* you are ")
        for _ in range(self.rng.choice((1, 2, 4))):
            if self.shared[EPOCH] != epoch or epoch % 2:
                break  # they may be in two rooms
            a, b = pair = pair[::-1]
            said = ["%s %d %s" % (self.name, self.rng.getrandbits(40), "x" * self.rng.randrange(200))
                    for _ in range(3)]
            a.send("\n".join(said) + "\n")
            for text in said:
                if not self.chat_hear(b, text, epoch):
                    break
        for c in pair:
            c.fin()
        for c in pair:
            c.rest()
            c.close()
            self.bump(GOOD)

    def chat_hear(self, c, text, epoch):
        end = time.monotonic() + self.timeout
        while True:
            while b"\n" not in c.data:
                if not c.s.fileno() or not select.select([c.s], [], [], 0.2)[0]:
                    if self.shared[EPOCH] != epoch:
                        return False
                    if time.monotonic() > end:
                        raise TimeoutError("never heard %r" % text)
                elif not c.more():
                    raise Lost("the chat ended before %r" % text)
            line = c.line()
            if line.endswith("> " + text):
                return True
            if line.startswith("<") and ("> %s " % self.name) in line:
                raise Wrong("heard %r, not %r" % (line, text))

    def kv(self, c, request, expected):
        c.send(request + "\n")
        line = c.line()
        if line is None:
            raise Lost("the end in place of an answer to %r" % request)
        if expected is not None and line != expected:
            raise Wrong("%r: %r, not %r" % (request, line, expected))
        return line

    def round_kv(self):
        epoch, kept, self.kept = self.shared[EPOCH], self.kept, None
        mine = "k%d" % self.index
        c = self.connect()
        if kept and kept[0] == epoch and epoch % 2 == 0:
            line = self.kv(c, "get %s" % mine, None)
            if self.shared[EPOCH] == epoch and line != "value %s" % kept[1]:
                raise Wrong("what was kept: %r, not %r" % (line, kept[1]))
        value = "%x" % self.rng.getrandbits(200)
        self.kv(c, "set %s %s" % (mine, value), "ok")
        for i in range(self.rng.randrange(4)):
            key = "%s-%x" % (mine, self.rng.getrandbits(30))
            self.kv(c, "get " + key, "none")
            self.kv(c, "set %s %s" % (key, value), "ok")
            self.kv(c, "get " + key, "value " + value)
            self.kv(c, "del " + key, "ok")
        # who may have begun in an old room ends there
        c.send("get %s\nquit\n" % mine)
        compare(b"value %s\n" % value.encode(), c.rest(), "kv")
        self.end(c)
        if self.shared[EPOCH] == epoch:
            self.kept = epoch, value

    def answer(self, c, i):
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            n = c.data.find(b"\r\n\r\n")
            if n >= 0:
                head, c.data = c.data[:n + 4], c.data[n + 4:]
            elif not c.more():
                if i and not c.data:
                    return None  # it leaves between requests
                raise Lost("the end in a head: %.80r" % c.data)
        if not head.startswith(b"HTTP/1.1 200 OK\r\n"):
            raise Wrong("answer %.80r" % head)
        size = re.search(rb"\r\nContent-Length: (\d+)\r\n", head)
        body = c.take(int(size[1])) if size else c.rest()
        if size and len(body) != int(size[1]):
            raise Lost("body %d of %s" % (len(body), size[1]))
        return head, body

    def round_web(self):
        c, n = self.connect(), self.rng.choice((1, 3, 6))
        for i in range(n):
            last = b"Connection: close\r\n" if i == n - 1 else b""
            try:
                c.send(b"GET /%d HTTP/1.1\r\nHost: x\r\n%s\r\n" % (i, last))
                got = self.answer(c, i)
            except ConnectionError:
                if not i or c.data:
                    raise
                got = None
            if not got:
                break
            if not re.fullmatch(rb"t\d+", got[1]):
                raise Wrong("body %.80r" % got[1])
            if b"\r\nConnection: close\r\n" in got[0]:
                self.end(c)
                return
        c.close()
        self.bump(GOOD)

    def round_status(self):
        epoch, path = self.shared[EPOCH], self.rng.choice((b"/", b"/status.json", b"/metrics", b"/metrics", b"/healthz"))
        c = self.connect()
        c.send(b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/openmetrics-text\r\n\r\n" % path)
        body = self.answer(c, 0)[1]
        if path == b"/status.json":
            json.loads(body)
        elif path == b"/metrics":
            if not body.endswith(b"# EOF\n"):
                raise Wrong("metrics end with %.60r" % body[-60:])
            self.count(body, epoch)
        elif path == b"/" and b"</html>" not in body[-20:].lower():
            raise Wrong("page ends with %.60r" % body[-60:])
        self.end(c)

    def count(self, body, epoch):
        """Counters never go back while one master is in charge, unless the service went meanwhile."""
        was, self.counters = self.counters, {"epoch": epoch}
        for name, value in re.findall(rb'^(sockd_\w+_total\{service="(?:echo|chat|kv|web|relay)"[^}]*\}) (\d+)$', body, re.M):
            self.counters[name] = int(value)
            if was.get("epoch") == epoch == self.shared[EPOCH] and epoch % 2 == 0 and was.get(name, 0) > int(value):
                raise Wrong("%s went from %d to %d" % (name.decode(), was[name], int(value)))


def upstream_run(address, word):
    """An echo server, which is up and down as `word` says: a byte each, answered when it is so."""
    clients, listener = {}, None
    word.setblocking(True)
    while True:
        reading = [word] + list(clients) + ([listener] if listener else [])
        writing = [s for s, data in clients.items() if data]
        readable, writable, _ = select.select([s for s in reading if not clients.get(s)], writing, [])
        for s in readable:
            if s is word:
                what = word.recv(1)
                if not what:
                    os._exit(0)
                if listener and what == b"d":
                    listener.close()
                    listener = None
                elif not listener and what == b"u":
                    listener = socket.socket(address[0], socket.SOCK_STREAM)
                    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    if address[0] == socket.AF_UNIX and os.path.exists(address[1]):
                        os.unlink(address[1])
                    listener.bind(address[1])
                    if address[0] == socket.AF_UNIX:
                        os.chmod(address[1], 0o666)
                    listener.listen(512)
                word.send(what)
            elif s is listener:
                c = s.accept()[0]
                c.setblocking(False)
                clients[c] = b""
            elif s in clients:
                try:
                    data = s.recv(65536)
                except OSError:
                    data = b""
                if data:
                    clients[s] = data
                else:
                    del clients[s]
                    s.close()
        for s in writable:
            try:
                clients[s] = clients[s][s.send(clients[s]):]
            except OSError:
                clients.pop(s, None)
                s.close()


# A program that accepts by itself, as an application server does it: echo, or with a first line.
PROGRAM = r'''#!/usr/bin/python3 -IS
import os, select, signal, socket
r, w = os.pipe()
os.set_blocking(w, False)
leave = []
signal.signal(signal.SIGTERM, lambda *a: leave.append(1))
signal.set_wakeup_fd(w)
socks = [socket.socket(fileno=3 + i) for i in range(int(os.environ["LISTEN_FDS"]))]
for s in socks:
    s.setblocking(False)
if "NOTIFY_SOCKET" in os.environ:
    n = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    n.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"].replace("@", "\0", 1))
    n.close()
while not leave:
    for s in select.select(socks + [r], [], [])[0]:
        if s == r or leave:
            continue
        try:
            c = s.accept()[0]
        except OSError:
            continue
        c.setblocking(True)
        try:
            if "RELEASE" in os.environ:
                c.sendall(b"v=%s\n" % os.environ["RELEASE"].encode())
            while True:
                data = c.recv(65536)
                if not data:
                    break
                c.sendall(data)
        except OSError:
            pass
        c.close()
'''


def process_begin(fn, *args):
    """Fork; the child ends with its parent."""
    pid = os.fork()
    if pid:
        return pid
    try:
        import ctypes
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        fn(*args)
    except BaseException as e:  # pylint: disable=broad-except
        sys.stderr.write("chaos: %s died: %r\n" % (args[:1], e))
    os._exit(1)
