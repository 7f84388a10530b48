"""chaos_settings.py: the services of the chaos soak, their clients, and settings that change at random."""
import os
import socket
import sys

DIR = sys.argv[1]
SLOW = int(os.environ.get("SOCKD_TEST_SLOW", "1"))
CONTROL = DIR + "/control"
SERVICES = "echo chat exec app relay kv web status flip extra side".split()
PORTS = {name: 7001 + i for i, name in enumerate(SERVICES)}
GANGS = [("echo", "echo", "127.0.0.1:7001", "echo"), ("echo6", "echo", "[::1]:7001", "echo"),
         ("path", "echo", "unix:%s/path" % DIR, "echo"), ("chat", "chat", "127.0.0.1:7002", "chat"),
         ("exec", "exec", "127.0.0.1:7003", "exec"), ("app1", "app", "127.0.0.1:7004", "exec"),
         ("app2", "app", "127.0.0.1:7004", "exec"), ("relay", "relay", "127.0.0.1:7005", "echo"),
         ("kv1", "kv", "127.0.0.1:7006", "kv"), ("kv2", "kv", "127.0.0.1:7006", "kv"),
         ("web", "web", "127.0.0.1:7007", "web"), ("status", "status", "127.0.0.1:7008", "status"),
         ("flip1", "flip", "127.0.0.1:7009", "echo"), ("flip2", "flip", "127.0.0.1:7009", "echo"),
         ("extra", "extra", "127.0.0.1:7010", "echo"), ("side", "side", "127.0.0.1:7011", "echo")]
UPSTREAMS = [(socket.AF_INET, ("127.0.0.1", 7105)), (socket.AF_UNIX, DIR + "/upstream")]


def gangs_of(service):
    return [g for g in GANGS if g[1] == service]


def q(text):
    return "'%s'" % text


