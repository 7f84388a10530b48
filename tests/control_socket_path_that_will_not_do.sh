# A control-socket where there is something else: the start fails with the reason, and nothing is overwritten.
. "$(dirname "$0")/lib_control.sh"

# refuses PATH REGEX
refuses()
{
	conf "control-socket = '$1'
service echo { listen = {'127.0.0.1:7001'} handler = echo workers = 1 }"
	launch
	wait_exit 10
	expect "exit status with $1" 1 "$status"
	expect_match "the log" "control-socket $1: $2" "$(cat "$log")"
}
echo precious >"$dir/file"
refuses "$dir/file" 'something that is not a socket stands there'
expect "the file" precious "$(cat "$dir/file")"
ln -s "$dir/nowhere" "$dir/link"
refuses "$dir/link" 'a symbolic link stands there'
expect "the link" "$dir/nowhere" "$(readlink "$dir/link")"
[ ! -e "$dir/nowhere" ] || fail "something was made where the link points"
ln -s "$dir/file" "$dir/link2"
refuses "$dir/link2" 'a symbolic link stands there'
expect "the file" precious "$(cat "$dir/file")"
mkdir "$dir/folder"
refuses "$dir/folder" 'something that is not a socket stands there'
refuses "$dir/missing/control" 'No such file or directory .folder .*/missing'
refuses "$dir/file/control" 'Not a directory'

# another sockd has it; it does not notice
conf "control-socket = '$dir/first'
service one { listen = {'127.0.0.1:7011'} handler = echo workers = 1 }"
start
first=$master
mv "$conf" "$dir/first.conf"
refuses "$dir/first" 'somebody listens there'
master=$first
expect_match "the first one" "^ok" "$(cpy 'print(control("version", sys.argv[1]))' "$dir/first")"

# two that ask for nothing: the second one goes without
conf "service two { listen = {'127.0.0.1:7001'} handler = echo workers = 1 }"
start
second=$master
conf "service three { listen = {'127.0.0.1:7002'} handler = echo workers = 1 }"
start
if [ -S /run/sockd/control ]; then
	wait_log 'notice control-socket /run/sockd/control: somebody listens there'
	stop
	[ -S /run/sockd/control ] || fail "the third one took away the socket of the second"
	expect "services" "['two']" "$(state 'sorted(s)')"
else
	stop
fi
master=$second
stop
