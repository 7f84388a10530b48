# A key or section that may stand once, two services on one address.
. "$(dirname "$0")/lib.sh"

echo='service echo { listen = {"127.0.0.1:7001"} handler = "echo" }'
rejects "a global key twice" "log-level = info
log-level = debug
$echo" 'sockd\.conf:2: .*log-level.*(line 1|twice|already|:1)'
rejects "a service key twice" 'service echo {
	listen = {"127.0.0.1:7001"}
	handler = "echo"
	workers = 1
	workers = 2
}' 'sockd\.conf:5: .*workers'
rejects "two services of one name" "$echo
service echo { listen = {'127.0.0.1:7002'} handler = 'echo' }" 'sockd\.conf:2: .*echo'
rejects "two sections of defaults" "defaults { workers = 1 }
defaults { workers = 2 }
$echo" 'sockd\.conf:2: .*defaults'
rejects "two services on one address" "$echo
service other { listen = {'127.0.0.1:7001'} handler = 'echo' }" 'sockd\.conf:2: .*127\.0\.0\.1:7001.*echo'
rejects "one address twice in a service" 'service echo {
	listen = {"127.0.0.1:7001", "127.0.0.1:7001"}
	handler = "echo"
}' 'sockd\.conf:2: .*127\.0\.0\.1:7001'
rejects "two services on one path" "service a { listen = {'unix:$dir/s'} handler = 'echo' }
service b { listen = {'unix:$dir/s'} handler = 'echo' }" 'sockd\.conf:2: .*unix:.*/s'
accepts "port 0 twice, and one port on two addresses" 'service a { listen = {"127.0.0.1:0", "127.0.0.1:0"} handler = "echo" }
service b { listen = {"127.0.0.1:0"} handler = "echo" }
service c { listen = {"127.0.0.1:7001"} handler = "echo" }
service d { listen = {"127.0.0.2:7001", "[::1]:7001"} handler = "echo" }'
