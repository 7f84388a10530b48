"""chaos.py: the judge and the actor of the chaos soak. chaos.py DIR SOCKCTL SEED SECONDS

The actor does one thing after the other, as the seed says; which kinds of things are done at all differs from
seed to seed. The judge knows whose connections were killed, and from time to time holds all clients and
looks at what must be as it was before.
"""
import collections
import json
import mmap
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import chaos_clients as cc
from chaos_processes import family, freeze, processes, sockets_of, stat, victims
from chaos_settings import CONTROL, DIR, GANGS, PORTS, SERVICES, SLOW, UPSTREAMS, Model, gangs_of
from client import Client, Upstream, wait_until

SOCKCTL, SEED, SECONDS = sys.argv[2], int(sys.argv[3]), float(sys.argv[4])
SANITIZED = "CHAOS_SANITIZED" in os.environ
CONF, PROGRAM = DIR + "/sockd.conf", DIR + "/bin/sockd"
TIMEOUT = 40 * SLOW
STOLEN = "127.0.0.1:7999"

# Lines of the log at level warning or error that may be there.
EXPECTED = [re.compile(text) for text in (
    r"logger died: killed by signal 9 \(KILL\); replaced", r"lines could not be written lost=\d+", r"log lines lost", r"lines of stderr dropped",
    r"reload: ", r"upgrade: ", r"upstream \S+ is passed over", r"no upstream can be reached",
    r"accept: Too many open files", r"control: refused", r"its first worker died before it was ready",
    r"service=x .*died: exit status [01]\b", r"repeated",
    r"service=exec .*exec of |cannot be started: .*(Too many open files)")]
DIED = re.compile(r"pid=(\d+) died: killed by signal 9 \(KILL\)|died: killed by signal 9 \(KILL\) .*\bpid=(\d+)\b")
FORBIDDEN = re.compile(r"assert|\bbug\b|[Uu]nknown errno|Unknown error|: Success|Traceback|Sanitizer|runtime error")


class Failure(Exception):
    pass


class Judge:
    """What was done, what was lost, and whether that may be."""

    def __init__(self):
        self.begin = time.monotonic()
        self.actions = collections.deque(maxlen=50)
        self.excused = {}  # key of a connection: when its owner was killed
        self.excused_services = {}  # service: until when losses of its clients are the upstream's
        self.killed = {}
        self.paused_until = 0.0  # the service that may have an address which is then removed
        self.failure = None
        self.losses = collections.Counter()
        self.lock = threading.Lock()
        self.slowest = collections.deque(maxlen=60)
        self.done = threading.Event()  # all is known of the failure
        self.kills = 0

    def note(self, text):
        line = "%8.3f %s %s" % (time.monotonic() - self.begin, time.strftime("%H:%M:%S"), text)
        with self.lock:
            self.actions.append(line)
        print(line, file=journal, flush=True)

    def fail(self, text):
        with self.lock:
            if self.failure:
                return
            self.failure = text
        self.note("FAIL " + text)
        snapshot()
        self.done.set()

    def check(self, what, condition, got=""):
        if not condition:
            self.fail("%s %s" % (what, got))
        self.ask()

    def ask(self):
        if self.failure:
            raise Failure(self.failure)

    def loss(self, r):
        excuse = [k for k in r["keys"] if k in self.excused and self.excused[k] >= r["began"][0] - 0.01]
        why = "killed" if excuse else None
        # A reload drains the queue of what it removes, an upgrade does not; and nobody drains it in a pause.
        if not why and not r["strict"] and (r["what"].startswith("Lost: connect:") or r["upgrade"] or
                                            r["at"] < self.paused_until):
            why = "removed"
        if not why and SERVICES[r["service"]] in self.excused_services:
            since, until = self.excused_services[SERVICES[r["service"]]]
            if r["at"] >= since and r["began"] and r["began"][0] <= until:
                why = "no upstream"
        if r["wrong"] or not why:
            self.fail("%s lost a connection (%s, excuse: %s), %s" %
                      (r["client"], r["what"], why, ["%s@%.3f" % (k, b - self.begin)
                                                     for k, b in zip(r["keys"], r["began"])]))
        self.losses[r["client"], why] += 1
        if why != "removed":
            self.note("loss of %s: %s, %s, %s" % (r["client"], why, r["what"], r["keys"]))


