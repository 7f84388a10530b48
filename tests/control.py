"""control.py: the control socket and the scoreboards, from the side of a client. Layouts: src/board/board.h.

The tests' own view of the memory, so that it is not sockd's code that says whether sockd's code is right.
"""
import array
import ctypes
import mmap
import os
import socket
import time

PATH = "/run/sockd/control"
SLOTS = 16384
ADDR_TEXT = 128
u8, u16, u32, u64, i32 = ctypes.c_uint8, ctypes.c_uint16, ctypes.c_uint32, ctypes.c_uint64, ctypes.c_int32


def control_open(path=PATH, timeout=60):
    s = socket.socket(socket.AF_UNIX)
    end = time.monotonic() + timeout
    s.settimeout(timeout)
    while True:
        try:
            s.connect(path)
            return s
        except BlockingIOError: # the queue is full
            assert time.monotonic() < end, "no place in the queue"
            time.sleep(0.01)


def rest(s):
    """Everything up to the end, which may be a reset."""
    out = b""
    try:
        while data := s.recv(65536):
            out += data
    except ConnectionResetError:
        pass
    s.close()
    return out


def control(command, path=PATH, timeout=60):
    s = control_open(path, timeout)
    s.sendall(command.encode() + b"\n")
    return rest(s).decode("utf-8", "backslashreplace")


class Peer(ctypes.Structure):
    _fields_ = [("family", u8), ("port", u16), ("addr", u8 * 16)]


class Recent(ctypes.Structure):
    _fields_ = [("seq", u32), ("refusal", u32), ("peer", Peer), ("program", i32), ("id", u64), ("ended_ms", u64),
                ("duration_ms", u64), ("bytes_in", u64), ("bytes_out", u64), ("end", ctypes.c_char * 24)]


class SlotFields(ctypes.Structure):
    _fields_ = [("state", u32), ("recent", u32), ("since_ms", u64), ("connections", u64), ("bytes_in", u64),
                ("bytes_out", u64), ("peer", Peer), ("refused", u64 * 7), ("wait", u64 * 14), ("wait_ms", u64),
                ("time", u64 * 12), ("time_ms", u64), ("last", Recent * 8)]


class Slot(SlotFields):
    _fields_ = [("pad", u8 * (-ctypes.sizeof(SlotFields) % 64))]


class Worker(ctypes.Structure):
    _fields_ = [("pid", ctypes.c_int32), ("generation", u32), ("started_ms", u64)]


class Service(ctypes.Structure):
    _fields_ = [("version", u32), ("name", ctypes.c_char * 64), ("handler", ctypes.c_char * 16), ("n_listen", u32),
                ("listen", (ctypes.c_char * ADDR_TEXT) * 16), ("mode", u32), ("workers", u32),
                ("max_workers", u32), ("target", u32), ("queue", u32), ("queue_limit", u32), ("queue_ms", u64),
                ("generation", u32), ("exits", u64 * 5)]


class Master(ctypes.Structure):
    _fields_ = [("layout", u32), ("size", u32), ("version", u32), ("state", u32), ("pid", ctypes.c_int32),
                ("sockd", ctypes.c_char * 32), ("file", ctypes.c_char * 256), ("reload_text", ctypes.c_char * 512),
                ("started_s", u64), ("loaded_s", u64), ("reloaded_s", u64), ("reloads_good", u64),
                ("reloads_bad", u64)]


class Rate(ctypes.Structure):
    _fields_ = [("source", u64), ("full", u64)]


class Refusal(ctypes.Structure):
    _fields_ = [("logged_ms", u64), ("untold", u64)]


class Board(ctypes.Structure):
    _fields_ = [("layout", u32), ("size", u32), ("slots_used", u32), ("may_grow", u32), ("spare", u32),
                ("wanted", u32), ("retiring", u32), ("pad0", u8 * 36),
                ("lock", u32), ("seed", u64), ("rate_full", u64), ("refusal", Refusal * 7), ("pad1", u8 * 56),
                ("service", Service), ("pad2", u8 * (-ctypes.sizeof(Service) % 64)),
                ("slot", Slot * SLOTS), ("worker", Worker * SLOTS), ("source", u64 * SLOTS), ("rate", Rate * SLOTS)]


STATES = ["empty", "starting", "idle", "busy", "leaving"]
MODES = ["running", "paused", "backoff", "leaving"]


def board_map(fd, kind):
    """A copy of what stands in the board behind a descriptor. The size tells that the layout is the same."""
    with mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ) as m:
        head = (u32 * 2).from_buffer_copy(m[:8])
        assert head[1] == ctypes.sizeof(kind), "size %d, expected %d" % (head[1], ctypes.sizeof(kind))
        return kind.from_buffer_copy(m)


def boards_fds(path=PATH):
    """The answer to "boards": its text, and descriptors: the master's, then one for each line."""
    s = control_open(path)
    s.sendall(b"boards\n")
    text, fds = b"", array.array("i")
    while True:
        data, more, _, _ = s.recvmsg(65536, socket.CMSG_SPACE(253 * 4))
        for level, kind, value in more:
            assert (level, kind) == (socket.SOL_SOCKET, socket.SCM_RIGHTS)
            fds.frombytes(value[:len(value) - len(value) % 4])
        if not data:
            break
        text += data
    s.close()
    return text.decode(), list(fds)


class State:
    """sockd at one moment: master, and by name services with what their workers have counted."""

    def __init__(self, path=PATH):
        text, fds = boards_fds(path)
        lines = text.splitlines()
        assert lines[0] == "ok" and len(lines) == len(fds), (lines, fds)
        self.master = board_map(fds[0], Master)
        self.services = {}
        for line, fd in zip(lines[1:], fds[1:]):
            name, queue, limit = line.split()
            b = board_map(fd, Board)
            s = b.service
            used = b.slot[:b.slots_used]
            self.services[name] = dict(
                name=s.name.decode(), handler=s.handler.decode(), mode=MODES[s.mode], workers=s.workers,
                target=s.target, generation=s.generation, queue=int(queue), limit=int(limit),
                listen=[s.listen[i].value.decode() for i in range(s.n_listen)],
                connections=sum(x.connections for x in used), bytes_in=sum(x.bytes_in for x in used),
                bytes_out=sum(x.bytes_out for x in used), refused=[sum(x.refused[i] for x in used) for i in range(7)],
                waits=sum(sum(x.wait) for x in used), times=sum(sum(x.time) for x in used), exits=list(s.exits),
                pids=sorted(w.pid for w in b.worker[:b.slots_used] if w.pid),
                states=[STATES[x.state] for x in used if x.state])
        for fd in fds:
            os.close(fd)
