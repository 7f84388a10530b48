# Failing and good reloads in turn under load: no client notices either.
. "$(dirname "$0")/lib_control.sh"

cp "$top_builddir/tests/modules/hostile.so" "$dir/m.so"
settings()
{
	conf "drain-timeout = 0
service echo { listen = '127.0.0.1:7001' handler = echo workers = 4 umask = $1 log-connections = false }
service m { listen = '127.0.0.1:7002' handler = module module = '$dir/m.so' workers = 2 options = {'init=$2'} }"
}
settings 020 good
start
load_begin 127.0.0.1:7001 8
for i in $(seq 8); do
	settings 0$((20 + i % 5)) fail
	expect_match "failing reload" "^error " "$(ctl reload)"
	settings 0$((21 + i % 5)) good
	expect_match "good reload" "^ok" "$(ctl reload)"
done
load_end
expect "lost of $load_rounds rounds ($(tail -n 1 "$dir/load.out"))" 0 "$load_lost"
wait_workers echo 4
wait_workers m 2
expect "reloads" "(8, 8)" "$(state '(m.reloads_good, m.reloads_bad)')"
stop
