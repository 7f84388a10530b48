# sockctl recent lists the last connections of all services, the newest first: who, how long, how much,
# how it ended or why it was refused.
. "$(dirname "$0")/lib_sockctl.sh"

conf "control-socket = '$control'
service a { listen = '127.0.0.1:7001' handler = echo workers = 2 }
service c { listen = '127.0.0.1:7003' handler = exec workers = 1 command = {'/bin/sh', '-c', 'read a; eval \"\$a\"'} }
service b { listen = '127.0.0.1:7002' handler = echo workers = 1 deny = '127.0.0.9' }"
start
good recent
expect "nothing yet" 1 "$(wc -l <<<"$out")"

ended() { json 'len(x["recent"])' recent; }
ended_are() { [ "$(ended)" = "$1" ]; }
wait_ended() { wait_for 5 ended_are "$1" || fail "$(ended) connections ended, and not $1"; }

ask 127.0.0.1:7001 hello >/dev/null
wait_ended 1
py 'c = Client("127.0.0.1:7002", source="127.0.0.9")
try:
    c.more()
except ConnectionError:
    pass'
wait_ended 2
py 'c = Client("127.0.0.1:7001"); c.send("x"); c.s.recv(1); c.rst()'
wait_ended 3
good recent
expect "services, newest first" "a b a" "$(awk 'NR > 1 { print $3 }' <<<"$out" | xargs)"
expect_match "reset" '^[0-9:]{8} +[0-9.]+m?s +a +127.0.0.1:[0-9]+ +[0-9.]+m?s +1 B +1 B +reset$' "$(sed -n 2p <<<"$out")"
expect_match "refused" ' b +127.0.0.9:[0-9]+ .* refused: denied$' "$(sed -n 3p <<<"$out")"
expect_match "eof" ' 5 B +5 B +eof$' "$(sed -n 4p <<<"$out")"
good recent b
expect "of one service" 2 "$(wc -l <<<"$out")"
good -n 1 recent
expect "one line" 2 "$(wc -l <<<"$out")"
expect_match "the newest one" 'reset$' "$out"
expect "in JSON" "[('a', None, 'reset'), ('b', 'denied', 'refused')]" \
	"$(json '[(r["service"], r["refused"], r["end"]) for r in x["recent"][:2]]' recent)"
good -n 0 recent
expect "no line" 1 "$(wc -l <<<"$out")"
bad 2 'expected a number' -n x recent

# How a program ended.
ask 127.0.0.1:7003 $'exit 3\n' >/dev/null
ask 127.0.0.1:7003 $'kill -USR2 $$\n' >/dev/null
ask 127.0.0.1:7003 $'exit 0\n' >/dev/null
wait_json 3 'len(x["recent"])' recent c
good recent c
expect "ends of programs" "exited exit=0,killed signal=USR2,exited exit=3" \
	"$(sed -n 's/.* B  //; 2,$p' <<<"$out" | paste -sd,)"
expect "in JSON" "[('exited', 0, None), ('killed', None, 'USR2'), ('exited', 3, None)]" \
	"$(json '[(r["end"], r["exit"], r["signal"]) for r in x["recent"]]' recent c)"
expect "in JSON, without a program" "None None" "$(json '"%s %s" % (x["recent"][0]["exit"], x["recent"][0]["signal"])' recent b)"

# Each worker remembers eight.
py 'for i in range(30):
    ask("127.0.0.1:7002", "hello")' >/dev/null
expect "connections of b" 8 "$(json 'len(x["recent"])' recent b)"
stop
