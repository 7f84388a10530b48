# A client whose handshake is under way when its listener goes away is served: the queue was found empty
# and closed before the client's last segment came, which was answered with a reset.
. "$(dirname "$0")/lib.sh" root ip

ip tuntap add dev tun0 mode tun 2>"$dir/tun" && ip addr add 10.9.0.1/24 dev tun0 && ip link set tun0 up ||
	skip "no TUN device can be made: $(cat "$dir/tun")"

# try SIGNAL LOG-LINE: a client of 10.9.0.1:7002 whose last segment comes a round trip after the line. False if
# this machine was so slow that it came later than a client has to come, and it was not let in.
try()
{
	mark
	py '
import fcntl

SYN, RST, PSH, ACK = 2, 4, 8, 16
master, sig, log, since, wanted = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]), sys.argv[5]
tun = os.open("/dev/net/tun", os.O_RDWR)
fcntl.ioctl(tun, 0x400454CA, struct.pack("16sH14x", b"tun0", 0x1 | 0x1000)) # TUNSETIFF: IFF_TUN, IFF_NO_PI
us, them = socket.inet_aton("10.9.0.2"), socket.inet_aton("10.9.0.1")

def checksum(data):
    data += b"\0" * (len(data) % 2)
    n = sum(struct.unpack("!%dH" % (len(data) // 2), data))
    n = (n >> 16) + (n & 0xFFFF)
    return ~(n + (n >> 16)) & 0xFFFF

# Source: RFC 9293 section 3.1, RFC 791 section 3.1
def send(seq, ack, flags, data=b""):
    tcp = struct.pack("!HHIIBBHHH", 5555, 7002, seq, ack, 0x50, flags, 65000, 0, 0) + data
    pseudo = us + them + struct.pack("!HH", 6, len(tcp))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), 1, 0, 64, 6, 0, us, them)
    os.write(tun, ip[:10] + struct.pack("!H", checksum(ip)) + ip[12:] + tcp)

def receive(seconds=5):
    """The sequence number, flags and data of the next segment; None if there is none."""
    end = time.monotonic() + seconds
    while select.select([tun], [], [], max(0, end - time.monotonic()))[0]:
        packet = os.read(tun, 2000)
        if packet[0] == 0x45 and packet[9] == 6:
            seq, _, offset, flags = struct.unpack("!IIBB", packet[24:34])
            return seq, flags, packet[20 + (offset >> 4) * 4:]

send(1000, 0, SYN)
seq, flags, _ = receive()
expect("flags of the answer to SYN", SYN | ACK, flags)
told = time.monotonic()
os.kill(master, sig)
wait_until(lambda: wanted in "".join(open(log).readlines()[since - 1:]))
receive(0.05) # a round trip
send(1001, seq + 1, ACK | PSH, b"late")
took = time.monotonic() - told
flags, data = ACK, b""
while flags in (ACK, SYN | ACK) and not data:
    _, flags, data = receive()
if flags & RST and took > 0.25:
    sys.exit(75)
expect("answer to a client that came late", (ACK | PSH, b"late"), (flags, data))
send(1005, seq + 5, RST)
' "$master" "$(kill -l "$1")" "$log" "$since" "$2"
	case $? in
	75) return 1 ;;
	0) ;;
	*) exit 1 ;;
	esac
}

other='service other { listen = {"127.0.0.1:7003"} handler = "echo" workers = 1 }'
one='service echo { listen = {"10.9.0.1:7001"} handler = "echo" workers = 2 }'
both="$other
service echo { listen = {'10.9.0.1:7001', '10.9.0.1:7002'} handler = 'echo' workers = 2 }"
in_time() { [ "$1" -le 9 ] || fail "this machine is too slow: no client came in time"; }
for i in {1..10}; do
	in_time "$i"
	conf "$both"
	start
	try TERM stopping && seen=1 || seen=
	wait_exit 5
	expect "exit status" 0 $status
	[ -z "$seen" ] || break
done
for then in "$other
$one" "$other"; do
	for i in {1..10}; do
		in_time "$i"
		conf "$both"
		start
		conf "$then"
		try HUP 'reload: done' && seen=1 || seen=
		stop
		[ -z "$seen" ] || break
	done
done
