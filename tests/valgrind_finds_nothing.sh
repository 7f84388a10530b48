# Under valgrind: no invalid access and no lost memory in any process, over connections, a death, a
# reload and a stop; the master leaves no descriptor open.
. "$(dirname "$0")/lib.sh" valgrind

nm "$SOCKD" 2>/dev/null | grep -q __asan_init && skip "sanitizers and valgrind exclude each other"
cat >"$conf" <<C
service echo { listen = {"127.0.0.1:7007", "127.0.0.1:7008"} handler = "echo" workers = 2 max-connections = 3 }
service chat { listen = "127.0.0.1:7077" handler = "chat" workers = 2 }
service qotd { listen = "unix:$dir/qotd" handler = "qotd" workers = 2 }
service old { listen = "127.0.0.1:7013" handler = "daytime" workers = 1 max-workers = 3 }
C
prefix=(valgrind -q --vgdb=no --error-exitcode=99 --leak-check=full "--errors-for-leak-kinds=definite,indirect"
	--trace-children=yes --track-fds=yes --log-file="$dir/vg.%p")
start
wait_workers echo 2
for i in 1 2 3 4 5 6 7; do
	expect "answer $i" ping "$(ask 127.0.0.1:7007 ping)"
done
expect_match "the chat's answer" ' here: ' "$(ask 127.0.0.1:7077 $'/who\nhello\n')"
mark
kill -KILL "$(workers echo | head -n 1)"
wait_log 'died: killed by signal 9'
sed -i 's/7008/7009/; /service old/d' "$conf"
kill -HUP "$master"
wait_log 'reload: done' 20
expect "answer on the new address" ping "$(ask 127.0.0.1:7009 ping)"
printf 'service broken {' >>"$conf"
kill -HUP "$master"
wait_log 'reload: failed' 20
kill -TERM "$master"
wait_exit 20
expect "exit status" 0 $status
[ -f "$dir/vg.$master" ] || fail "valgrind wrote nothing about the master"
expect "descriptors that the master left open" "" "$(grep -A2 'Open file' "$dir/vg.$master")"
grep -lE 'Invalid|uninitialised|definitely lost in|indirectly lost in|Syscall param' "$dir"/vg.* |
	while read -r file; do cat "$file"; done >"$dir/found"
expect "what valgrind found" "" "$(cat "$dir/found")"
