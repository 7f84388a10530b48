# A log that takes no lines holds up nobody; lost lines are counted and told.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_log.sh"

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 4 }'
start -l debug
kill -STOP "$(logger_pid)"
rounds=${SOCKD_TEST_LINES:-30000} # more than all buffers hold
py 'knock("127.0.0.1:7001", int(sys.argv[1]))' "$rounds" || exit 1
expect "answer while the log stands still" ping "$(ask 127.0.0.1:7001 ping)"
kill -CONT "$(logger_pid)"
wait_log 'log lines lost.* lost=[0-9]+' 30
total() { [ $(($(logged_times 'service=echo .*closed') + $(lost_lines 'log lines lost'))) -eq $((rounds + 1)) ]; }
wait_for 30 total || fail "lines that were written and lines that were lost do not add up to $rounds: \
$(logged_times closed) and $(grep -o 'lost=[0-9]*' "$log" | paste -sd' ')"
stop
