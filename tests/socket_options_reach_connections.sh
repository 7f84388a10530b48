# Each socket option is on the socket that a worker has accepted; a reload puts it on and takes it off
# in place, for new connections, without a new worker.
. "$(dirname "$0")/lib.sh"

# options ADDRESS: of the worker's end of a new connection, asked for by way of pidfd_getfd(2).
options()
{
	py '
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
client = Client(sys.argv[1])
client.send("x")
client.take(1)
mine = client.s.getsockname()

def accepted(pid):
    pidfd = os.pidfd_open(pid)
    for fd in os.listdir("/proc/%d/fd" % pid):
        copy = libc.syscall(438, pidfd, int(fd), 0)
        if copy < 0:
            continue
        try:
            s = socket.socket(fileno=copy)
            if s.getpeername()[:2] == mine[:2]:
                return s
            s.close()
        except OSError:
            pass

s = next(s for s in map(accepted, map(int, sys.argv[2:])) if s)
tcp, sol = socket.IPPROTO_TCP, socket.SOL_SOCKET
print("nodelay=%d keepalive=%d idle=%d interval=%d count=%d user_timeout=%d receive=%d send=%d locks=%d" % (
    s.getsockopt(tcp, socket.TCP_NODELAY), s.getsockopt(sol, socket.SO_KEEPALIVE),
    s.getsockopt(tcp, socket.TCP_KEEPIDLE), s.getsockopt(tcp, socket.TCP_KEEPINTVL),
    s.getsockopt(tcp, socket.TCP_KEEPCNT), s.getsockopt(tcp, socket.TCP_USER_TIMEOUT),
    s.getsockopt(sol, socket.SO_RCVBUF), s.getsockopt(sol, socket.SO_SNDBUF), s.getsockopt(sol, 72)))
' "$1" $(workers echo)
}

service()
{
	conf "service echo { listen = {\"127.0.0.1:7007\", \"[::1]:7007\", \"unix:$dir/s\"} handler = \"echo\" workers = 2 $1 }"
}

all='nodelay = true keepalive = 50 user-timeout = 7 receive-buffer = 50000 send-buffer = 60000'
on='nodelay=1 keepalive=1 idle=50 interval=10 count=5 user_timeout=7000 receive=100000 send=120000 locks=3'

service ''
start -l debug
off=$(options 127.0.0.1:7007) || skip "cannot look into a worker: $off"
expect_match "options by default" '^nodelay=0 keepalive=0 .* user_timeout=0 .* locks=0$' "$off"
before=$(workers echo)

service "$all"
reload
for a in 127.0.0.1:7007 '[::1]:7007'; do
	expect "options of $a after the reload" "$on" "$(options "$a")"
done
answers "unix:$dir/s" || fail "the unix socket does not answer"
logged "unix:$dir/s: options of TCP" || fail "options of a unix socket are ignored without a word"

# One by one, off again.
for key in 'nodelay = true' 'keepalive = 3' 'user-timeout = 7' 'receive-buffer = 50000' 'send-buffer = 60000'; do
	service "$key"
	reload
	got=$(options '[::1]:7007')
	case $key in
	no*) want=${off/nodelay=0/nodelay=1} ;;
	k*) want=$(sed 's/keepalive.*count=[0-9]*/keepalive=1 idle=3 interval=1 count=5/' <<<"$off") ;;
	us*) want=${off/user_timeout=0/user_timeout=7000} ;;
	r*) want=$(sed 's/receive=[0-9]*/receive=100000/; s/locks=0/locks=2/' <<<"$off") ;;
	s*) want=$(sed 's/send=[0-9]*/send=120000/; s/locks=0/locks=1/' <<<"$off") ;;
	esac
	expect_match "options after a reload with $key alone" "^${want% send*} " "$got"
	expect "locks of buffers with $key alone" "${want##* }" "${got##* }"
done
service ''
reload
got=$(options 127.0.0.1:7007)
expect "options after a reload that takes them off" "${off% send*}" "${got% send*}"
expect "workers" "$before" "$(workers echo)"
stop

# From the start.
service "${all/50000/1000000000}"
start
logged '127.0.0.1:7007: receive-buffer 1000000000 is cut to [0-9]+ by net.core.rmem_max' ||
	fail "nothing is said of a size that cannot be had"
expect "nodelay, keepalive from the start" "${on% receive*}" "$(options 127.0.0.1:7007 | sed 's/ receive.*//')"
stop
