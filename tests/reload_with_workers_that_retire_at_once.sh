# The trial worker of a service with max-connections = 1 may have served its connection and left before the
# master looks: that is no failure.
. "$(dirname "$0")/lib_control.sh"

settings()
{
	conf "service once { listen = '127.0.0.1:7001' handler = echo workers = 4 max-connections = 1
	max-connections-jitter = 0 umask = $1 log-connections = false }
service slow { listen = '127.0.0.1:7002' handler = program command = {'/bin/sh', '-c', 'sleep 0.3; exec sleep infinity # $1'} }"
}
settings 022
start
load_begin 127.0.0.1:7001 4
for i in $(seq 6); do
	settings 0$((20 + i % 2))
	expect "reload $i" "ok done" "$(ctl reload | paste -sd' ')"
done
load_end
expect "lost of $load_rounds rounds ($(tail -n 1 "$dir/load.out"))" 0 "$load_lost"
stop
