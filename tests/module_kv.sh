# examples/kv.c: what one worker stores all others find; it outlives every worker, and one that dies with the lock
# held. A reload keeps it as long as the module stays.
. "$(dirname "$0")/lib.sh" nc

cp "$top_builddir/examples/kv.so" "$dir/kv.so"
text()
{
	echo "service kv { listen = {\"127.0.0.1:7070\"} handler = module module = '$dir/${2:-kv}.so' workers = 8
		options = {\"max-keys=$1\", \"crash-on=boom\"} }"
}
kv() { printf '%s\n' "$@" | timeout 20 nc -N 127.0.0.1 7070; }
conf "$(text 100)"
start
expect "set" ok "$(kv 'set colour deep blue')"
for i in 1 2 3 4 5 6 7 8; do
	expect "get $i" "value deep blue" "$(kv 'get colour')"
done
expect "many requests" "value 1 value 43 value 40 error not a number ok none none ok value x" \
	"$(kv 'incr n' 'incr n 42' 'incr n -3' 'incr colour' 'del n' 'get n' 'del n' 'set a x' 'get a' | xargs)"
expect "list" "end key a key colour" "$(kv list | sort | xargs)"
expect "list with a prefix" "key colour end" "$(kv 'list co' | xargs)"
expect "CR LF" "value x" "$(printf 'get a\r\n' | nc -N 127.0.0.1 7070)"
expect "quit" "value x" "$(kv 'get a' quit 'get a')"
expect "errors" 9 "$(kv '' foo get 'get a b' 'set k' 'set  v' "set k$(printf %064d 0) v" "set k $(printf %0513d 0)" \
	'incr a 1x' 2>&1 | grep -c '^error')"
expect "the longest key and value" "value $(printf %0512d 7)" \
	"$(kv "set $(printf %064d 0) $(printf %0512d 7)" "get $(printf %064d 0)" | tail -n 1)"
expect "a line without end" "error the line is too long" "$(printf %02000d 0 | nc -N 127.0.0.1 7070)"
expect "NUL bytes" "error a NUL byte error a NUL byte error a NUL byte none" \
	"$(printf 'set z x\0\nset z\0 x\nget z\0\r\nget z\n' | nc -N 127.0.0.1 7070 | xargs)"
expect "a number that is too large" "ok error the number would be too large" \
	"$(kv "set big 9223372036854775807" "incr big" | xargs)"
expect "too many keys" "error too many keys" "$(seq 200 | sed 's/.*/set t& &/' | nc -N 127.0.0.1 7070 | grep -v ok | uniq)"
expect "keys at most" 100 "$(kv list | grep -c ^key)"
expect "all deleted" 100 "$(kv list | sed -n 's/^key/del/p' | nc -N 127.0.0.1 7070 | grep -c ok)"

# Eight clients add at the same time.
for i in 1 2 3 4 5 6 7 8; do
	yes 'incr sum' | head -n 5000 | nc -N 127.0.0.1 7070 >/dev/null &
	adding[i]=$!
done
wait "${adding[@]}"
expect "sum" "value 40000" "$(kv 'get sum')"

# Deaths: with the lock held and half a value written, and all at once.
kv 'set boom 1' >/dev/null
wait_log 'service=kv .*died: killed by signal 6'
expect "after a death with the lock held" "value 40000 none value 40001" "$(kv 'get sum' 'get boom' 'incr sum' | xargs)"
wait_log 'service=kv .*a worker died with the lock held'
# shellcheck disable=SC2046
kill_hard $(workers kv)
wait_workers kv 8
expect "after all workers died" "value 40001" "$(kv 'get sum')"

conf "$(text 200)"
reload
expect "after a reload of options" "value 40001" "$(kv 'get sum')"
cp "$dir/kv.so" "$dir/other.so"
conf "$(text 200 other)"
old=$(workers kv | sort)
reload
left() { [ -z "$(comm -12 <(echo "$old") <(workers kv | sort))" ]; }
wait_for 5 left || fail "old workers stay"
expect "another module finds nothing" none "$(kv 'get sum')"
stop
