# deny wins over allow; an empty allow allows all, any other those in it alone. Refused is: closed at once.
. "$(dirname "$0")/lib.sh"

service()
{
	conf "service echo { listen = {\"127.0.0.1:7007\", \"[::1]:7007\", \"unix:$dir/s\"} handler = \"echo\" workers = 2 $1 }"
}

# Who of these is served: ask_from ADDRESS...
ask_from()
{
	py '
for source in sys.argv[1:]:
    to = "[::1]:7007" if ":" in source else "127.0.0.1:7007"
    c = served(to, source)
    if c:
        c.close()
        print(source, end=" ")
' "$@"
}

closed_are() { [ "$(logged_times ' closed source=')" -eq "$1" ]; }

all='127.0.0.1 127.0.0.2 127.0.0.3 127.0.0.127 127.0.0.128 127.1.2.3 ::1'

service ''
start
expect "served without lists" "$all " "$(ask_from $all)"
wait_for 10 closed_are 7 || fail "7 were served, and $(logged_times ' closed source=') have a line"

service 'allow = {"127.0.0.0/24", "::1"} deny = {"127.0.0.3", "127.0.0.128/25"}'
renew echo
expect "served with allow and deny" "127.0.0.1 127.0.0.2 127.0.0.127 ::1 " "$(ask_from $all)"
wait_log 'service=echo .*refused source=127\.0\.0\.(3|128):[0-9]+ reason=denied'
wait_for 10 closed_are 4 || fail "4 were served, and $(logged_times ' closed source=') have a line"
logged 'closed source=127.0.0.3' && fail "a refused connection has a line of a served one"

service 'deny = {"127.0.0.2/31", "::/0"}'
renew echo
expect "served with deny alone" "127.0.0.1 127.0.0.127 127.0.0.128 127.1.2.3 " "$(ask_from $all)"

service 'allow = {"127.1.0.0/16"}'
renew echo
expect "served with allow alone" "127.1.2.3 " "$(ask_from $all)"

service 'allow = {"127.0.0.1", "127.0.0.2"} deny = {"0.0.0.0/0"}'
renew echo
expect "served with everything denied" "" "$(ask_from $all)"
# Of a unix socket the mode decides.
answers "unix:$dir/s" || fail "a client of the unix socket is refused"
stop
