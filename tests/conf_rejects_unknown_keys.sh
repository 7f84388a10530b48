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
rejects "a key of a later version" 'service echo {
	listen = {"127.0.0.1:7001"}
	handler = "echo"
	chroot = "/"
}' 'sockd\.conf:4: .*chroot'
