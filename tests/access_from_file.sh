# allow and deny take files, a prefix a line; 100,000 of them do. A reload reads them again; what is wrong
# in them is told with their own line.
. "$(dirname "$0")/lib.sh"

list=$dir/list
service()
{
	conf "service echo { listen = {\"127.0.0.1:7007\"} handler = \"echo\" workers = 2 $1 }"
}

from()
{
	py '
c = served("127.0.0.1:7007", sys.argv[1])
print("served" if c else "refused")
' "$1"
}

# libconfuse lets a long string grow in small steps, which a sanitizer's allocator makes quadratic.
n=$((100000 / ${SOCKD_TEST_SLOW:-1} / ${SOCKD_TEST_SLOW:-1}))
{
	echo '# somebody else keeps this'
	echo
	py '
for i in range(int(sys.argv[1])):
    print("%d.%d.%d.%d/32" % (20 + i // 65536, i // 256 % 256, i % 256, i % 7 * 2))' $n
	printf '  127.0.0.2 # the one that is tried\r\n2001:db8::/32'
} >"$list"
service "deny = {\"127.0.0.9\", \"file:$list\"}"
start
expect "127.0.0.2, the last but one of $n and 2" refused "$(from 127.0.0.2)"
expect "127.0.0.9, beside the file" refused "$(from 127.0.0.9)"
expect "127.0.0.3" served "$(from 127.0.0.3)"

mark
echo 127.0.0.3 >"$list"
renew echo
expect "127.0.0.3 after the file has changed" refused "$(from 127.0.0.3)"
expect "127.0.0.2 after the file has changed" served "$(from 127.0.0.2)"
run -T -f "$conf"
expect_match "the dump" "deny = \{'127.0.0.9', 'file:$list'\}" "$out"

# Nothing changes while the file is wrong.
mark
printf '127.0.0.3\n\n127.0.0.256\n' >"$list"
kill -HUP "$master"
wait_log "$list:3: "
wait_log 'reload: failed'
expect "127.0.0.3 after a reload that failed" refused "$(from 127.0.0.3)"
run -t -f "$conf"
expect "exit status for a bad line" 78 $status
expect_match "what is said of a bad line" "$conf:1: .*deny.*$list:3: " "$err"
rm "$list"
run -t -f "$conf"
expect "exit status without the file" 78 $status
expect_match "what is said without the file" "$conf:1: .*deny.*$list: No such file" "$err"

# An empty file of those who may would let in everybody.
: >"$list"
service "allow = {\"file:$list\"}"
run -t -f "$conf"
expect "exit status for an empty file" 78 $status
expect_match "what is said of an empty file" "$conf:1: allow: there is no address" "$err"
expect "127.0.0.3 after all that" refused "$(from 127.0.0.3)"
stop
