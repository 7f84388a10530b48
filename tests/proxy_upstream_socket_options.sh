# keepalive and user-timeout hold for the upstream's socket as for the client's, be that a unix socket.
. "$(dirname "$0")/lib.sh" ss

conf 'service front { listen = {"127.0.0.1:7000"} handler = "proxy" workers = 1 upstream = {"127.0.0.1:7001"}
	keepalive = 77 user-timeout = 33 }
service local { listen = {"unix:'"$dir"'/s"} handler = "proxy" workers = 1 upstream = {"127.0.0.1:7001"} keepalive = 77 }
service plain { listen = {"127.0.0.1:7010"} handler = "proxy" workers = 1 upstream = {"127.0.0.1:7001"} }'
start
py '
import subprocess

up = Upstream("127.0.0.1:7001")
def timer(address):
    c, u = up.pair(address)
    port = u.s.getpeername()[1]
    out = subprocess.run(["ss", "-tnoH", "sport = :%d" % port], capture_output=True, text=True).stdout
    return out
check("a keepalive timer of 77 s on the upstream socket", "timer:(keepalive,1min1" in timer("127.0.0.1:7000"))
check("the same behind a unix socket", "timer:(keepalive,1min1" in timer("unix:" + sys.argv[1]))
check("none without the key", "keepalive" not in timer("127.0.0.1:7010"))
' "$dir/s" || exit 1
stop
