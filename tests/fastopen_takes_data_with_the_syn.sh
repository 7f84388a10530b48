# With fastopen, and with it alone, a client that has been there before has its data in the SYN.
. "$(dirname "$0")/lib.sh"

service()
{
	conf "service echo { listen = {\"127.0.0.1:7007\"} handler = \"echo\" workers = 2 $1 }"
}

# true if the data of a second connection went with its SYN. Source: tcp_info, TCPI_OPT_SYN_DATA
in_the_syn()
{
	py '
for _ in range(2):
    s = socket.socket()
    s.sendto(b"early", 0x20000000, ("127.0.0.1", 7007)) # MSG_FASTOPEN
    s.settimeout(10)
    s.shutdown(socket.SHUT_WR)
    got = b""
    while len(got) < 5:
        got += s.recv(5) or sys.exit("end of stream")
    options = s.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 8)[5]
    s.close()
print("in the SYN" if options & 32 else "later")
'
}

echo 1 2>/dev/null >/proc/sys/net/ipv4/tcp_fastopen || skip "cannot set tcp_fastopen"
service 'fastopen = 16'
start
logged '127.0.0.1:7007: fastopen does nothing unless' || fail "nothing is said of the kernel's setting"
echo 3 >/proc/sys/net/ipv4/tcp_fastopen
expect "the data go" "in the SYN" "$(in_the_syn)"
service ''
reload
expect "without fastopen the data go" "later" "$(in_the_syn)"
service 'fastopen = 16'
reload
expect "with it again the data go" "in the SYN" "$(in_the_syn)"
logged 'does nothing unless' && fail "a warning where all is well"
stop
