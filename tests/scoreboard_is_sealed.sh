# Who is given the descriptor of a scoreboard can read it, and neither write nor cut it, by whatever way.
. "$(dirname "$0")/lib_control.sh"

conf "service echo { listen = {'127.0.0.1:7001'} handler = echo workers = 2 }
service other { listen = {'127.0.0.1:7002'} handler = echo workers = 1 }"
start
cpy '
import ctypes, fcntl, mmap
libc = ctypes.CDLL(None, use_errno=True)
text, fds = boards_fds()
expect("lines", ["ok", "echo", "other"], sorted((line.split()[0] for line in text.splitlines()), key=lambda w: (w != "ok", w)))
expect("descriptors", 3, len(fds))
def refused(what, f):
    try:
        f()
    except (OSError, PermissionError, ValueError) as e:
        return
    check(what, False, "was not refused")
for fd in fds:
    size = os.fstat(fd).st_size
    for how in (os.O_RDWR, os.O_RDONLY):
        again = os.open("/proc/self/fd/%d" % fd, how)
        for f in (fd, again):
            refused("truncate", lambda: os.ftruncate(f, 4096))
            refused("grow", lambda: os.ftruncate(f, size + 4096))
            refused("write", lambda: os.pwrite(f, b"x", 0))
            refused("map to write", lambda: mmap.mmap(f, size, mmap.MAP_SHARED, mmap.PROT_READ | mmap.PROT_WRITE))
            refused("seals", lambda: fcntl.fcntl(f, 1033, 0x8)) # F_ADD_SEALS
            for mode in (0, 1, 3, 0x10): # keep size, punch a hole, zero
                if libc.fallocate(f, mode, ctypes.c_long(0), ctypes.c_long(size + 4096 if not mode else 4096)) == 0 and mode != 1:
                    check("fallocate %d" % mode, False, "was not refused")
        os.close(again)
        libc.mmap.restype = ctypes.c_void_p
        p = libc.mmap(None, ctypes.c_size_t(4096), 1, 1, fd, ctypes.c_long(0))
        check("mprotect", libc.mprotect(ctypes.c_void_p(p), ctypes.c_size_t(4096), 3) < 0, "was not refused")
x = State()
expect("names", ["echo", "other"], sorted(s["name"] for s in x.services.values()))
check("settings in the board", x.master.file.decode() == sys.argv[1], x.master.file)
check("pid", x.master.pid == int(sys.argv[2]), x.master.pid)
' "$conf" "$master" || fail "see above"
answers 127.0.0.1:7001 || fail "it does not serve"
stop
