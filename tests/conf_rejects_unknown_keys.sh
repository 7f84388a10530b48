# An unknown key is an error with file and line, and the nearest key is suggested.
. "$(dirname "$0")/lib.sh"

rejects "a misspelt service key" 'service echo {
	listen = {"127.0.0.1:7001"}
	handler = "echo"
	worker = 4
}' 'sockd\.conf:4: .*worker.*workers'
rejects "a misspelt global key" 'log-levle = info
service echo { listen = {"127.0.0.1:7001"} handler = "echo" }' 'sockd\.conf:1: .*log-levle.*log-level'
rejects "a key that resembles none" '

frobnicate = 1
service echo { listen = {"127.0.0.1:7001"} handler = "echo" }' 'sockd\.conf:3: .*frobnicate'
rejects "a service key among the global ones" 'workers = 4
service echo { listen = {"127.0.0.1:7001"} handler = "echo" }' 'sockd\.conf:1: .*workers'
rejects "a global key in a service" 'service echo {
	listen = {"127.0.0.1:7001"}
	handler = "echo"
	pidfile = "/tmp/x"
}' 'sockd\.conf:4: .*pidfile'
rejects "a misspelt key in defaults" 'defaults {
	backlogg = 4
}
service echo { listen = {"127.0.0.1:7001"} handler = "echo" }' 'sockd\.conf:2: .*backlogg.*backlog'
rejects "an unknown section" 'servise echo { listen = {"127.0.0.1:7001"} handler = "echo" }' 'sockd\.conf:1: .*servise.*service'
rejects "a misspelt handler" 'service echo {
	listen = {"127.0.0.1:7001"}
	handler = "ehco"
}' 'sockd\.conf:3: .*ehco.*echo'
rejects "a key that other servers have" 'service echo {
	listen = {"127.0.0.1:7001"}
	handler = "echo"
	exec = "/bin/cat"
}' 'sockd\.conf:4: .*exec'
rejects "a limit outside of its section" 'service echo {
	listen = {"127.0.0.1:7001"}
	handler = "echo"
	nofile = 64
}' "sockd\\.conf:4: .*nofile.*'nofile' stands in limits"
rejects "a misspelt limit" 'service echo {
	listen = {"127.0.0.1:7001"}
	handler = "echo"
	limits { nofiles = 64 }
}' "sockd\\.conf:4: .*nofiles.*did you mean 'nofile'"
rejects "a service key among the limits" 'service echo {
	limits { workers = 4 }
}' "sockd\\.conf:2: .*workers.*stands in a service"