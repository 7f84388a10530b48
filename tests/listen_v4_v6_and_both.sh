# ADDR:PORT is IPv4, [V6]:PORT is IPv6 alone, *:PORT and :PORT are both in one socket.
. "$(dirname "$0")/lib.sh" ss

[ -e /proc/sys/net/ipv6 ] || skip "no IPv6"
conf 'service four { listen = {"127.0.0.1:7001"} handler = "echo" }
service six { listen = {"[::]:7002"} handler = "echo" }
service both { listen = {"*:7003"} handler = "echo" }
service short { listen = {":7004"} handler = "echo" }'
start
wait_log 'service=four listening on 127\.0\.0\.1:7001$'
wait_log 'service=six listening on \[::\]:7002$'
wait_log 'service=both listening on \*:7003$'
wait_log 'service=short listening on \*:7004$'
for good in 127.0.0.1:7001 '[::1]:7002' 127.0.0.1:7003 '[::1]:7003' 127.0.0.1:7004 '[::1]:7004'; do
	expect "answer of $good" ping "$(ask $good ping)"
done
for bad in '[::1]:7001' 127.0.0.1:7002; do
	answers $bad && fail "$bad answers"
done
expect "sockets of *:7003" 1 "$(ss -Hltn 'sport = :7003' | wc -l)"
# A client of IPv4 has an IPv4 address in a dual-stack service too.
mark
expect "answer" ping "$(ask 127.0.0.1:7003 ping)"
wait_log 'service=both .* closed source=127\.0\.0\.1:'
stop
