# A key that the handler of a service does not have is an error in its section, with the handlers that
# have it. As a default it is for those that can.
. "$(dirname "$0")/lib.sh"

# of HANDLER KEYS: what such a service is in full
of()
{
	echo "service x {
	listen = {'127.0.0.1:7001'} handler = '$1'
	$2
}"
}
refused()
{
	rejects "$2 for $1" "$(of "$1" "$3 $2")" "sockd\\.conf:3: ${2%% *}: handler '$1' does not have it; $4\$"
}
for key in "command = cat" "environment = 'A=1'" "pass-environment = A" "directory = '/'" "stop-signal = INT"; do
	refused echo "$key" "" "these do: exec program"
	accepts "$key for exec" "$(of exec "command = {cat} ${key#command = cat}")"
done
for key in "notify = on" "max-surge = 2"; do
	refused exec "$key" "command = cat" "these do: program"
done
for key in "upstream = '127.0.0.1:1'" "send-proxy = v1" "connect-timeout = 5"; do
	refused chat "$key" "" "these do: proxy"
done
for key in "module = '/bin/sh'" "options = x"; do
	refused echo "$key" "" "these do: module"
done
refused echo "text = x" "" "these do: qotd chat"
for key in "max-workers = 9" "spare-workers = 2" "worker-idle = 9" "max-connections = 5" "max-connections-jitter = 5" \
	"allow = '::1'" "deny = '::1'" "max-per-source = 5" "rate = '1/1'" "rate-per-source = '1/1'" "first-byte-timeout = 5" \
	"idle-timeout = 5" "session-timeout = 5" "proxy-protocol = off" "proxy-trusted = '::1'" "log-connections = no"; do
	refused program "$key" "command = cat" "all others do"
done
rejects "an option for another handler" "$(of echo 'workers = 1')
service y { listen = {'127.0.0.1:7002'} handler = 'echo'
text = a }" "sockd\\.conf:6: text: "
run -t -L 127.0.0.1:7001 -o text=x echo
expect "exit status of a wrong option" 78 $status
expect_match "what is said" "text: handler 'echo' does not have it" "$err"

# Defaults of all kinds fit all handlers; a dump tells of each service what it has.
conf "defaults { command = cat directory = '/tmp' text = t idle-timeout = 7 rate = '1/2' connect-timeout = 3
	allow = '::1' upstream = '127.0.0.1:1' limits { nofile = 64 } }
service a { listen = {'127.0.0.1:7001'} handler = 'echo' }
service b { listen = {'127.0.0.1:7002'} handler = 'program' }
service c { listen = {'127.0.0.1:7003'} handler = 'proxy' }"
run -T -f "$conf"
expect "exit status of the dump" 0 $status
expect "keys that are for some" "allow=2 command=1 connect-timeout=1 directory=1 idle-timeout=2 nofile=3 rate=2 text=0 upstream=1" \
	"$(for key in allow command connect-timeout directory idle-timeout nofile rate text upstream; do
		echo "$key=$(echo "$out" | grep -c "^[[:space:]]*$key = ")"
	done | paste -sd' ')"
accepts "a max-workers for others" "defaults { max-workers = 2 }
service y { listen = {'127.0.0.1:7001'} handler = 'program' command = cat }"

# What cannot be had together, or not at all.
for level in strict basic; do
	rejects "sandbox $level" "$(of echo "sandbox = $level")" "sockd\\.conf:3: sandbox: this build"
done
rejects "new privileges in a sandbox" "$(of echo "no-new-privileges = no")" "sockd\\.conf:3: no-new-privileges: .*sandbox = \"off\""
accepts "new privileges" "$(of echo "no-new-privileges = no sandbox = off")"
accepts "a sandbox as far as it goes" "$(of echo "sandbox = auto")"
