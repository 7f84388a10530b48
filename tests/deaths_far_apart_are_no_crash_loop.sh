# Early deaths are a crash loop if they come in a row; they are none if workers serve their time between
# them or if ten seconds go by: they were added up for ever.
. "$(dirname "$0")/lib.sh" cc
. "$(dirname "$0")/lib_clock.sh"

clock_begin stopped
conf 'service calm { listen = {"127.0.0.1:7001"} handler = "echo" workers = 1 }
service retires { listen = {"127.0.0.1:7002"} handler = "echo" workers = 1 max-connections = 1 max-connections-jitter = 0 }'
start
# crash SERVICE PID EARLY: kill a young worker; which early death in a row is it?
crash()
{
	kill -SEGV "$2"
	wait_log "service=$1 .*pid=$2 died.* early="
	expect_match "death of a worker of $1" "early=$3( |$)" "$(grep "pid=$2 died" "$log")"
}
other() { pid=$(workers "$1" | tail -n 1) && [ -n "$pid" ] && [ "$pid" != "$2" ]; }
next() { wait_for 5 other "$1" "$2" || fail "no new worker of $1 after $2"; }

next calm none
crash calm "$pid" 1
next calm "$pid"
crash calm "$pid" 2
next calm "$pid"
calm=$pid
for i in 1 2 3 4; do
	next retires none
	expect "answer $i" ping "$(ask 127.0.0.1:7002 ping)"
	next retires "$pid"
	crash retires "$pid" 1
	next retires "$pid"
done
clock_forward 11
kill -TTIN "$master"
wait_workers calm 2
next calm "$calm"
crash calm "$pid" 1
wait_workers calm 2
clock_go
stop
