# Who is over rate-per-source is refused, and nobody else.
. "$(dirname "$0")/lib.sh"

conf 'service echo { listen = {"127.0.0.1:7007"} handler = "echo" workers = 4 rate-per-source = "3/100000" }
service behind { listen = {"127.0.0.1:7008"} handler = "echo" workers = 4 rate-per-source = "2/100000"
	rate = "7/100000" proxy-protocol = "any" proxy-trusted = {"127.0.0.1"} }'
start
py '
def how_many(tries, source, address="127.0.0.1:7007", first=b""):
    return sum(1 for _ in range(tries) if served(address, source, first))

expect("served of a greedy one", 3, how_many(50, "127.0.0.2"))
for i in range(3, 30):
    expect("served of 127.0.0.%d" % i, 3, how_many(4, "127.0.0.%d" % i))
expect("served of the greedy one again", 0, how_many(3, "127.0.0.2"))

# Those refused by their own rate take nothing from that of all.
def behind(tries, source):
    return how_many(tries, None, "127.0.0.1:7008", proxy_v2(source, destination="::1"))

expect("served of one /64", 2, behind(20, "2001:db8::1"))
expect("served of another address in it", 0, behind(1, "2001:db8::2"))
expect("served of the next /64", 2, behind(9, "2001:db8:0:1::1"))
expect("served of a third", 2, behind(9, "2001:db8:0:2::1"))
expect("served of a fourth, as far as the rate of all goes", 1, behind(9, "2001:db8:0:3::1"))
' || exit 1
wait_log 'service=echo .*refused source=127\.0\.0\.2:[0-9]+ reason=rate-per-source'
wait_log 'service=behind .*refused source=\[2001:db8::1\]:[0-9]+ via=127\.0\.0\.1:[0-9]+ reason=rate-per-source'
stop