class Model:
    """Settings, from which a file can be made, and which can be changed at random."""

    def __init__(self):
        low = {"log-connections": "true"}
        self.service = {
            "echo": {"listen": ["127.0.0.1:7001", "[::1]:7001", "unix:%s/path" % DIR], "handler": "echo",
                     "workers": 5, "socket-mode": "0666", **low},
            "chat": {"listen": ["127.0.0.1:7002"], "handler": "chat", "workers": 4, "text": q("hi"), **low},
            "exec": {"listen": ["127.0.0.1:7003"], "handler": "exec", "workers": 3, "command": "{'%s/exec'}" % DIR,
                     "environment": "{'RELEASE=1'}", **low},
            "app": {"listen": ["127.0.0.1:7004"], "handler": "program", "workers": 3, "command": "{'%s/app'}" % DIR,
                    "environment": "{'RELEASE=1'}", "notify": "true"},
            "relay": {"listen": ["127.0.0.1:7005"], "handler": "proxy", "workers": 3,
                      "upstream": "{'127.0.0.1:7105', 'unix:%s/upstream'}" % DIR, **low},
            "kv": {"listen": ["127.0.0.1:7006"], "handler": "module", "workers": 4, "module": q(DIR + "/kv.so"), **low},
            "web": {"listen": ["127.0.0.1:7007"], "handler": "module", "workers": 3, "module": q(DIR + "/http.so"),
                    "options": "{'text=t1'}", **low},
            "status": {"listen": ["127.0.0.1:7008"], "handler": "status", "workers": 2, **low},
            "flip-a": {"listen": ["127.0.0.1:7009"], "workers": 3, **self.flip("echo")},
            "extra": {"listen": ["127.0.0.1:7010"], "handler": "echo", "workers": 2, **low},
            "side": {"listen": ["127.0.0.1:7011"], "handler": "echo", "workers": 2, **low},
        }
        self.drain = 30 * SLOW

    @staticmethod
    def flip(handler):
        return {"handler": handler, **{
            "echo": {}, "exec": {"command": "{'/bin/cat'}"},
            "program": {"command": "{'%s/app'}" % DIR, "notify": "true"},
            "proxy": {"upstream": "{'127.0.0.1:7106'}"}}[handler]}

    def copy(self):
        m = Model()
        m.service = {k: dict(v, listen=list(v["listen"])) for k, v in self.service.items()}
        return m

    def text(self):
        out = ["control-socket = '%s'" % CONTROL, "pidfile = '%s/pid'" % DIR, "drain-timeout = %d" % self.drain,
               "shutdown-timeout = %d" % (20 * SLOW)]
        for name, keys in self.service.items():
            out.append("service %s {" % name)
            for key, value in keys.items():
                out.append("\t%s = %s" % (key, "{%s}" % ", ".join(map(q, value)) if key == "listen" else value))
            out.append("}")
        return "\n".join(out) + "\n"

    def addresses(self):
        return {a for keys in self.service.values() for a in keys["listen"]}

    def mutate(self, rng):
        for _ in range(rng.choice((1, 1, 2, 4))):
            name = rng.choice(sorted(self.service))
            keys = self.service[name]
            rng.choice([self.m_workers, self.m_workers, self.m_options, self.m_options, self.m_own, self.m_own, self.m_flip,
                        self.m_extra, self.m_side])(rng, name, keys)

    def m_workers(self, rng, name, keys):
        least = {"echo": 4, "chat": 3}.get(name, 2)
        keys["workers"] = rng.randrange(least, 8)
        keys.pop("max-workers", None)
        if keys["handler"] != "program" and rng.random() < 0.3:
            keys["max-workers"] = keys["workers"] + rng.randrange(1, 10)
            keys["worker-idle"] = rng.choice((1, 5))

    def m_options(self, rng, name, keys):
        if keys["handler"] == "program":
            return
        key, values = rng.choice([
            ("max-connections", (0, 5, 50)), ("rate", ("''", "'100000/1'")), ("max-per-source", (0, 500)),
            ("rate-per-source", ("''", "'100000/1'")), ("allow", ("{}", "{'127.0.0.0/8', '::1'}")),
            ("deny", ("{}", "{'192.0.2.0/24'}")), ("idle-timeout", (0, 60 * SLOW)),
            ("session-timeout", (0, 90 * SLOW)), ("first-byte-timeout", (0, 60 * SLOW)), ("nodelay", ("true", "false")),
            ("keepalive", (0, 30)), ("backlog", (511, 200)), ("log-connections", ("true", "false")),
            ("receive-buffer", (0, 65536)), ("defer-accept", (0, 0, 1) if keys["handler"] == "echo" else (0,)),
            ("nice", (0, 1))])
        keys[key] = rng.choice(values)

    def m_own(self, rng, name, keys):
        n = rng.randrange(1, 100)
        if name in ("exec", "app"):
            keys["environment"] = "{'RELEASE=%d'}" % n
        elif name == "web":
            keys["options"] = "{'text=t%d'}" % n
        elif name == "chat":
            keys["text"] = q("hi %d" % n)
        elif name == "relay":
            up = ["'127.0.0.1:7105'", "'unix:%s/upstream'" % DIR]
            rng.shuffle(up)
            keys["upstream"] = "{%s}" % ", ".join(up)
        elif keys["handler"] == "echo":
            keys["umask"] = rng.choice(("0022", "0027"))

    def m_flip(self, rng, *_):
        old = [n for n in self.service if n.startswith("flip")][0]
        keys = self.service.pop(old)
        name = rng.choice(("flip-a", "flip-b", "flip-b"))
        self.service[name] = {"listen": keys["listen"], "workers": keys["workers"],
                              **self.flip(rng.choice(("echo", "exec", "program", "proxy")))}

    def m_extra(self, _rng, *__):
        if not self.service.pop("extra", None):
            self.service["extra"] = {"listen": ["127.0.0.1:7010"], "handler": "echo", "workers": 2}

    def m_side(self, rng, *_):
        """An address that wanders between services, or has none."""
        address = "127.0.0.1:7011"
        for name, keys in list(self.service.items()):
            if address in keys["listen"]:
                keys["listen"].remove(address)
                if not keys["listen"]:
                    del self.service[name]
        where = rng.choice(("side", "echo", "extra", "none"))
        if where == "side":
            self.service["side"] = {"listen": [address], "handler": "echo", "workers": 2}
        elif where in self.service and self.service[where]["handler"] == "echo":
            self.service[where]["listen"].append(address)
