# -L ADDRESS HANDLER: one service without a file; -o sets its keys and the global ones.
. "$(dirname "$0")/lib.sh"

start -L 127.0.0.1:7001 echo
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
stop
start --listen '*:7001' --option workers=2 -o 'text="a b"' -o log-level=debug qotd
expect "answer" $'a b\r' "$(ask 127.0.0.1:7001)"
stop
logged ' debug ' || fail "-o log-level=debug has no effect"
start -L 127.0.0.1:7001 -o 'listen={"127.0.0.1:7002", "127.0.0.1:7003"}' echo
for port in 7002 7003; do
	expect "answer of $port" ping "$(ask 127.0.0.1:$port ping)"
done
stop

bad()
{
	local pattern=$1

	shift
	run -n -L 127.0.0.1:7001 "$@"
	expect "exit status of $*" 78 $status
	expect_match "what is said of $*" "$pattern" "$err"
}
bad no-such no-such
bad frobnicate -o frobnicate=1 echo
bad workers -o workers=many echo
run -n -L nonsense echo
expect "exit status for a wrong address" 78 $status
expect_match "what is said" nonsense "$err"

# Without -L a service key has no service to belong to.
conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" }'
run -n -f "$conf" -o workers=2
expect "exit status of -o workers=2 without -L" 78 $status
expect_match "what is said" "workers" "$err"
start -o shutdown-timeout=1 --log-level debug --foreground
stop
run -T -L 127.0.0.1:7001 -o workers=2 echo
expect "exit status of -T with -L" 0 $status
expect_match "dump" "workers = 2" "$out"
