"""chaos_processes.py: who is there, and what they hold."""
import ctypes
import os
import signal
import socket
import struct

from client import wait_until
from chaos_settings import DIR, SLOW

libc = ctypes.CDLL(None, use_errno=True)


def stat(pid):
    """comm, state, ppid, ticks of CPU; None if it is gone."""
    try:
        with open("/proc/%d/stat" % pid, encoding="utf-8", errors="replace") as f:
            comm, rest = f.read().split("(", 1)[1].rsplit(")", 1)
    except (OSError, IndexError):
        return None
    rest = rest.split()
    return comm, rest[0], int(rest[1]), int(rest[11]) + int(rest[12])


def processes():
    return {p: s for p in map(int, filter(str.isdigit, os.listdir("/proc"))) if (s := stat(p))}


def family(root, all_of):
    out, todo = [], [root]
    while todo:
        parent = todo.pop()
        children = [p for p, s in all_of.items() if s[2] == parent]
        out += children
        todo += children
    return out


def victims(kind=None):
    """(pid, name) of all that may be killed: workers, programs, loggers of every master that is there."""
    found, all_of = [], processes()
    for master in [p for p, s in all_of.items() if s[0] == "sockd" and all_of.get(s[2], ("",))[0] != "sockd"]:
        for pid in family(master, all_of):
            name = all_of[pid][0]
            if name in ("sockd", "sockd-upgrade") or all_of[pid][1] == "Z":
                continue
            if name.startswith("sockd:") and all_of[all_of[pid][2]][0] == name:
                continue  # LeakSanitizer's, of a worker that leaves
            if kind is None or name == kind or kind == "program" and not name.startswith("sockd"):
                found.append((pid, name))
    return sorted(found)


def sockets_of(pid):
    """Keys of the connections that a process holds: of each socket a copy is asked who its peer is."""
    keys = set()
    try:
        process = os.pidfd_open(pid)
        found = [int(fd) for fd in os.listdir("/proc/%d/fd" % pid)]
    except OSError:
        return keys
    for fd in found:
        copy = libc.syscall(438, process, fd, 0)  # pidfd_getfd(2)
        if copy < 0 or not os.readlink("/proc/self/fd/%d" % copy).startswith("socket:"):
            if copy >= 0:
                os.close(copy)
            continue
        with socket.socket(fileno=copy) as s:
            try:
                if s.family == socket.AF_UNIX and s.getsockname() == DIR + "/path":
                    keys.add("path:%d" % struct.unpack("iii", s.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0])
                elif s.family != socket.AF_UNIX:
                    keys.add("%d:%d" % (s.getsockname()[1], s.getpeername()[1]))
            except OSError:
                pass  # a listener, or the client is gone
    os.close(process)
    return keys


def stopped(pid):
    s = stat(pid)
    return not s or s[1] in "TZX"


def freeze(pid):
    os.kill(pid, signal.SIGSTOP)
    wait_until(lambda: stopped(pid), 10 * SLOW)
