# A failure to bind names service, address and reason; nothing keeps running; exit status 1.
. "$(dirname "$0")/lib.sh"

conf 'service first { listen = {"127.0.0.1:7001"} handler = "echo" }
service second { listen = {"127.0.0.1:7002"} handler = "echo" }'
squat 127.0.0.1:7002
begin=$SECONDS
run -n -f "$conf"
expect "exit status" 1 $status
expect_match "what is said" "sockd.conf:2: service 'second': .*127\.0\.0\.1:7002: .*Address already in use" "$err"
# It is tried for 2 s, since the workers of a killed master may hold it.
[ $((SECONDS - begin)) -le 20 ] || fail "it took $((SECONDS - begin)) s"
answers 127.0.0.1:7001 && fail "something of it is still there"
true