def kill(pids):
    """SIGKILL, with those whose connections that ends excused before."""
    for pid in pids:
        try:
            freeze(pid)
        except OSError:
            continue
    keys = set()
    for pid in pids:
        keys |= sockets_of(pid)
        judge.killed[pid] = time.monotonic()
    for key in keys:
        judge.excused[key] = time.monotonic()
    judge.kills += len(pids)
    judge.note("kill %s holding %s" % (pids, sorted(keys)))
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass


# --- sockd -------------------------------------------------------------------------------------

def sockctl(*args):
    """Exit status and output."""
    p = subprocess.run([SOCKCTL, "-s", CONTROL, *args], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT, text=True, errors="replace", check=False, timeout=100 * SLOW)
    return p.returncode, p.stdout.strip()


def status():
    code, text = sockctl("-j", "status")
    judge.check("sockctl status:", code == 0, text)
    return json.loads(text)


def master_pid():
    return status()["sockd"]["pid"]


def snapshot():
    for name, command in (("ps", "ps -eo pid,ppid,stat,wchan:20,etimes,args --forest"), ("ss", "ss -tanpe; ss -xlp"),
                          ("status", "timeout 10 %s -s %s status; timeout 10 %s -s %s workers" % (SOCKCTL, CONTROL, SOCKCTL, CONTROL))):
        with open("%s/at-failure.%s" % (DIR, name), "wb") as f:
            subprocess.run(command, shell=True, stdout=f, stderr=f, check=False)


class Log:
    """Reads what sockd says; may stall."""

    def __init__(self, fd):
        self.fd, self.stall = fd, 0.0
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        rest = b""
        with open(DIR + "/log", "ab", buffering=0) as out:
            while data := os.read(self.fd, 65536):
                out.write(data)
                *lines, rest = (rest + data).split(b"\n")
                for line in lines:
                    self.judge(line.decode("utf-8", "replace"))
                while time.monotonic() < self.stall:
                    time.sleep(0.02)

    def judge(self, line):
        words = line.split(" ", 2)
        if FORBIDDEN.search(line):
            judge.fail("the log says: " + line)
        if len(words) < 3 or words[1] not in ("warning", "error"):
            return
        died = DIED.search(line)
        if died and int(died[1] or died[2]) in judge.killed:
            return
        if not any(e.search(line) for e in EXPECTED + actor.allowed):
            judge.fail("the log says: " + line)


# --- The actor ---------------------------------------------------------------------------------

