# Who is not in proxy-trusted is closed before a byte of his is looked at, with a header or without.
. "$(dirname "$0")/lib.sh"

rejects "a header from nobody" "service echo { listen = {'127.0.0.1:7001'} handler = 'echo' proxy-protocol = 'v1' }" \
	':1: .*proxy-trusted'

conf "service qotd {
	listen = {'*:7001'} handler = 'qotd' text = 'called' workers = 2
	proxy-protocol = 'any' proxy-trusted = {'127.0.0.2', '127.1.0.0/16', '::1'}
}"
start
py '
def said(source, data, to="127.0.0.1"):
    s = socket.socket(socket.AF_INET6 if ":" in source else socket.AF_INET)
    s.settimeout(10)
    s.bind((source, 0))
    try:
        s.connect((to, 7001))
        s.sendall(data)
        got = b""
        while True:
            more = s.recv(4096)
            if not more:
                return got[:6]
            got += more
    except ConnectionError:
        return b""

for header in proxy_v1("127.0.0.2"), proxy_v2("127.0.0.2"), proxy_v2(command=0x20), b"PROXY UNKNOWN\r\n":
    expect("from a stranger: %r" % header, b"", said("127.0.0.1", header))
    expect("from the next address", b"", said("127.0.0.3", header))
    expect("from behind the prefix", b"", said("127.2.0.0", header))
    for source in "127.0.0.2", "127.1.255.254":
        expect("from %s: %r" % (source, header), b"called", said(source, header))
    expect("over IPv6: %r" % header, b"called", said("::1", header, "::1"))
# It is not even waited for.
c = Client("127.0.0.1:7001", timeout=4)
try:
    expect("to a silent stranger", b"", c.rest())
except ConnectionError:
    pass
' || exit 1
wait_log 'service=qotd .*refused source=127\.0\.0\.[13]:[0-9]+ reason=[^ ]*untrusted'
stop
