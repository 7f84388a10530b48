"""client.py: what the tests need of a client and a shell cannot do. Standard library only.

Addresses are written as in the settings: 127.0.0.1:7, [::1]:7, unix:/path.
"""
import collections
import os
import select
import signal
import socket
import struct
import sys
import threading
import time


def lo_up():
    """Bring the loopback interface up. Source: netdevice(7)"""
    import fcntl
    s = socket.socket()
    fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x40))


def target(address):
    if address.startswith("unix:"):
        return socket.AF_UNIX, address[5:]
    host, port = address.rsplit(":", 1)
    if host.startswith("["):
        return socket.AF_INET6, (host[1:-1], int(port))
    return socket.AF_INET, (host, int(port))


class Client:
    """One connection. Reads time out with an exception after `timeout` seconds."""

    def __init__(self, address, timeout=30, receive_buffer=0, source=None):
        family, where = target(address)
        self.s = socket.socket(family, socket.SOCK_STREAM)
        self.s.settimeout(timeout)
        if receive_buffer:
            self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        if source:
            self.s.bind((source, 0))
        self.s.connect(where)
        self.data = b""

    def send(self, data):
        self.s.sendall(data.encode() if isinstance(data, str) else data)

    def fin(self):
        self.s.shutdown(socket.SHUT_WR)

    def rst(self):
        """Close with a reset: SO_LINGER 0, socket(7)"""
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.s.close()

    def close(self):
        self.s.close()

    def more(self):
        data = self.s.recv(65536)
        self.data += data
        return len(data)

    def take(self, n):
        """Exactly n bytes, or what came before the end."""
        while len(self.data) < n and self.more():
            pass
        out, self.data = self.data[:n], self.data[n:]
        return out

    def line(self):
        """One line without its end; None at the end of the stream."""
        while b"\n" not in self.data:
            if not self.more():
                return None
        out, self.data = self.data.split(b"\n", 1)
        return out.rstrip(b"\r").decode("utf-8", "backslashreplace")

    def lines_until(self, text):
        """Lines up to the first that holds text."""
        out = []
        while True:
            line = self.line()
            if line is None:
                raise EOFError("end of stream before %r; seen: %r" % (text, out))
            out.append(line)
            if text in line:
                return out

    def quiet(self, seconds):
        """True if nothing arrives for so long."""
        if self.data:
            return False
        return not select.select([self.s], [], [], seconds)[0]

    def rest(self):
        """Everything up to the end."""
        while self.more():
            pass
        out, self.data = self.data, b""
        return out


def ask(address, text):
    c = Client(address)
    if text:
        c.send(text)
    c.fin()
    sys.stdout.buffer.write(c.rest())
    sys.stdout.flush()


def one_round(address):
    """connect, 64 bytes, the same back, end. Returns None, or what went wrong."""
    sent = os.urandom(32).hex().encode()
    try:
        c = Client(address)
    except OSError as e:
        return "connect: " + type(e).__name__
    try:
        c.send(sent)
        c.fin()
        got = c.rest()
        return None if got == sent else "short answer" if sent.startswith(got) else "wrong answer"
    except OSError as e:
        return type(e).__name__
    finally:
        c.close()


def http_round(address):
    """A request, and a server that closes after its answer; or that echoes it. None, or what went wrong."""
    sent = b"GET /%s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % os.urandom(8).hex().encode()
    try:
        c = Client(address)
    except OSError as e:
        return "connect: " + type(e).__name__
    try:
        c.send(sent)
        while c.data != sent and c.more():
            pass
        whole = c.data == sent or c.data.startswith(b"HTTP/1.") and c.data.endswith(b"\r\n\r\nhello\n")
        return None if whole else "wrong answer" if b"hello" in c.data else "short answer"
    except OSError as e:
        return type(e).__name__
    finally:
        c.close()


def load(address, clients, go, rounds=0, one_round=one_round):
    """Closed loop while the file `go` exists (or for so many rounds each). No retry hides a loss."""
    done = collections.Counter()
    lost = collections.Counter()
    lock = threading.Lock()

    def loop():
        n = 0
        while (os.path.exists(go) if go else n < rounds):
            wrong = one_round(address)
            n += 1
            with lock:
                done["rounds"] += 1
                if wrong:
                    lost[wrong] += 1

    threads = [threading.Thread(target=loop) for _ in range(clients)]
    for t in threads:
        t.start()
    while go and os.path.exists(go) and not done["rounds"]:
        time.sleep(0.01)
    print("begun", flush=True)
    for t in threads:
        t.join()
    print("rounds=%d lost=%d %s" % (done["rounds"], sum(lost.values()), dict(lost) or ""), flush=True)


def served(address, source=None, first=b""):
    """A connection that an echo service answers, or None if it is closed at once."""
    c = Client(address, source=source)
    try:
        c.send(first + b"x")
        if c.take(1) == b"x":
            return c
    except ConnectionError:
        pass
    c.close()
    return None


