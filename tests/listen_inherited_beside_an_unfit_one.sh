# Descriptor 3 is of no use and descriptor 4 is: the count of the good ones was taken for the last one,
# and the good one was closed.
. "$(dirname "$0")/lib.sh"

udp_and_tcp()
{
	pyx '
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(("127.0.0.1", 7009))
tcp = socket.create_server(("127.0.0.1", 7001))
high = [os.dup2(s.fileno(), 200 + i) for i, s in enumerate((udp, tcp))]
for i, fd in enumerate(high):
    os.dup2(fd, 3 + i, inheritable=True)
    os.close(fd)
os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS="2")
os.execv(sys.argv[1], sys.argv[1:])' "$@"
}
conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 1 }'
prefix=(udp_and_tcp)
start
wait_log 'descriptor 3 .*is not used: not a stream socket'
wait_log 'listening on 127\.0\.0\.1:7001 \(inherited\)'
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
stop
