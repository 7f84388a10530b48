# A file that is no settings file is told by name, and never crashes or hangs.
. "$(dirname "$0")/lib.sh"

echo='service echo { listen = {"127.0.0.1:7001"} handler = "echo" }'
rejects "an unclosed section" "$echo
service other {
	listen = {'127.0.0.1:7002'}
	handler = 'echo'" 'sockd\.conf:[0-9]+: '
rejects "an unclosed string" 'service echo { listen = {"127.0.0.1:7001} handler = "echo" }' 'sockd\.conf:[0-9]+: '
rejects "an unclosed comment" "$echo
/* for ever" 'sockd\.conf:[0-9]+: '
rejects "a brace too many" "$echo
}" 'sockd\.conf:2: '
rejects "an empty file" "" 'sockd\.conf.*no service'
rejects "words" "these are words" 'sockd\.conf:1: '

bytes()
{
	run -t -f "$conf"
	expect "exit status for $1" 78 $status
	expect_match "what is said of $1" "$2" "$err"
}
printf '%s\n\0\n' "$echo" >"$conf"
bytes "a NUL byte" 'sockd\.conf:2: .*NUL'
head -c 65536 /dev/urandom >"$conf"
bytes "random bytes" 'sockd\.conf:[0-9]+: '
py 'sys.stdout.write("a {\n" * 200000)' >"$conf"
bytes "200,000 nested sections" 'sockd\.conf:[0-9]+: '
py 'sys.stdout.write("service x { listen = {" + "{" * 200000)' >"$conf"
bytes "200,000 braces" 'sockd\.conf:1: '
py 'sys.stdout.write("text = \"" + "x" * 8000000 + "\"")' >"$conf"
bytes "a string of 8 MB" 'sockd\.conf'
rm "$conf"
bytes "a file that is not there" 'sockd\.conf: No such file or directory'
mkdir "$conf"
bytes "a folder" 'sockd\.conf: .*directory'
rmdir "$conf"
mkfifo "$conf"
run -t -f /dev/null
expect "exit status for /dev/null" 78 $status
expect_match "what is said of /dev/null" "no service" "$err"
