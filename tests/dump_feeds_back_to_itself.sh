# -T prints the effective settings; its output as a file gives the same output.
. "$(dirname "$0")/lib.sh"

same()
{
	run -T -f "$conf"
	expect "exit status of the dump" 0 $status
	expect "stderr of the dump" "" "$err"
	echo "$out" >"$dir/dump.conf"
	run -T -f "$dir/dump.conf"
	expect "dump of the dump of $1" "$(cat "$dir/dump.conf")" "$out"
	run -t -f "$dir/dump.conf"
	expect "check of the dump" "$dir/dump.conf: ok" "$out$err"
}
conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" }'
same "one service"
for key in workers max-workers backlog log-level shutdown-timeout; do
	expect_match "dump" "(^|[[:space:]])$key = " "$(cat "$dir/dump.conf")"
done
conf 'user = root group = "daemon" pidfile = "/tmp/x y" log-level = debug log-facility = local3
log-format = json shutdown-timeout = 1 drain-timeout = 0
defaults { workers = auto max-workers = 99 text = "new\nline \"quote\" \\ \x01 é ${HOME}" }
service a { listen = {"[::1]:0", "*:7001", "unix:/tmp/so ck", "127.0.0.1:7002"} handler = "chat" socket-mode = 0600 socket-user = root socket-group = daemon }
service b { listen = {"127.0.0.1:7003"} enabled = no handler = "qotd" text = '"'it is \${x}'"' freebind = on backlog = 1 }
service c { listen = {":7004"} handler = "time" workers = 1 spare-workers = 2 worker-idle = 3 max-connections = 4 max-connections-jitter = 5 log-connections = off user = daemon group = daemon }'
same "many keys"
conf "user = root group = root
defaults { limits { nofile = 64 as = 1G core = unlimited } rate = 100/60 proxy-trusted = {'10.0.0.0/8', '::1'} directory = '/tmp' command = cat }
service e { listen = {'127.0.0.1:7001'} handler = 'exec' command += {'', '-n', 'it\\'s'} environment = {'A=b c', 'B=\${X}'} pass-environment = {TZ}
	umask = 77 nice = 5 limits { cpu = 3 as = inherit } sandbox = off no-new-privileges = no stop-signal = kill chroot = '/' }
service g { listen = {'127.0.0.1:7002'} handler = 'program' notify = yes max-surge = 3 }
service p { listen = {'127.0.0.1:7003'} handler = 'proxy' upstream = {'localhost:9', 'unix:/x'} send-proxy = v2 connect-timeout = 3
	proxy-protocol = any proxy-trusted += {'file:$dir/more'} allow = {'::ffff:10.0.0.0/104'} deny = 'file:$dir/more' }
service q { listen = {'127.0.0.1:7004'} handler = 'echo' rate = '' rate-per-source = 1000000000/31536000 max-per-source = 5 idle-timeout = 1
	nodelay = yes keepalive = 5 defer-accept = 6 fastopen = 7 user-timeout = 8 receive-buffer = 9K send-buffer = 1M }
service m { enabled = no handler = 'module' module = '/x.so' options = {'a=b', ''} }"
echo '192.0.2.0/24 # these' >"$dir/more"
same "keys of single handlers"
conf "$(cat "$top_srcdir/etc/sockd.conf")"
same "the sample"

# Options are part of what is in force.
run -T -f "$conf" -o log-level=error -o shutdown-timeout=7
expect_match "dump with options" "log-level = .?error" "$out"
expect_match "dump with options" "shutdown-timeout = 7" "$out"
