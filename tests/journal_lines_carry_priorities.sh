# If JOURNAL_STREAM names stderr, lines carry <N> in place of time and level.
. "$(dirname "$0")/lib.sh"

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 1 }'
: >"$log"
prefix=(env "JOURNAL_STREAM=$(stat -c %d:%i "$log")")
launch
wait_log '^<5>ready services=1 workers=1$'
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
wait_log '^<6>service=echo .*closed'
kill -SEGV "$(workers echo)"
wait_log '^<4>service=echo .*died'
stop
# It names another file: an ordinary stderr.
prefix=(env JOURNAL_STREAM=1:1)
start
stop
grep -q '^<' "$log" && fail "priorities on a stderr that is not the journal"
true
