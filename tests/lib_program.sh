# lib_program.sh: what the tests of programs that accept by themselves share. Sourced in place of lib.sh.
#
# The program answers every request on 127.0.0.1:7001 with a header "X-Round: $ROUND" and the body "hello\n".
# $program holds the keys that tell how it is run, $held how many connections one of them holds at most.
# Its files stand in $dir, which its command line names.

. "$(dirname "$0")/lib.sh" "$@"
program= held=

program_conf()
{
	conf "service app {
		listen = {'127.0.0.1:7001'}
		handler = 'program'
		workers = 2
		environment = {'ROUND=$1'}
		$program
	}"
}

# Pids of the programs that sockd has started.
programs()
{
	local pid name

	for pid in $(children "$master"); do
		{ read -r name <"/proc/$pid/comm"; } 2>/dev/null && [[ $name != sockd* ]] && echo "$pid"
	done
}

program_count_is() { [ "$(programs | wc -l)" -eq "$1" ]; }
program_gone() { [ -z "$(comm -12 <(echo "$1" | sort) <(programs | sort))" ]; }
program_left() { pgrep -f "[ /]${dir#/}"; }
program_all_gone() { ! program_left >/dev/null; }
program_round() { ask 127.0.0.1:7001 $'GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n' | sed -n 's/^X-Round: \([^\r]*\).*/\1/ip'; }
program_round_is() { [ "$(program_round)" = "$1" ]; }

program_start()
{
	program_conf 0
	start
	# started is not ready: the queue holds the first client meanwhile
	expect "round at first" 0 "$(program_round)"
	program_count_is 2 || fail "programs: $(programs | wc -l), and not 2"
}

# Reloads that replace the programs, then the handler, and back, under load: nobody is lost.
program_survives_reloads()
{
	local round old

	load_begin 127.0.0.1:7001 4 http_round
	for round in 1 2 3; do
		old=$(programs)
		program_conf $round
		reload
		wait_for 20 program_gone "$old" || fail "old programs stay after reload $round"
		expect "round" $round "$(program_round)"
	done
	conf "service app { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 6 log-connections = false }"
	reload
	wait_for 20 program_count_is 0 || fail "programs stay beside the handler that replaces them"
	expect "echo in place of the program" ping "$(ask 127.0.0.1:7001 ping)"
	program_conf 4
	reload
	wait_for 20 program_round_is 4 || fail "no program in place of the handler: $(program_round)"
	wait_for 20 program_count_is 2 || fail "programs: $(programs | wc -l), and not 2"
	wait_workers app 0 20
	load_end
	expect "lost of $load_rounds rounds in reloads ($(tail -n 1 "$dir/load.out"))" 0 "$load_lost"
}

# Programs that are killed, alone and with all that they have started: only what they held is lost, and
# they are replaced.
program_survives_kills()
{
	local i victim family kills=4

	load_begin 127.0.0.1:7001 4 http_round
	for i in $(seq $kills); do
		mark
		victim=$(programs | head -n 1)
		[ $((i % 2)) -eq 0 ] && family=$(descendants "$victim") || family=
		kill -KILL "$victim" $family
		wait_log "pid=$victim .*killed by signal 9"
		wait_for 10 program_count_is 2 || fail "no new program after kill $i"
		# it serves: more than the connections under way are answered
		expect "round" 4 "$(program_round)"
	done
	load_end
	[ "$load_lost" -le $((kills * held)) ] ||
		fail "lost more than $kills times $held in kills: $(tail -n 1 "$dir/load.out")"
	grep -q 'connect:\|Timeout\|wrong' "$dir/load.out" &&
		fail "lost otherwise than by the death of who held it: $(tail -n 1 "$dir/load.out")"
}

program_ends()
{
	stop
	wait_for 5 program_all_gone || fail "left behind: $(program_left | xargs ps -o pid,ppid,args -p)"
}
