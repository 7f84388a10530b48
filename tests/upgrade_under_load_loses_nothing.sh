# Upgrades under load, of a service with one listener, one with two and one on a unix socket: no connection
# is lost or refused. Each new program can be upgraded again.
. "$(dirname "$0")/lib_upgrade.sh"

conf "service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 4 log-connections = false }
service two { listen = {'127.0.0.1:7002', '[::1]:7002'} handler = 'echo' workers = 2 log-connections = false }
service path { listen = {'unix:$dir/path'} handler = 'echo' workers = 2 log-connections = false }
service any { listen = {'127.0.0.1:0', '127.0.0.1:0'} handler = 'echo' log-connections = false }"
start
first=$master
ports() { ss -Hltn | awk '{ print $4 }' | sort; }
before=$(ports)
inode=$(stat -c %i "$dir/path")
more=()
# A sanitizer slows the new program down, which has 5 s until its first sign of life: leave it some of the CPU.
each=$((${SOCKD_TEST_SLOW:-1} > 1 ? 1 : 2))
load_begin 127.0.0.1:7001 $((2 * each))
: >"$dir/load.go.2"
for address in 127.0.0.1:7002 '[::1]:7002' "unix:$dir/path"; do
	pyx 'load(sys.argv[1], int(sys.argv[3]), sys.argv[2])' "$address" "$dir/load.go.2" $each \
		>"$dir/load.out.${#address}" 2>&1 &
	more+=($!)
	started+=($!)
done
for _ in $(seq "${SOCKD_TEST_UPGRADES:-5}"); do
	upgrade
	wait_for 10 gone "$old" || fail "the old master stays"
	logged 'error' && fail "errors in the log"
done
load_end
rm "$dir/load.go.2"
wait "${more[@]}"
expect "lost of $load_rounds rounds ($(tail -n 1 "$dir/load.out"))" 0 "$load_lost"
for out in "$dir"/load.out.*; do
	expect_match "the load of ${out##*/load.out.}" 'rounds=[1-9][0-9]* lost=0' "$(tail -n 1 "$out")"
done
expect "listening sockets" "$before" "$(ports)"
expect "the unix socket" "$inode" "$(stat -c %i "$dir/path")"
expect "workers" "4 2 2 4" "$(for s in echo two path any; do worker_count $s; done | xargs)"

# What it took over is its own: a reload removes it, a stop refuses clients and unlinks.
sed -i '/7002/d' "$conf"
reload
refuses() { ! answers "$1"; }
wait_for 10 refuses 127.0.0.1:7002 || fail "127.0.0.1:7002 still answers"
upgrade_stop
[ ! -e "$dir/path" ] || fail "the unix socket is still there"
