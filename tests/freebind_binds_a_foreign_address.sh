# freebind = true binds an address before the host has it.
. "$(dirname "$0")/lib.sh" ip

conf 'service echo { listen = {"192.0.2.1:7001"} handler = "echo" freebind = false }'
run -n -f "$conf"
expect "exit status without freebind" 1 $status
expect_match "what is said" "sockd.conf:1: service 'echo': .*192\.0\.2\.1:7001: Cannot assign requested address.*freebind" "$err"
sed -i 's/false/true/' "$conf"
start
wait_log 'service=echo listening on 192\.0\.2\.1:7001$'
if ip address add 192.0.2.1/32 dev lo 2>/dev/null; then
	expect "answer" ping "$(ask 192.0.2.1:7001 ping)"
fi
stop
