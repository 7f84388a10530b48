# A program that takes its time keeps sockd stopping: clients of the status service are told so, old and new, alive
# but not ready; one that says nothing holds up no stop.
. "$(dirname "$0")/lib.sh" curl
. "$tests/lib_status.sh"

conf "service slow { listen = {'127.0.0.1:7001'} handler = 'exec' command = {'/bin/sh', '-c', 'read a; echo \$a'} workers = 1 }
service status { $status_service workers = 5 }"
start
expect "ready" 200 "$(code /readyz)"
exec {held}<>/dev/tcp/127.0.0.1/7001
busy() { [ "$(field slow "['workers']['busy']")" -eq 1 ]; }
wait_for 5 busy || fail "nobody serves the slow client"
exec {ready}<>/dev/tcp/127.0.0.1/8080 {health}<>/dev/tcp/127.0.0.1/8080 {silent}<>/dev/tcp/127.0.0.1/8080
printf 'GET /readyz HTTP/1.1\r\n' >&$ready
printf 'GET /healthz HTTP/1.1\r\n' >&$health
held() { [ "$(field status "['workers']['busy']")" -eq 4 ]; }
wait_for 5 held || fail "the three clients are not served"

mark
kill -TERM "$master"
wait_log stopping
printf 'Host: localhost\r\n\r\n' >&$ready
expect_match "ready while stopping" '^HTTP/1.1 503 Service Unavailable.*stopping' "$(timeout 5 cat <&$ready | tr '\r\n' ' ')"
printf 'Host: localhost\r\n\r\n' >&$health
expect_match "health while stopping" '^HTTP/1.1 200 OK.*ok' "$(timeout 5 cat <&$health | tr '\r\n' ' ')"
expect "ready, to a new client" 503 "$(code /readyz)"
expect "health, to a new client" 200 "$(code /healthz)"
for command in 'pause slow' 'scale slow 2' reload; do
	# shellcheck disable=SC2086
	expect "$command while stopping" "sockctl: sockd is stopping" "$("$top_builddir/src/sockctl" $command 2>&1)"
done
gone "$master" && fail "the master has not waited"
echo slow >&$held
expect "the slow client" slow "$(timeout 5 cat <&$held)"
exec {held}>&-
wait_exit 10
expect "exit status" 0 $status
