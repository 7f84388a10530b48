# SIGSTOP of workers, idle and busy ones: no new connection is lost; a busy one is replaced when its session-timeout
# has passed.
. "$(dirname "$0")/lib_fault.sh" root

conf 'service echo { listen = "127.0.0.1:7001" handler = echo workers = 6 session-timeout = 3 log-connections = false }'
start
exec {held}<>/dev/tcp/127.0.0.1/7001
echo x >&$held
read -r -t 5 -u $held _
busy=$(busy_worker echo)
idle=$(workers echo | grep -vx "$busy" | head -n 2)
# shellcheck disable=SC2086
kill -STOP $busy $idle
load_begin 127.0.0.1:7001 3
from=$(now_us)
wait_for 15 gone "$busy" || fail "the stopped worker is still there"
figure replaced "$((($(now_us) - from) / 1000))ms"
fault_lasts stopped
load_end
expect "lost of $load_rounds" 0 "$load_lost"
for pid in $idle; do
	gone "$pid" && fail "the idle worker $pid was not left alone"
	kill -CONT "$pid"
done
exec {held}>&-
wait_workers echo 6
stop
