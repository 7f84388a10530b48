# HOST:PORT with a name of hosts(5), and of services(5).
. "$(dirname "$0")/lib.sh"

getent services echo >/dev/null || skip "needs services(5)"
getent ahosts localhost >/dev/null || skip "needs localhost in hosts(5)"
conf 'service name { listen = {"localhost:7007"} handler = "echo" }
service port { listen = {"127.0.0.1:http-alt"} handler = "echo" }'
getent services http-alt >/dev/null || sed -i s/http-alt/8080/ "$conf"
start
expect "answer of localhost" ping "$(ask 127.0.0.1:7007 ping)"
expect "answer of http-alt" ping "$(ask 127.0.0.1:8080 ping)"
stop

conf 'service name {
	listen = {"no-such-host.invalid:7007"}
	handler = "echo"
}'
run -t -f "$conf"
expect "exit status for an unknown host" 78 $status
expect_match "what is said" "sockd.conf:2: .*no-such-host.invalid" "$err"

conf 'service name {
	listen = {"127.0.0.1:no-such-port"}
	handler = "echo"
}'
run -t -f "$conf"
expect "exit status for an unknown port" 78 $status
expect_match "what is said" "sockd.conf:2: .*no-such-port" "$err"
