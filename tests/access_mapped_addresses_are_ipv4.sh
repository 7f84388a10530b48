# A client of a dual stack socket whose address is ::ffff:1.2.3.4 is one of IPv4, in lists and limits;
# and prefixes written so are prefixes of IPv4.
. "$(dirname "$0")/lib.sh"

service()
{
	conf "service echo { listen = {\"*:7007\"} handler = \"echo\" workers = 3 $1 }"
}

from()
{
	py '
c = served(sys.argv[2], sys.argv[1])
print("served" if c else "refused")
' "$@"
}

service 'deny = {"127.0.0.2"}'
start
expect "127.0.0.2" refused "$(from 127.0.0.2 127.0.0.1:7007)"
expect "127.0.0.3" served "$(from 127.0.0.3 127.0.0.1:7007)"
expect "::ffff:127.0.0.2 by itself" refused "$(from ::ffff:127.0.0.2 '[::ffff:127.0.0.1]:7007')"
wait_log 'refused source=127\.0\.0\.2:'

service 'deny = {"::/0"}'
renew echo
expect "127.0.0.2 while IPv6 is denied" served "$(from 127.0.0.2 127.0.0.1:7007)"
expect "::1 while IPv6 is denied" refused "$(from ::1 '[::1]:7007')"

service 'allow = {"::ffff:127.0.0.0/127", "::ffff:127.0.0.4"}'
renew echo
expect "127.0.0.1 in a mapped prefix" served "$(from 127.0.0.1 127.0.0.1:7007)"
expect "127.0.0.4 as written" served "$(from 127.0.0.4 127.0.0.1:7007)"
expect "127.0.0.2 outside" refused "$(from 127.0.0.2 127.0.0.1:7007)"

service 'max-per-source = 1'
renew echo
expect "the same source by both ways" "served refused served" "$(py '
a = served("127.0.0.1:7007", "127.0.0.2")
b = served("[::ffff:127.0.0.1]:7007", "::ffff:127.0.0.2")
c = served("127.0.0.1:7007", "127.0.0.3")
print(*["served" if x else "refused" for x in (a, b, c)])')"
stop
