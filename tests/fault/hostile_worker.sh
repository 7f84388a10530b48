# A module that shuts down the listener, makes it non-blocking, writes over all memory that it shares, floods its
# pipes, leaks, closes what it finds, again and again, while the master does all that it is asked for.
. "$(dirname "$0")/lib_fault.sh" root

cp "$top_builddir/tests/modules/hostile.so" "$dir/m.so"
write()
{
	conf "service m { listen = '127.0.0.1:7001' handler = module module = '$dir/m.so' workers = 4 max-workers = 8 spare-workers = 2
	max-per-source = 100 rate = '100000/1' session-timeout = 60 limits { nofile = 100 } max-connections = $1 }"
}
write 1000000
start
deed() { ask 127.0.0.1:7001 "!$1
" >/dev/null 2>&1; }
# Its own service may suffer; not the master, nor its word on the others.
sane()
{
	gone "$master" && fail "the master is gone after $1"
	expect "answer of the bystander after $1" ping "$(ask 127.0.0.1:7999 ping)"
	expect "pids after $1" "$(workers bystander | sort -n | xargs)" \
		"$("$sockctl" -j workers bystander | grep -Eo '"pid": ?[0-9]+' | grep -Eo '[0-9]+' | sort -n | xargs)"
}
bystander=$(workers bystander | sort)
sockctl=${SOCKD%/*}/sockctl
end=$(($(now_us) + ${SECONDS_EACH:-20} * 1000000))
rounds=0
while [ "$(now_us)" -lt $end ]; do
	for what in scribble shutdown nonblock scribble flood leak close-all scribble; do
		deed $what
		for command in status workers recent "scale m $((3 + RANDOM % 4))" diff "pause m" "resume m" "log-level notice"; do
			# shellcheck disable=SC2086
			timeout 20 "$sockctl" $command >/dev/null 2>&1
			[ $? -ne 124 ] || fail "sockctl $command hangs after $what"
		done
		kill -USR1 "$master"
		[ $((rounds % 3)) -ne 0 ] || kill -HUP "$master"
		sane $what
	done
	rounds=$((rounds + 1))
done
figure rounds $rounds
deed scribble
fault_lasts scribbled
# shutdown() of the listener: in use again within a second, with an alarm.
worst=0
for i in 1 2 3 4 5; do
	# shellcheck disable=SC2046
	kill -KILL $(workers m)
	wait_for 5 answers 127.0.0.1:7001 || fail "no answer of new workers"
	mark
	deed shutdown
	from=$(now_us)
	wait_for 1 answers 127.0.0.1:7001 || fail "the listener is not in use again within a second"
	took=$((($(now_us) - from) / 1000))
	[ $took -le $worst ] || worst=$took
	wait_log 'err.* service=m .*listener was shut down' 2
done
figure revived "${worst}ms"
# shellcheck disable=SC2046
kill -KILL $(workers m)
mark
"$sockctl" reload >/dev/null || fail "no reload"
"$sockctl" scale m 4 >/dev/null
expect "workers of the bystander" "$bystander" "$(workers bystander | sort)"
grep -q '\[[0-9]*m\|[^[:print:][:space:]]' "$log" && fail "the log holds bytes that are no text"
wait_workers m 4 60
stop
