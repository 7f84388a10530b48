# A program starts with the connection as 0 and 1, the log as 2 and nothing else, no signal blocked or
# ignored, in a session and a group of its own, with its arguments as given.
. "$(dirname "$0")/lib.sh"

cat >"$dir/args" <<'SCRIPT'
#!/bin/sh
for a; do printf '<%s>' "$a"; done
SCRIPT
chmod 755 "$dir/args"
conf "defaults { handler = 'exec' workers = 1 }
service fds { listen = '127.0.0.1:7001' command = {'/bin/ls', '/proc/self/fd'} }
service signals { listen = '127.0.0.1:7002' command = {'/bin/grep', '^Sig[BI]', '/proc/self/status'} }
service stat { listen = '127.0.0.1:7003' command = {'/bin/cat', '/proc/self/stat'} }
service args { listen = '127.0.0.1:7004'
	command = {'$dir/args', 'a b', '\"', '\\'', '\$HOME', '\`id\`', '', '*', '; exit', '%d', 'x\\\\y'} }
service cwd { listen = '127.0.0.1:7005' command = {'/bin/pwd'} }
service links { listen = '127.0.0.1:7006'
	command = {'/bin/sh', '-c', 'readlink /proc/self/fd/0 /proc/\$\$/fd/0 /proc/\$\$/fd/1'} }"
# Ignored and blocked signals of whoever starts sockd are not handed on, real-time ones neither.
prefix=(env "--ignore-signal=PIPE,USR1,HUP,CHLD,RTMIN+3" "--block-signal=INT,RTMAX")
for i in 1 2; do # the first sockd is started by a shell, the second by something less clean
	start
	expect "descriptors" "$(printf '%s\n' 0 1 2 3)" "$(ask 127.0.0.1:7001)" # 3: the folder that ls reads
	expect "signals" "$(printf 'SigBlk:\t%016d\nSigIgn:\t%016d' 0 0)" "$(ask 127.0.0.1:7002)"
	read -r pid _ _ _ group session terminal _ <<<"$(ask 127.0.0.1:7003)"
	expect "group and session" "$pid $pid" "$group $session"
	expect "controlling terminal" 0 "$terminal"
	expect "arguments" "<a b><\"><'><\$HOME><\`id\`><><*><; exit><%d><x\\y>" "$(ask 127.0.0.1:7004)"
	expect "folder" / "$(ask 127.0.0.1:7005)"
	links=$(ask 127.0.0.1:7006 | uniq)
	expect_match "0 and 1" '^socket:\[[0-9]+\]$' "$links"
	stop
done
