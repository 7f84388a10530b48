# A program for each connection, under load: reloads that replace its workers, and its handler, lose nobody;
# a worker that is killed loses the one connection it has, and no program stays behind.
. "$(dirname "$0")/lib.sh" pgrep

cp -L "$(command -v cat)" "$dir/cat"
write() { conf "service cat { listen = {'127.0.0.1:7001'} workers = 4 log-connections = false handler = $1 }"; }
by_exec() { write "'exec' command = {'$dir/cat'} environment = {'ROUND=$1'}"; }
by_exec 0
start
load_begin 127.0.0.1:7001 4
for i in 1 2 3 4 5 6; do
	before=$(workers cat)
	[ $((i % 3)) -eq 0 ] && write "'echo'" || by_exec $i
	reload
	replaced() { [ -z "$(comm -12 <(echo "$before" | sort) <(workers cat | sort))" ]; }
	wait_for 10 replaced || fail "old workers stay after reload $i"
done
load_end
expect "lost of $load_rounds rounds in reloads ($(tail -n 1 "$dir/load.out"))" 0 "$load_lost"

by_exec 7
before=$(workers cat)
reload
wait_for 10 replaced || fail "old workers stay after reload 7"
load_begin 127.0.0.1:7001 4
kills=6
for i in $(seq $kills); do
	mark
	victim=$(workers cat | head -n 1)
	kill -KILL "$victim"
	wait_log "pid=$victim died: killed by signal 9"
	wait_workers cat 4
done
load_end
[ "$load_lost" -le $kills ] || fail "lost more than $kills in $kills kills: $(tail -n 1 "$dir/load.out")"
grep -q 'connect:\|Timeout\|wrong' "$dir/load.out" &&
	fail "lost otherwise than by the death of who held it: $(tail -n 1 "$dir/load.out")"
none_left() { ! pgrep -f "^$dir/cat" >/dev/null; }
wait_for 5 none_left || fail "programs are left: $(pgrep -af "^$dir/cat")"
stop