def knock(address, n):
    """Connect and close so many times."""
    family, where = target(address)
    for _ in range(n):
        s = socket.socket(family)
        s.settimeout(30)
        s.connect(where)
        s.close()


def wait_until(condition, seconds=25):
    """Poll. Raises when the time is over."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("condition not met in %s s" % seconds)
        time.sleep(0.01)


def stay():
    """Until killed."""
    while True:
        signal.pause()


def expect(what, expected, got):
    if expected != got:
        print("FAIL: %s\n  expected: %r\n  got:      %r" % (what, expected, got))
        sys.exit(1)


def check(what, condition, got=""):
    if not condition:
        print("FAIL: %s %s" % (what, got))
        sys.exit(1)


def hand_over(argv):
    """Become a program with listening sockets from descriptor 3, as systemd does it.

    [--nonblock-on=FIFO | --shutdown-on=FIFO] NAME=ADDRESS... -- PROGRAM [ARG...]. With an option a
    process stays behind that does this to the sockets when something can be read from FIFO.
    """
    at = argv.index("--")
    specs, program = argv[:at], argv[at + 1:]
    fifo = None
    if specs[0].startswith("--"):
        (deed, fifo), specs = specs[0].split("=", 1), specs[1:]
    names, socks = [], []
    for spec in specs:
        name, address = spec.split("=", 1)
        family, where = target(address)
        s = socket.socket(family, socket.SOCK_STREAM)
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind(where)
        s.listen(128)
        names.append(name)
        socks.append(s)
    if fifo and os.fork() == 0:
        os.close(1)
        os.close(2)
        with open(fifo) as f:
            f.read(1)
        for s in socks:
            if deed == "--nonblock-on":
                os.set_blocking(s.fileno(), False)
            else:
                s.shutdown(socket.SHUT_RDWR)
                try:
                    s.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass
        os._exit(0)
    high = [os.dup2(s.fileno(), 200 + i) for i, s in enumerate(socks)]
    for i, fd in enumerate(high):
        os.dup2(fd, 3 + i, inheritable=True)
        os.close(fd)
    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(socks)),
                      LISTEN_FDNAMES=":".join(names))
    os.execv(program[0], program)


def join(address, nick=None, **how):
    """A client of a chat that has been greeted, with this nick."""
    c = Client(address, **how)
    c.lines_until("* you are ")
    if nick:
        c.send("/nick %s\n" % nick)
        c.lines_until("* you are now %s" % nick)
    return c


def proxy_v1(source="192.0.2.1", port=4711, destination="198.51.100.1", to=443):
    family = 6 if ":" in source else 4
    return b"PROXY TCP%d %s %s %d %d\r\n" % (family, source.encode(), destination.encode(), port, to)


def crc32c(data):
    """Source: RFC 4960, appendix B"""
    crc = 0xffffffff
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x82f63b78 if crc & 1 else 0)
    return crc ^ 0xffffffff


def proxy_v2(source="192.0.2.1", port=4711, destination="198.51.100.1", to=443, command=0x21, tlv=b"",
             checksum=None):
    """source None: no addresses, family UNSPEC. checksum True: a right one, False: a wrong one."""
    family, body = 0x00, b""
    if source:
        af, family = (socket.AF_INET6, 0x21) if ":" in source else (socket.AF_INET, 0x11)
        body = socket.inet_pton(af, source) + socket.inet_pton(af, destination) + struct.pack("!HH", port, to)
    body += tlv
    if checksum is not None:
        body += b"\x03\x00\x04\0\0\0\0"
    out = b"\r\n\r\n\0\r\nQUIT\n" + struct.pack("!BBH", command, family, len(body)) + body
    if checksum is not None:
        out = out[:-4] + struct.pack("!I", crc32c(out) ^ (not checksum))
    return out


class Upstream:
    """A server behind a relay. accept() is its side of a connection, as a Client."""

    def __init__(self, address, timeout=10, receive_buffer=0):
        family, where = target(address)
        self.timeout = timeout
        self.s = socket.socket(family, socket.SOCK_STREAM)
        self.s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if receive_buffer:
            self.s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.s.settimeout(timeout)
        self.s.bind(where)
        self.s.listen(128)

    def accept(self):
        c = Client.__new__(Client)
        c.s, c.data = self.s.accept()[0], b""
        c.s.settimeout(self.timeout)
        return c

    def pair(self, address, **how):
        """A new client of the relay there, and this side."""
        c = Client(address, **how)
        return c, self.accept()

    def close(self):
        self.s.close()


def how_it_ends(c):
    """Bytes up to the end, and the end: FIN or RST."""
    try:
        while c.more():
            pass
        end = "FIN"
    except ConnectionResetError:
        end = "RST"
    out, c.data = c.data, b""
    return out, end
