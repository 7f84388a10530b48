# A line a second for each reason, with the number of those that had none; all are accounted for.
. "$(dirname "$0")/lib.sh"

conf 'service echo { listen = {"127.0.0.1:7007"} handler = "echo" workers = 4 deny = {"127.0.0.2"}
	rate-per-source = "1/100000" }'
start
denied=0
rated=0
begin=${EPOCHREALTIME/./}
py '
denied, rated = 0, 0
served("127.0.0.1:7007")
end = time.monotonic() + 2.5
while time.monotonic() < end:
    served("127.0.0.1:7007", "127.0.0.2")
    served("127.0.0.1:7007")
    denied += 1
    rated += 1
print("denied=%d rated=%d" % (denied, rated))
' >"$dir/told" || fail "the clients: $(cat "$dir/told")"
eval "$(cat "$dir/told")"

# Those that no line has told of yet come with the next.
total() { sed -n "s/.*refused .*reason=$1\( count=\([0-9]*\)\)\?\$/+\2/p" "$log" | sed 's/+$/+1/' | tr -d '\n'; }
is_told()
{
	py 'served("127.0.0.1:7007", sys.argv[1])' "$1"
	eval "$3=\$((\$$3 + 1))"
	[ $((0$(total "$2"))) -eq "${!3}" ]
}
wait_for 5 is_told 127.0.0.2 denied denied || fail "denied: $denied, told of: $(total denied)"
wait_for 5 is_told 127.0.0.1 rate-per-source rated || fail "over the rate: $rated, told of: $(total rate-per-source)"
seconds=$(((${EPOCHREALTIME/./} - begin) / 1000000))
[ "$denied" -gt 20 ] || skip "this machine is too slow: $denied refused in 2.5 s"
for reason in denied rate-per-source; do
	lines=$(logged_times "refused .*reason=$reason( |\$)")
	[ "$lines" -ge 2 ] && [ "$lines" -le $((seconds + 1)) ] || fail "$lines lines about $reason in $seconds s"
done
stop
