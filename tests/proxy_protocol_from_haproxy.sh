# A real HAProxy in front, on a host of its own, with both versions of the header and with health checks:
# environment, log and lists see the client behind it; the checks do not fill the log.
. "$(dirname "$0")/lib.sh" root haproxy nsenter

# Three hosts on one bridge: lb 10.99.0.1, server 10.99.0.11, clients 10.99.0.50 and .66.
ip link add br0 type bridge 2>/dev/null || skip "no bridge can be made"
ip link set br0 up
host()
{
	local name=$1 pid address

	unshare -n sleep infinity &
	pid=$!
	started+=($pid)
	separate() { [ "$(readlink /proc/$pid/ns/net)" != "$(readlink /proc/$$/ns/net)" ]; }
	wait_for 5 separate || fail "no network namespace"
	ip link add "v$name" type veth peer name eth0 netns $pid || skip "no veth can be made"
	ip link set "v$name" master br0 up
	shift
	for address; do nsenter -n -t $pid ip addr add "$address/24" dev eth0; done
	nsenter -n -t $pid ip link set eth0 up
	nsenter -n -t $pid ip link set lo up
	printf -v "$name" '%s' "nsenter -n -t $pid"
}
lb= server= client=
host lb 10.99.0.1
host server 10.99.0.11
host client 10.99.0.50 10.99.0.66

cat >"$dir/who.sh" <<'SCRIPT'
#!/bin/sh
read -r line
echo "$line from $TCPREMOTEIP:$TCPREMOTEPORT $REMOTE_ADDR:$REMOTE_PORT to $TCPLOCALIP:$TCPLOCALPORT"
SCRIPT
chmod 755 "$dir/who.sh"
service() { echo "service $1 { listen = {'10.99.0.11:$2'} proxy-protocol = '$3' ${*:4} }"; }
conf "
defaults { workers = 3 proxy-trusted = {'10.99.0.1'} deny = {'10.99.0.66'} }
$(service v1 7701 v1 "handler = 'exec' command = {'$dir/who.sh'}")
$(service v2 7702 v2 "handler = 'exec' command = {'$dir/who.sh'}")
$(service echo 7703 any "handler = 'echo'")"
prefix=($server)
start

cat >"$dir/haproxy.cfg" <<CFG
global
	maxconn 200
defaults
	mode tcp
	timeout connect 2s
	default-server fall 20 # a machine that is slow for a moment is not down
	timeout client 20s
	timeout server 20s
listen v1
	bind 10.99.0.1:7001
	server s 10.99.0.11:7701 send-proxy check check-send-proxy inter 100ms
listen v2
	bind 10.99.0.1:7002
	server s 10.99.0.11:7702 send-proxy-v2 check check-send-proxy inter 100ms
listen echo1
	bind 10.99.0.1:7003
	server s 10.99.0.11:7703 send-proxy check check-send-proxy inter 50ms
listen echo2
	bind 10.99.0.1:7004
	server s 10.99.0.11:7703 send-proxy-v2 check check-send-proxy inter 50ms
CFG
mark
$lb haproxy -db -f "$dir/haproxy.cfg" >"$dir/haproxy" 2>&1 &
haproxy=$!
started+=($haproxy)

# Connections that the server's kernel has taken so far.
taken() { $server cat /proc/net/snmp | awk '$1 == "Tcp:" { value = $7 } END { print value }'; }
checked() { [ "$(taken)" -ge 60 ]; }
wait_for 20 checked || fail "no health checks: $(taken) connections; $(cat "$dir/haproxy")"
expect "lines in the log after health checks alone" "" "$(tail -n "+$since" "$log")"
expect "what HAProxy says of them" "" "$(grep -i 'down' "$dir/haproxy")"

for port in 7001 7002; do
	$client env PYTHONPATH="$tests" $python -s -B -c "from client import *
c = Client('10.99.0.1:$port')
own = '10.99.0.50:%d' % c.s.getsockname()[1]
c.send('hello\\n')
expect('answer of $port', 'hello from %s %s to 10.99.0.1:$port' % (own, own), c.line())
print(own)" >"$dir/own" || fail "$(cat "$dir/own" "$dir/haproxy")"
	wait_log "service=v$((port - 7000)) .*closed source=$(cat "$dir/own") via=10\.99\.0\.1:[0-9]+"
done

# answer SOURCE PORT: of echo
answer()
{
	$client $python -s -c "
import socket
c = socket.create_connection(('10.99.0.1', $2), 20, ('$1', 0))
try:
    c.sendall(b'ping')
    print(c.recv(100).decode(), end='')
except ConnectionError:
    pass"
}
for port in 7003 7004; do
	expect "echo by $port" ping "$(answer 10.99.0.50 $port)"
	expect "echo by $port to one who is denied" "" "$(answer 10.99.0.66 $port)"
done
wait_log 'service=echo .*refused source=10\.99\.0\.66:[0-9]+ via=10\.99\.0\.1:[0-9]+ reason=denied'

# Past the proxy, with a header of his own.
said=$($client env PYTHONPATH="$tests" $python -s -B -c "from client import *
c = Client('10.99.0.11:7701')
try:
    c.send(proxy_v1('10.99.0.50') + b'hello\\n')
    print(c.rest().decode())
except ConnectionError:
    pass")
expect "what a client hears who says he is a proxy" "" "$said"
wait_log 'service=v1 .*refused source=10\.99\.0\.50:[0-9]+ reason=proxy-untrusted'
expect "lines about lb itself" 0 "$(logged_times 'source=10\.99\.0\.1:')"
kill $haproxy
stop