class Actor:
    def __init__(self, shared):
        self.rng = random.Random(SEED)
        self.shared = shared
        self.model = Model()
        self.later = []  # (when, what)
        self.hand = threading.RLock()
        self.allowed = []
        self.baseline = None
        self.kib = 0
        self.masters = {}
        self.flooded = collections.Counter()
        self.before = None
        kinds = [k for k in dir(self) if k.startswith("do_")]
        self.weights = {k: self.rng.choice((0, 1, 1, 2, 4)) for k in kinds}
        if SANITIZED:
            self.weights["do_nofile"] = 0  # LeakSanitizer needs some at the end
        if "CHAOS_ONLY" in os.environ:
            self.weights = {"do_" + k: 1 for k in os.environ["CHAOS_ONLY"].split()}
        self.pace = self.rng.choice(((0, 0.01), (0, 0, 0.05, 0.3), (0, 0.05, 0.3, 1)))

    # -- Settings

    def write(self, text):
        with open(CONF + ".new", "w", encoding="utf-8") as f:
            f.write(text)
        os.rename(CONF + ".new", CONF)

    def present(self, *models):
        """Only what all of these have is refused to nobody."""
        for name in SERVICES:
            addresses = [g[2] for g in gangs_of(name)]
            strict = all(a in m.addresses() for m in models for a in addresses)
            self.shared[cc.STRICT_AT + SERVICES.index(name)] = int(strict)

    def apply(self, model, how=None, may_fail=None):
        """Put settings into force. Returns True if they are."""
        old = self.model
        self.present(old, model)
        self.write(model.text())
        code, text = how() if how else sockctl("reload")
        good = code == 0
        judge.note("  %s" % text.replace("\n", "; "))
        if not good:
            judge.check("a good reload failed:", may_fail and re.search(may_fail, text), text)
            self.write(old.text())
        self.model = model if good else old
        self.present(self.model)
        return good

    def mutated(self):
        m = self.model.copy()
        m.mutate(self.rng)
        return m

    # -- What it does

    def do_kill(self):
        found = victims(self.rng.choice((None, None, "program", "sockd-logger", "sockd:status", "sockd:chat")))
        if found:
            kill([self.rng.choice(found)[0]])

    def do_kill_all(self):
        found = victims()
        if found:
            name = self.rng.choice(found)[1]
            judge.note("all of " + name)
            kill([p for p, n in found if n == name])

    def do_stop(self):
        found = [v for v in victims() if v[1] != "sockd-logger"]
        if found:
            pid, name = self.rng.choice(found)
            seconds = self.rng.choice((0.05, 0.5, 3))
            judge.note("stop %d (%s) for %s s" % (pid, name, seconds))
            os.kill(pid, signal.SIGSTOP)
            self.after(seconds, lambda: os.kill(pid, signal.SIGCONT))

    def do_reload(self):
        self.apply(self.mutated())

    def do_reload_hup(self):
        """One HUP or two, then the result is asked for by a reload that changes nothing more."""
        n = self.rng.choice((1, 2, 2))
        gap = self.rng.choice((0, 0.001, 0.01, 0.05))

        def how():
            for _ in range(n):
                os.kill(self.master(), signal.SIGHUP)
                time.sleep(gap)
            return sockctl("reload")
        judge.note("%d HUP, %s s apart" % (n, gap))
        self.apply(self.mutated(), how)

    def do_reload_storm(self):
        """Several at once, and diffs between; the file changes meanwhile, but each of its versions is good."""
        models = [self.mutated() for _ in range(3)]
        self.present(self.model, *models)
        asked = []
        for m in models:
            self.write(m.text())
            asked.append(subprocess.Popen([SOCKCTL, "-s", CONTROL, self.rng.choice(("reload", "reload", "diff"))],
                                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True))
            time.sleep(self.rng.choice((0, 0.005, 0.05)))
        for p in asked:
            text = p.communicate(timeout=100 * SLOW)[0].strip()
            judge.check("one of many reloads failed:", p.returncode == 0, text)
        self.model = models[-1]
        self.apply(self.model)

    def do_reload_while_killing(self):
        model, result = self.mutated(), []

        def how():
            t = threading.Thread(target=lambda: result.append(sockctl("reload")))
            t.start()
            for _ in range(self.rng.randrange(1, 4)):
                time.sleep(self.rng.random() * 0.05)
                found = victims()
                if found:
                    kill([self.rng.choice(found)[0]])
            t.join()
            return result[0]
        if not self.apply(model, how, "its first worker (died|ended)"):
            self.apply(model, None, None)

    def do_reload_broken(self):
        text = self.model.text()
        bad = self.rng.choice(("\nno-such-key = 1\n", "\nservice x {\n", "\nservice x { listen = {'127.0.0.1:7998'} handler = 'none' }\n",
                               "\nservice x { listen = {'127.0.0.1:7998'} handler = 'exec' command = {'/nowhere'} }\n",
                               "\nservice x { listen = {'127.0.0.1:7998'} handler = 'program' command = {'/bin/false'} notify = true }\n",
                               "\nservice x { listen = {'127.0.0.1:7998'} handler = 'program' command = {'/bin/true'} }\n",
                               "\nservice x { listen = {'192.0.2.1:7998'} handler = 'echo' }\n",
                               "\nservice x { listen = {'127.0.0.1:7998'} handler = 'module' module = '%s' }\n" % PROGRAM,
                               "empty", "directory", "missing", "binary", "stolen", "mixed"))
        self.refused(bad, text, lambda: sockctl("reload"))

    def refused(self, bad, text, ask):
        thief = None
        if bad == "stolen":
            thief = Upstream(STOLEN)
        if bad in ("stolen", "mixed"):  # a good change of others beside it, which must not happen either
            text = self.mutated().text()
        judge.note("broken: %.60r" % bad)
        if os.path.isdir(CONF):
            os.rmdir(CONF)
        if bad in ("directory", "missing"):
            os.unlink(CONF)
            if bad == "directory":
                os.mkdir(CONF)
        else:
            self.write({"empty": "", "binary": "\0\1\2" + text,
                        "stolen": text + "\nservice thief { listen = {'%s'} handler = 'echo' }\n" % STOLEN,
                        "mixed": text + "\nservice x { listen = {'127.0.0.1:7998'} handler = 'program' command = {'/bin/false'} notify = true }\n",
                        }.get(bad, text + bad))
        code, said = ask()
        judge.note("  %s" % said.replace("\n", "; "))
        if os.path.isdir(CONF):
            os.rmdir(CONF)
        self.write(self.model.text())
        if thief:
            thief.close()
        judge.check("broken settings were accepted:", code == 1 and said, (code, said, bad))

    def upgrade(self, ask=lambda: sockctl("upgrade")):
        self.shared[cc.EPOCH] += 1
        before = self.master()
        code, text = ask()
        judge.note("  %s" % text.replace("\n", "; "))
        if code == 0:
            wait_until(lambda: self.master() != before, 10 * SLOW)
            self.before = None
        self.quiet(5 * SLOW, lambda: not self.older())
        time.sleep(0.3)
        self.shared[cc.EPOCH] += 1
        return code, text

    def do_upgrade(self):
        code, text = self.upgrade()
        judge.check("a good upgrade failed:", code == 0, text)

    def do_upgrade_stub(self):
        stub = self.rng.choice(("exit 0", "exit 78", "kill -SEGV $$", "kill -KILL $$", "exec sleep 100", "exec 3>&-; exec sleep 100",
                                "trap '' TERM; while :; do sleep 1; done", "missing", "mode", "format", "settings"))
        judge.note("stub: " + stub)
        if stub == "settings":
            self.refused("\nservice x { listen = {'192.0.2.1:7998'} handler = 'echo' }\n", self.model.text(), self.upgrade)
            return
        if stub == "missing":
            os.rename(PROGRAM, PROGRAM + ".away")
        else:
            shutil.copy(PROGRAM, PROGRAM + ".away")
            with open(PROGRAM + ".new", "w", encoding="ascii") as f:
                f.write("\1\2\3" if stub == "format" else "#!/bin/sh\n%s\n" % stub)
            os.chmod(PROGRAM + ".new", 0o644 if stub == "mode" else 0o755)
            os.rename(PROGRAM + ".new", PROGRAM)
        before = self.master()
        code, text = self.upgrade()
        os.rename(PROGRAM + ".away", PROGRAM)
        judge.check("a bad upgrade was accepted:", code == 1 and text, (code, text))
        judge.check("the master changed:", self.master() == before)

    def do_upgrade_while_killing(self):
        result = []

        def ask():
            t = threading.Thread(target=lambda: result.append(sockctl("upgrade")))
            t.start()
            for _ in range(self.rng.randrange(1, 4)):
                time.sleep(self.rng.random() * 0.1)
                found = victims()
                if found:
                    kill([self.rng.choice(found)[0]])
            t.join()
            return result[0]
        code, text = self.upgrade(ask)
        judge.check("an upgrade failed:", code == 0 or "first worker" in text, text)

    def do_upgrade_and_reload(self):
        """Both at once, in either order."""
        model, signals = self.mutated(), [signal.SIGUSR2, signal.SIGHUP]
        self.rng.shuffle(signals)

        def how():
            def ask():
                master = self.master()
                for s in signals:
                    os.kill(master, s)
                    time.sleep(self.rng.choice((0, 0.002, 0.02)))
                wait_until(lambda: self.master() != master, 20 * SLOW)
                return 0, "taken over"
            self.upgrade(ask)
            return sockctl("reload")
        self.apply(model, how)

    def do_pause(self):
        name = self.rng.choice([s for s in self.model.service if s not in ("extra", "side")])
        seconds = self.rng.choice((0, 0.2, 2))
        judge.note("pause %s for %s s" % (name, seconds))
        if name == "echo":
            judge.paused_until = time.monotonic() + seconds + 5 * SLOW
        code, text = sockctl("pause", name)
        judge.check("pause:", code == 0, text)
        self.after(seconds, lambda: sockctl("resume", name))

    def do_scale(self):
        name = self.rng.choice(sorted(self.model.service))
        n = self.rng.randrange({"echo": 4, "chat": 3}.get(name, 2), 12)
        judge.note("scale %s %d" % (name, n))
        code, text = sockctl("scale", name, str(n))
        judge.check("scale:", code == 0, text)

    def do_tt(self):
        s = self.rng.choice((signal.SIGTTIN, signal.SIGTTIN, signal.SIGTTIN, signal.SIGTTOU))
        for _ in range(self.rng.choice((1, 3))):
            os.kill(self.master(), s)

    def do_show(self):
        os.kill(self.master(), signal.SIGUSR1)
        for words in (("log-level", self.rng.choice(("debug", "info", "notice"))), ("status",), ("workers",), ("recent",),
                      ("diff",), ("-j", "workers"), ("version",)):
            code, text = sockctl(*words)
            judge.check("sockctl %s:" % " ".join(words), code == 0, text)

    def do_flood(self):
        name = self.rng.choice([n for n in SERVICES if n not in ("extra", "side")])
        for _ in range(self.rng.choice((10, 50, 50 if name == "exec" else 300))):
            try:
                c = Client("127.0.0.1:%d" % PORTS[name], timeout=2)
            except OSError:
                continue  # the queue is full
            self.flooded[name] += 1
            if self.rng.random() < 0.5:
                try:
                    c.send(b"x" * self.rng.randrange(1, 500))
                except OSError:
                    pass
            c.rst()

    def do_halfopen(self):
        """Some who say half of something and then nothing."""
        name = self.rng.choice([n for n in SERVICES if n not in ("extra", "side")])
        held = []
        for _ in range(self.rng.randrange(1, 4)):
            try:
                c = Client("127.0.0.1:%d" % PORTS[name], timeout=2)
                self.flooded[name] += 1
                c.send(self.rng.choice((b"", b"GET / HT", b"\0", b"/nick", b"set a")))
                held.append(c)
            except OSError:
                pass
        ends = [self.rng.choice((c.rst, c.close)) for c in held]
        self.after(self.rng.choice((0.1, 1, 3)), lambda: [end() for end in ends])

    def do_control_garbage(self):
        held = []
        for _ in range(self.rng.choice((1, 20, 100))):
            s = socket.socket(socket.AF_UNIX)
            s.settimeout(1)
            try:
                s.connect(CONTROL)
                s.send(self.rng.choice((b"", b"rel", b"\n", b"\0\0\n", b"x" * 70000, b"boards\n", b"scale echo\n", b"scale echo 99999999999\n",
                                        b"pause nobody\n", b"reload now please\n", b"status\nstatus\n", self.rng.randbytes(200) + b"\n")))
            except OSError:
                pass
            held.append(s)
        self.after(self.rng.choice((0, 1)), lambda: [s.close() for s in held])

    def do_http(self):
        for _ in range(20):
            name = self.rng.choice(("status", "web"))
            request = self.rng.choice((b"GET", b"GET / HTTP/1.1\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello",
                                       b"GET /" + b"a" * 20000 + b" HTTP/1.1\r\n\r\n", b"\r\n\r\n\r\n", self.rng.randbytes(500),
                                       b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 3000 + b"\r\n", b"GET /../../etc/passwd HTTP/1.0\r\n\r\n",
                                       b"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"))
            try:
                c = Client("127.0.0.1:%d" % PORTS[name], timeout=5 * SLOW)
                self.flooded[name] += 1
                c.send(request)
                c.fin()
                c.rest()
                c.close()
            except OSError:
                pass

    def do_upstream(self):
        """One upstream goes: nobody is lost. Both go: those who come meanwhile are."""
        both = self.rng.random() < 0.4
        judge.note("upstreams down: %s" % ("both" if both else "one"))
        self.upstreams_up()
        relay = SERVICES.index("relay")
        self.shared[cc.MODE_AT + relay] = cc.HOLD
        self.quiet(TIMEOUT + 5, lambda: not self.in_hand("relay"))
        if both:
            judge.excused_services["relay"] = (time.monotonic(), time.monotonic() + 1000)
        with self.hand:
            for word in upstreams[:2] if both else [self.rng.choice(upstreams[:2])]:
                word.send(b"d")
                word.recv(1)
        self.shared[cc.MODE_AT + relay] = cc.RUN
        self.after(self.rng.choice((0.5, 2)), self.upstreams_up)

    def upstreams_up(self):
        with self.hand:
            for word in upstreams:
                word.send(b"u")
                word.recv(1)
        if "relay" in judge.excused_services:  # a worker lets a dead upstream rest for some seconds
            judge.excused_services["relay"] = (judge.excused_services["relay"][0], time.monotonic() + 12)

    def do_log_stall(self):
        seconds = self.rng.choice((0.5, 3))
        judge.note("the log is not read for %s s" % seconds)
        log.stall = time.monotonic() + seconds

    def do_nofile(self):
        """A worker that has no more descriptors waits; the others serve."""
        found = victims(self.rng.choice(("sockd:echo", "sockd:chat", "sockd:kv", "sockd:web", "sockd:status")))
        if not found:
            return
        pid = self.rng.choice(found)[0]
        try:
            freeze(pid)
            used = {int(fd) for fd in os.listdir("/proc/%d/fd" % pid)}
            idle = not sockets_of(pid)
            least = next(i for i in range(1000) if i not in used)
            if idle:
                judge.note("nofile %d of %d" % (least, pid))
                self.nofile(pid, least)
            os.kill(pid, signal.SIGCONT)
            self.after(2, lambda: self.nofile(pid, 1024))
        except OSError:
            pass

    @staticmethod
    def nofile(pid, n):
        """As the user of the worker: root may lack the right to do it to others."""
        try:
            with open("/proc/%d/status" % pid, encoding="ascii") as f:
                uid, gid = (int(x) for x in re.findall(r"^[UG]id:\t(\d+)", f.read(), re.M))
        except OSError:
            return
        subprocess.run(["prlimit", "--pid", str(pid), "--nofile=%d:" % n], check=False, stderr=subprocess.DEVNULL,
                       user=uid, group=gid, extra_groups=[])

    # -- Time

    def master(self):
        return master_pid()

    def older(self):
        """Masters that finish what they hold, and what is left of upgrades."""
        now = self.master()
        return [(p, s) for p, s in processes().items() if s[0] in ("sockd", "sockd-upgrade") and p != now and s[2] != now]

    def after(self, seconds, fn):
        with self.hand:
            self.later.append((time.monotonic() + seconds, fn))

    def due(self, all_of_it=False):
        """Do what is due; in a thread of its own, so that nothing that the actor waits for puts it off."""
        with self.hand:
            now = time.monotonic()
            for item in sorted(self.later, key=lambda x: x[0]):
                if all_of_it or item[0] <= now:
                    self.later.remove(item)
                    try:
                        item[1]()
                    except ProcessLookupError:
                        pass

    def due_run(self):
        while True:
            try:
                self.due()
            except Exception as e:  # pylint: disable=broad-except
                judge.fail("what was due: %r" % e)
            time.sleep(0.01)

    def quiet(self, seconds, condition):
        """Wait for something. Returns whether it came."""
        end = time.monotonic() + seconds
        while not condition():
            judge.ask()
            if time.monotonic() > end:
                return False
            time.sleep(0.02)
        return True

    def in_hand(self, name=None):
        return [g[0] for i, g in enumerate(GANGS) if (name is None or g[1] == name) and
                self.shared[cc.CLIENTS_AT + i * cc.FIELDS + cc.BUSY]]

    def clients(self, mode):
        for i in range(len(SERVICES)):
            self.shared[cc.MODE_AT + i] = mode

    # -- What must be as before

    def checkpoint(self):
        judge.note("checkpoint")
        self.due(True)
        log.stall = 0
        self.upstreams_up()
        judge.excused_services.clear()
        self.apply(Model())
        for name in self.model.service:
            sockctl("resume", name)
            sockctl("scale", name, str(self.model.service[name]["workers"]))
        sockctl("log-level", "info")
        self.clients(cc.HOLD)
        if not self.quiet(TIMEOUT + 10, lambda: not self.in_hand()):
            judge.fail("clients do not end: %s" % self.in_hand())
        self.quiet(40 * SLOW, lambda: not self.unsettled())
        judge.check("not settled:", not self.unsettled(), self.unsettled())
        master = self.master()
        self.descriptors(master)
        self.memory(master)
        self.cpu(master)
        self.counters(master)
        if not SANITIZED or not os.listdir(DIR + "/reports"):
            judge.note("  good: %s" % dict(judge.losses))
        for name in os.listdir(DIR + "/reports"):
            with open("%s/reports/%s" % (DIR, name), encoding="utf-8", errors="replace") as f:
                text = f.read()
            judge.check("a sanitizer:", not re.search(r"ERROR: \w+Sanitizer|runtime error", text), text[:3000])
        self.clients(cc.RUN)

    def unsettled(self):
        """What is not yet as the settings say: workers by service, other processes, zombies."""
        first.poll()
        out, all_of = [], processes()
        now = status()
        master = now["sockd"]["pid"]
        workers = json.loads(sockctl("-j", "workers")[1])["services"]
        for s in workers:
            want = self.model.service.get(s["name"], {"workers": 0})["workers"]
            states = collections.Counter(w["state"] for w in s["workers"])
            if len(s["workers"]) != want or want != states["idle"] + (states["starting"] if s["name"] == "app" else 0):
                if not (s["name"] == "app" and len(s["workers"]) == want):
                    out.append((s["name"], want, dict(states)))
        if len(workers) != len(self.model.service):
            out.append([s["name"] for s in workers])
        mine = {1, os.getpid()} | set(family(os.getpid(), all_of))
        theirs = {w["pid"] for s in workers for w in s["workers"]}
        for pid, s in all_of.items():
            if s[1] == "Z" or pid not in mine | theirs | {master} and s[0] != "sockd-logger" and pid not in OURS:
                out.append((pid, s))
        if sum(s[0] == "sockd-logger" for s in all_of.values()) != 1:
            out.append("loggers")
        return out

    def descriptors(self, master):
        found = collections.Counter()
        for fd in os.listdir("/proc/%d/fd" % master):
            try:
                found[re.sub(r"\[\d+\]", "", os.readlink("/proc/%d/fd/%s" % (master, fd)))] += 1
            except OSError:
                pass
        boards = sum(n for k, n in found.items() if k.startswith("/memfd"))
        found = {k: n for k, n in found.items() if not k.startswith("/memfd")}
        self.baseline = self.baseline or found
        judge.check("descriptors:", found == self.baseline, "%s, at first %s" % (found, self.baseline))
        was = self.masters.setdefault(master, {"boards": boards})
        judge.check("boards:", boards == was["boards"], "%d, at first %d" % (boards, was["boards"]))
        judge.check("boards:", boards < 4 * len(SERVICES), boards)

    def memory(self, master):
        with open("/proc/%d/status" % master, encoding="ascii") as f:
            kib = int(re.search(r"RssAnon:\s*(\d+)", f.read())[1])
        self.kib = self.kib or kib
        judge.note("  memory of %d: %d KiB, at first %d" % (master, kib, self.kib))
        judge.check("memory:", SANITIZED or kib - self.kib < 256, "%d KiB, at first %d" % (kib, self.kib))

    def cpu(self, master):
        before = stat(master)[3]
        time.sleep(1)
        ticks = stat(master)[3] - before
        judge.check("CPU of a quiet master:", ticks == 0, "%d ticks in 1 s" % ticks)

    def counters(self, master):
        counted = {s["name"]: (s["connections"], sum((s["refused"] or {}).values())) for s in status()["services"]}
        now = {"master": master, "kills": judge.kills}
        for name in ("echo", "chat", "exec", "relay", "kv", "web", "status"):
            at = [cc.CLIENTS_AT + i * cc.FIELDS for i, g in enumerate(GANGS) if g[1] == name]
            also = [cc.CLIENTS_AT + i * cc.FIELDS for i, g in enumerate(GANGS) if name == "echo" and g[1] == "side"]
            now[name] = (sum(self.shared[i + cc.GOOD] for i in at),
                         sum(self.shared[i + cc.TRIED] for i in at + also) + self.flooded[name], counted[name][0])
            judge.check("refused by %s:" % name, counted[name][1] == 0, counted[name][1])
        was, self.before = self.before, now
        if not was or was["master"] != master:
            return
        for name in counted:
            if name not in now:
                continue
            good, tried, n = (a - b for a, b in zip(now[name], was[name]))
            kills = now["kills"] - was["kills"]
            judge.check("connections of %s:" % name, good - kills <= n <= tried,
                        "clients had %d good ones of %d, sockd counts %d, kills %d" % (good, tried, n, kills))

    def run(self):
        self.present(self.model)
        self.clients(cc.RUN)
        time.sleep(1)
        for _ in range(30):  # the heap gets all the holes that it will have
            self.do_reload()
        self.checkpoint()
        end, look = time.monotonic() + SECONDS, time.monotonic() + 15
        names = [k for k in self.weights if self.weights[k]]
        judge.note("weights: %s" % {k[3:]: w for k, w in self.weights.items()})
        while time.monotonic() < end:
            name = self.rng.choices(names, [self.weights[k] for k in names])[0]
            judge.note(name[3:])
            getattr(self, name)()
            self.quiet(self.rng.choice(self.pace), lambda: False)
            judge.ask()
            if time.monotonic() > look:
                self.checkpoint()
                look = time.monotonic() + 20
        self.checkpoint()
        self.clients(cc.HOLD)
        self.stop()

    def stop(self):
        judge.note("stop")
        master = self.master()
        os.kill(master, signal.SIGTERM)
        end = time.monotonic() + 10 * SLOW
        while (s := stat(master)) and s[1] != "Z" and time.monotonic() < end:
            time.sleep(0.02)
        judge.check("the master stays:", not s or s[1] == "Z", s)
        if first.poll() is None:
            first.wait(5)
        judge.check("exit status of the first master:", first.returncode == 0, first.returncode)
        left = [(p, s) for p, s in processes().items() if s[0].startswith("sockd") and (s[1], s[2]) != ("Z", 1)]
        judge.check("left behind:", not left, left)
        for path in (CONTROL, DIR + "/path", DIR + "/pid"):
            judge.check("left behind:", not os.path.exists(path), path)


