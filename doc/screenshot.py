#!/usr/bin/python3
"""screenshot.py SOCKD OUT.png [SECONDS]: the picture of the status page that the README shows.

Runs a sockd with demo services and traffic in a network namespace of its own, waits until the plots are full (95
seconds), and has Chromium take the picture. Needs root or user namespaces, iproute2 and chromium.
"""
import math
import os
import random
import signal
import socket
import socketserver
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "tests"))
sys.dont_write_bytecode = True
from chromium import Chromium  # noqa: E402

HOSTS = ["192.0.2.%d" % n for n in (7, 19, 23, 44, 81)] + ["198.51.100.%d" % n for n in (12, 66, 130)] + ["203.0.113.9"]

SETTINGS = """
defaults { log-connections = false }
service chat { listen = {"192.0.2.1:7077"} handler = "chat" workers = 8 max-workers = 24 }
service echo {
	listen = {"192.0.2.1:7", "[2001:db8::1]:7"} handler = "echo" workers = 8 max-workers = 48 worker-idle = 8
	deny = {"203.0.113.0/24"}
}
service git {
	listen = {"192.0.2.1:9418"} handler = "exec" workers = 6 max-workers = 24
	command = {"/bin/sh", "-c", "read line; sleep $line; echo x"}
	rate-per-source = "5/1"
}
service legacy { listen = {"192.0.2.1:7001"} handler = "program" workers = 2 command = {"/srv/legacy"} }
service mail {
	listen = {"192.0.2.1:25"} handler = "proxy" upstream = {"192.0.2.2:25"} workers = 6 max-workers = 24
}
service status { listen = {"127.0.0.1:8080"} handler = "status" workers = 2 }
service wall { listen = {"192.0.2.1:7100"} handler = "discard" workers = 160 }
"""

stop = threading.Event()
begun = time.monotonic()


def tide(period, low, high, sharp=1):
    """What a service's visitors do: they come in waves, and now and then all at once."""
    x = (1 + math.sin((time.monotonic() - begun) * 2 * math.pi / period)) / 2
    return low + (high - low) * x ** sharp * random.uniform(.75, 1.15)


def connect(port, host=None):
    return socket.create_connection(("192.0.2.1", port), 5, (host or random.choice(HOSTS[:-1]), 0))


def again(visit, rate):
    while not stop.is_set():
        try:
            visit()
        except OSError:
            pass
        stop.wait(random.expovariate(max(.05, rate())))


def echo():
    with connect(7) as s:
        s.sendall(os.urandom(random.choice((64, 64, 400, 1400))))
        s.recv(4096)
        stop.wait(random.expovariate(3))


def denied():
    connect(7, HOSTS[-1]).close()


def git():
    with connect(9418) as s:
        s.sendall(b"%.2f\n" % random.uniform(.05, .9))
        s.recv(10)


def mail():
    with connect(25) as s:
        for _ in range(random.randint(1, 6)):
            s.sendall(os.urandom(2000))
            s.recv(4096)
            stop.wait(random.uniform(.02, .3))


class Upstream(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(65536):
            self.request.sendall(data[:300])


def wall():
    with connect(7100) as s:
        stop.wait(random.uniform(1, 20))
        s.sendall(bytes(20000))


def talk(n):
    with connect(7077) as s:
        s.settimeout(1)
        s.sendall(b"/nick guest%d\n" % n)
        while not stop.wait(random.uniform(1, 6)):
            s.sendall(b"It is %d o'clock, and all is well.\n" % (n % 12))
            try:
                s.recv(65536)
            except TimeoutError:
                pass


def visitors():
    upstream = socketserver.ThreadingTCPServer(("192.0.2.2", 25), Upstream)
    upstream.daemon_threads = True
    threading.Thread(target=upstream.serve_forever, daemon=True).start()
    crowd = [(echo, lambda: tide(31, 2, 14, 3))] * 24 + [(mail, lambda: tide(47, .4, 3))] * 14
    crowd += [(git, lambda: tide(23, .3, 1.4))] * 6 + [(denied, lambda: .7)] + [(wall, lambda: 1)] * 70
    for visit, rate in crowd:
        threading.Thread(target=again, args=(visit, rate), daemon=True).start()
    for n in range(11):
        threading.Thread(target=talk, args=(n,), daemon=True).start()


def program(path, text):
    with open(path, "w") as f:
        f.write(text)
    os.chmod(path, 0o755)


def children(parent, name):
    for pid in open(f"/proc/{parent}/task/{parent}/children").read().split():
        if open(f"/proc/{pid}/comm").read().strip() == name:
            yield int(pid)


def main(sockd, out, seconds):
    # Where nobody's files are: this is a mount namespace, too.
    subprocess.run(["mount", "-t", "tmpfs", "none", "/srv"], check=True)
    os.chdir("/srv")
    with open("sockd.conf", "w") as f:
        f.write(SETTINGS)
    program("legacy", "#!/bin/sh\ntest -e /srv/broken && exit 1\nexec sleep 1000\n")
    master = subprocess.Popen([sockd, "-n", "-f", "sockd.conf"], stderr=open("log", "wb"))
    browser = Chromium()
    try:
        browser.show((1280, 1000, 1.25, False))
        while b" ready " not in open("log", "rb").read():
            if master.poll() is not None:
                sys.exit(open("log").read())
            time.sleep(.1)
        browser.open("http://127.0.0.1:8080/")
        visitors()
        time.sleep(seconds / 2)
        open("broken", "w").close()
        for pid in children(master.pid, "sleep"):
            os.kill(pid, signal.SIGTERM)
        master.send_signal(signal.SIGHUP)
        time.sleep(seconds / 2)
        browser.picture(out, whole=False)
        if browser.complaints:
            sys.exit("\n".join(browser.complaints))
    finally:
        stop.set()
        browser.close()
        master.kill()
        master.wait()


if __name__ == "__main__":
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    if not os.environ.get("SCREENSHOT_NS"):
        os.environ["SCREENSHOT_NS"] = "1"
        os.execvp("unshare", ["unshare", "-nm"] + (["-r"] if os.getuid() else []) + [sys.executable] + sys.argv)
    for command in ["link set lo up"] + [f"addr add {a} dev lo" for a in HOSTS + ["192.0.2.1", "192.0.2.2", "2001:db8::1"]]:
        subprocess.run(["ip"] + command.split(), check=True)
    main(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), float(sys.argv[3]) if len(sys.argv) > 3 else 95)
