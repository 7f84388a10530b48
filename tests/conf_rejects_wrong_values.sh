# A wrong type or a value out of range is an error that says what was found and what would be right.
. "$(dirname "$0")/lib.sh"

service()
{
	rejects "$1" "service echo {
	listen = {'127.0.0.1:7001'}
	handler = 'echo'
	$1
}" "sockd\\.conf:4: .*$2"
}
global()
{
	rejects "$1" "$1
service echo { listen = {'127.0.0.1:7001'} handler = 'echo' }" "sockd\\.conf:1: .*$2"
}

for key in workers max-workers spare-workers backlog worker-idle max-connections max-connections-jitter; do
	service "$key = many" "$key.*many"
	service "$key = -1" "$key.*-1"
	service "$key = 99999999999999999999" "$key"
	service "$key = 4x" "$key.*4x"
	service "$key = ''" "$key"
done
for key in workers max-workers spare-workers backlog worker-idle; do
	service "$key = 0" "$key.*0"
done
service "max-connections-jitter = 101" "max-connections-jitter.*101.*100"
service "workers = 10001" "workers.*10001.*10000"
for key in enabled freebind log-connections; do
	service "$key = perhaps" "$key.*perhaps.*(true|yes)"
done
service "socket-mode = 0888" "socket-mode.*0888"
service "socket-mode = 01777" "socket-mode.*1777"
service "socket-user = no-such-user" "no-such-user"
service "socket-group = no-such-group" "no-such-group"

for key in shutdown-timeout drain-timeout; do
	global "$key = soon" "$key.*soon"
	global "$key = -1" "$key.*-1"
done
global "log-level = loud" "log-level.*loud.*debug"
global "log-facility = nowhere" "log-facility.*nowhere.*daemon"
global "log-format = xml" "log-format.*xml.*json"
global "pidfile = run/sockd.pid" "pidfile.*run/sockd.pid"
global "control-socket = /run/$(printf '%0103d' 0)" "control-socket.*108 bytes.*107"

bad_listen()
{
	rejects "listen on $1" "service echo {
	handler = 'echo'
	listen = {$1}
}" "sockd\\.conf:3: .*$2"
}
bad_listen "'127.0.0.1'" "127\.0\.0\.1"
bad_listen "'127.0.0.1:70000'" 70000
bad_listen "'127.0.0.1:-1'" -1
bad_listen "'[::1:7001'" "::1"
bad_listen "'::1:7001'" "::1"
bad_listen "'unix:'" unix
bad_listen "'unix:relative'" relative
bad_listen "'127.0.0.1:7001', ''" listen
bad_listen "'1.2.3.400:7001'" "1\.2\.3\.400"
rejects "an empty list of addresses" "service echo {
	handler = 'echo'
	listen = {}
}" 'sockd\.conf:[13]: .*listen'
rejects "a service without listen" "service echo {
	handler = 'echo'
}" 'sockd\.conf:1: .*listen'
rejects "a service without handler" "service echo {
	listen = {'127.0.0.1:7001'}
}" 'sockd\.conf:1: .*handler'
rejects "fewer max-workers than workers" "service echo {
	listen = {'127.0.0.1:7001'}
	handler = 'echo'
	workers = 4
	max-workers = 3
}" 'sockd\.conf:[45]: .*max-workers'