def reports_read(s):
    while True:
        judge.loss(json.loads(s.recv(65536)))


def machine_watch():
    """How long a process takes to start and end, so that a failure can be told from a machine that is too busy."""
    while True:
        began = time.monotonic()
        subprocess.run(["true"], check=False)
        judge.slowest.append(time.monotonic() - began)
        time.sleep(1)


def scripts_make():
    for name, text in (("exec", '#!/bin/sh\necho "v=$RELEASE"\nexec cat\n'), ("app", cc.PROGRAM)):
        with open("%s/%s" % (DIR, name), "w", encoding="ascii") as f:
            f.write(text)
        os.chmod("%s/%s" % (DIR, name), 0o755)
    os.chmod(DIR, 0o755)


if __name__ == "__main__":
    OURS = set(processes())
    journal = open(DIR + "/actions", "w", encoding="utf-8")
    judge = Judge()
    memory = mmap.mmap(-1, 65536)
    shared = memoryview(memory).cast("Q")
    scripts_make()
    upstreams = []
    for where in UPSTREAMS + [(socket.AF_INET, ("127.0.0.1", 7106))]:
        here, there = socket.socketpair()
        cc.process_begin(cc.upstream_run, where, there)
        here.settimeout(10 * SLOW)
        here.send(b"u")
        here.recv(1)
        upstreams.append(here)
    os.chmod(DIR + "/upstream", 0o666)
    report, reports = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    for number, gang in enumerate(GANGS):
        spec = (gang[0], SERVICES.index(gang[1]), gang[2], gang[3])
        cc.process_begin(lambda s, n: cc.Gang(s, n, shared, report, SEED, TIMEOUT).run(), spec, number)
    actor = Actor(shared)
    actor.write(actor.model.text())
    log_r, log_w = os.pipe()
    first = subprocess.Popen([PROGRAM, "-n", "-f", CONF], stdin=subprocess.DEVNULL, stdout=log_w, stderr=log_w)
    os.close(log_w)
    log = Log(log_r)
    threading.Thread(target=reports_read, args=(reports,), daemon=True).start()
    threading.Thread(target=machine_watch, daemon=True).start()
    threading.Thread(target=actor.due_run, daemon=True).start()
    try:
        wait_until(lambda: os.path.exists(CONTROL) and sockctl("status")[0] == 0, 20 * SLOW)
        actor.run()
        judge.ask()
    except Failure:
        pass
    except Exception as e:  # pylint: disable=broad-except
        import traceback
        judge.fail("%s\n%s" % (e, traceback.format_exc()))
    if judge.failure:
        judge.done.wait(30)
        print("\n".join(judge.actions))
        print("in the last minute of this machine true(1) took up to %.1f s" % max(judge.slowest))
        print("FAIL: seed %d: %s" % (SEED, judge.failure))
    else:
        rounds = sum(shared[cc.CLIENTS_AT + i * cc.FIELDS + cc.ROUNDS] for i in range(len(GANGS)))
        print("seed %d: %d rounds, %d kills, losses that may be: %s" % (SEED, rounds, judge.kills, dict(judge.losses)))
    sys.stdout.flush()
    os._exit(bool(judge.failure))
