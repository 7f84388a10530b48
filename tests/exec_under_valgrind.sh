# Under valgrind: starting programs, and failing to, touches no memory that it should not. There the
# child gets a copy of the memory, so that a failure shows as exit status 127.
. "$(dirname "$0")/lib.sh" valgrind

nm "$SOCKD" 2>/dev/null | grep -q __asan_init && skip "sanitizers and valgrind exclude each other"
cp /bin/cat "$dir/program"
mkdir -m 1777 "$dir/vg"
conf "service exec { listen = '127.0.0.1:7007' handler = 'exec' workers = 1 command = {'$dir/program'} idle-timeout = 60 }"
prefix=(valgrind -q --vgdb=no --error-exitcode=99 --leak-check=full "--errors-for-leak-kinds=definite,indirect"
	--trace-children=yes "--trace-children-skip=*/program" --log-file="$dir/vg/%p")
start
expect "answer" ping "$(ask 127.0.0.1:7007 ping)"
expect "answer" pong "$(ask 127.0.0.1:7007 pong)"
rm "$dir/program"
expect "answer of nobody" "" "$(ask 127.0.0.1:7007 x)"
wait_log 'end=(exited .*exit=127|exec-failed)' 30
kill -TERM "$master"
wait_exit 60
expect "what valgrind found" "" "$(cat "$dir"/vg/*)"
expect "exit status" 0 $status
