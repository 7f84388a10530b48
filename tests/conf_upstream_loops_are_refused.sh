# A relay to a listener of this sockd, under whatever name, would feed itself.
. "$(dirname "$0")/lib.sh"

# relay LISTEN UPSTREAM...
relay()
{
	text="service front { listen = {'127.0.0.1:7009'} handler = 'proxy'
	upstream = {$2}
}
service back {
	listen = {$1} handler = 'echo' }"
}
loop()
{
	relay "$1" "'127.0.0.1:1', '$2'"
	rejects "$2 with a listener on $1" "$text" "sockd\\.conf:2: upstream: '.*': is a listener of this sockd \\(service 'back'\\): a loop"
}
no_loop()
{
	relay "$1" "'127.0.0.1:1', '$2'"
	accepts "$2 with a listener on $1" "$text"
}
ip addr add 10.77.0.1/24 dev lo 2>/dev/null && mine=10.77.0.1
loop "'127.0.0.1:7001'" 127.0.0.1:7001
loop "'127.0.0.1:7001'" localhost:7001
loop "'127.0.0.1:7001'" '[::ffff:127.0.0.1]:7001'
loop "'*:7001'" 127.0.0.1:7001
loop "'*:7001'" 127.9.9.9:7001
loop "'*:7001'" '[::1]:7001'
loop "'0.0.0.0:7001'" 127.0.0.2:7001
loop "'[::]:7001'" '[::1]:7001'
loop "'unix:/tmp/x.sock'" unix:/tmp/x.sock
[ -z "${mine:-}" ] || loop "'*:7001'" "$mine:7001"
[ -z "${mine:-}" ] || no_loop "'127.0.0.1:7001'" "$mine:7001"
no_loop "'127.0.0.1:7001'" 127.0.0.2:7001
no_loop "'127.0.0.1:7001'" 127.0.0.1:7002
no_loop "'0.0.0.0:7001'" '[::1]:7001'
no_loop "'[::]:7001'" 127.0.0.1:7001
no_loop "'*:7001'" 10.77.0.2:7001
no_loop "'unix:/tmp/x.sock'" unix:/tmp/y.sock
no_loop "'127.0.0.1:7001'" unix:/tmp/x.sock
relay "'127.0.0.1:7001'" "'127.0.0.1:7009'"
rejects "a relay to itself" "$text" "upstream: '127.0.0.1:7009': .*service 'front'"
relay "'127.0.0.1:7001'" "'127.0.0.1:7001'"
accepts "a listener that is switched off" "${text/handler = \'echo\'/handler = \'echo\' enabled = no}"

bad()
{
	relay "'127.0.0.1:7001'" "'$1'"
	rejects "the target $1" "$text" "sockd\\.conf:2: upstream: '.*': $2"
}
for any in '*:80' ':80' '0.0.0.0:80' '[::]:80'; do
	bad "$any" "expected one host"
done
bad 127.0.0.1:0 "expected .*port"
bad 127.0.0.1 "expected"
bad 127.0.0.1:99999 ".*65535"
bad unix:x ".*absolute path"
bad no-such-host.invalid:80 "cannot look up"
rejects "a service without upstream" "service x { listen = {'127.0.0.1:7001'} handler = 'proxy' }" \
	"sockd\\.conf:1: upstream: service 'x' needs one"
