# A listener that moves from one service to another, and a service that is removed while another is added: while
# the trial fails, both keep what they had, and the way that it blocks too.
. "$(dirname "$0")/lib_control.sh" ss

cp "$top_builddir/tests/modules/hostile.so" "$dir/m.so"
module="handler = module module = '$dir/m.so'"
conf "service a { listen = {'127.0.0.1:7001', '127.0.0.1:7002'} handler = echo workers = 2 }
service b { listen = {'127.0.0.1:7003'} handler = echo workers = 1 }
service c { listen = {'127.0.0.1:7004'} handler = echo workers = 1 }"
start
wait_workers a 2
# Flags of every listening socket, as the workers see it.
flags()
{
	local port users pid fd

	ss -Hltnp | while read -r _ _ _ port _ users; do
		[[ $users =~ \"sockd:[^,]*,pid=([0-9]+),fd=([0-9]+) ]] || continue
		pid=${BASH_REMATCH[1]} fd=${BASH_REMATCH[2]}
		echo "$port $(sed -n 's/flags:\t//p' "/proc/$pid/fdinfo/$fd")"
	done | sort
}
snapshot()
{
	for s in a b c; do workers $s; done
	master_listens
	flags
}
before=$(snapshot)
[ "$(flags | wc -l)" -eq 4 ] || fail "flags of 4 sockets: $(flags)"
# b takes one of a, c goes, d comes with the address of c and one more
bad="service a { listen = {'127.0.0.1:7001'} handler = echo workers = 2 }
service b { listen = {'127.0.0.1:7002', '127.0.0.1:7003'} handler = discard workers = 1 }
service d { listen = {'127.0.0.1:7004', '127.0.0.1:7005'} $module"
for i in 1 2 3; do
	conf "$bad options = {'init=fail'} }"
	expect_match "answer" "^error the old settings stay" "$(ctl reload)"
	same() { [ "$(snapshot)" = "$before" ]; }
	wait_for 5 same || expect "after failing reload $i" "$before" "$(snapshot)"
	for port in 7001 7002 7003 7004; do answers 127.0.0.1:$port || fail "port $port does not answer"; done
	answers 127.0.0.1:7005 && fail "the new port answers"
done
load_begin 127.0.0.1:7004 2
conf "$bad }"
expect_match "answer" "^ok" "$(ctl reload)"
load_end
expect "lost of $load_rounds in the move" 0 "$load_lost"
for port in 7001 7004 7005; do answers 127.0.0.1:$port || fail "port $port does not answer"; done
expect "discard" "" "$(ask 127.0.0.1:7002 ping)"
expect "discard" "" "$(ask 127.0.0.1:7003 ping)"
stop
