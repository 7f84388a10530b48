# -h and -V print and leave with 0; wrong usage is 2.
. "$(dirname "$0")/lib.sh"

for option in -h --help; do
	run $option
	expect "exit status of $option" 0 $status
	expect "stderr of $option" "" "$err"
	for word in --config --foreground --syslog --log-level --test --dump --listen --option --version --help; do
		[[ $out == *"$word"* ]] || fail "$option does not tell of $word"
	done
done
for option in -V --version; do
	run $option
	expect "exit status of $option" 0 $status
	expect_match "what $option prints" '^sockd [0-9]+\.[0-9]+' "$out"
done
# What nobody gets is no success.
for program in sockd sockctl sockd-import; do
	for option in -h -V; do
		"${SOCKD%/*}/$program" $option >/dev/full
		expect "exit status of $program $option on a full disk" 1 $?
	done
done
bad()
{
	run "$@"
	expect "exit status of $*" 2 $status
	expect "stdout of $*" "" "$out"
	[ -n "$err" ] || fail "sockd $* says nothing"
}
conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" }'
bad -Z
bad --no-such-option
bad -f
bad -n extra -f "$conf"
expect_match "what is said of a word too much" "'extra'.* -L ADDRESS" "$err"
bad -n -l loud -f "$conf"
bad -o workers -f "$conf" -n
bad -L 127.0.0.1:7001
bad -L 127.0.0.1:7001 echo extra
expect_match "what is said of a program for echo" "'extra'.*exec and program" "$err"
bad -L 127.0.0.1:7001 -L 127.0.0.1:7002 echo
bad -t -T -f "$conf"
bad -L 127.0.0.1:7001 -f "$conf" echo
