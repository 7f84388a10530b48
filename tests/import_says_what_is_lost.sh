# sockd-import: every field of inetd.conf and every attribute of xinetd.conf becomes a key or a comment;
# errors name file and line; what cannot be read or written is told.
. "$(dirname "$0")/lib.sh"

import=${SOCKD%/*}/sockd-import

# imports ARG...: $out, $err and $status.
imports()
{
	"$import" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	out=$(cat "$dir/out")
	err=$(cat "$dir/err")
}

# section NAME: its lines and the comments above it.
section()
{
	awk -v name="$1" 'BEGIN { RS = "" } $0 ~ "(^|\n)service " name " {" { print }' "$dir/out"
}

for f in inetd xinetd; do
	(cd "$tests/import" && "$import" -n $f.conf) >"$dir/out" 2>"$dir/err" || fail "exit status for $f.conf"
	diff -u "$tests/import/$f.out" "$dir/out" || fail "$f.conf is not what $f.out says"
	expect "stderr for $f.conf" "" "$(cat "$dir/err")"
done

# What is wrong is told with its place, and the rest is imported.
printf '%s\n' '# x' '' 'finger stream tcp nowait' '7001 stream tcp nowait nobody /bin/cat cat' >"$dir/inetd.conf"
imports "$dir/inetd.conf"
expect "exit status for a line that is too short" 1 $status
expect "error for it" \
	"sockd-import: $dir/inetd.conf:3: expected SERVICE TYPE PROTOCOL WAIT USER PROGRAM [ARG...]" "$err"
expect "services beside it" "# 1 on, 0 off, 0 not imported" "$(grep ' on, ' "$dir/out")"
printf '%s\n' 'service a' '{' '  port: 7' '}' 'servise b' 'service c' '{' 'server = /bin/cat' '}' \
	"include $dir/none" 'service e { port = 7 }' 'service d' '{' >"$dir/xinetd.conf"
imports "$dir/xinetd.conf"
expect "exit status for a broken xinetd.conf" 1 $status
for error in '3: expected ATTRIBUTE' '5: expected service NAME' '10: '"$dir/none: No such file" \
	"11: expected '{' on the next" '13: an entry is not closed' '1: a: it has neither server nor redirect'; do
	[[ $err == *"$dir/xinetd.conf:$error"* ]] || fail "no error like $error: $err"
done
expect_match "a service without a port" "left off: listen: '[*]:c': unknown service" "$(section c)"

# What this machine lacks is left off, as inetd does.
printf '%s\n' '7001 stream tcp nowait nouser%d /bin/cat cat' '7002 stream tcp nowait nobody /bin/nocat cat' \
	'noport stream tcp nowait nobody /bin/cat cat' '7003 stream tcp nowait nobody /bin/cat cat' \
	'07003 stream tcp nowait nobody /bin/cat cat' >"$dir/inetd.conf"
imports "$dir/inetd.conf"
expect "services" "# 1 on, 4 off, 0 not imported" "$(grep ' on, ' "$dir/out")"
expect "reasons" "# left off: user: no user 'nouser%d'
# left off: command: '/bin/nocat': No such file or directory
# left off: listen: '*:noport': unknown service in place of the port; expected a port from 0 to 65535 or a name of services(5)
# left off: listen: *:7003 is taken by *:7003 of service 'cat-2'" "$(grep '^# left off' "$dir/out")"

# IPv6 has a line of its own, before or after that of tcp.
for order in 'tcp6 tcp' 'tcp tcp6'; do
	for protocol in $order; do
		echo "7001 stream $protocol nowait nobody /bin/cat cat"
	done >"$dir/inetd.conf"
	imports "$dir/inetd.conf"
	wanted="2 on, 0 off: {'[::]:7001'} {'0.0.0.0:7001'}"
	[ "$order" = 'tcp6 tcp' ] || wanted="1 on, 1 off: {'*:7001'} {'[::]:7001'}"
	expect "addresses of $order" "$wanted" "$(sed -n 's/^# \(.*\), 0 not imported$/\1:/p; s/^\tlisten = //p' "$dir/out" | paste -sd' ')"
done

# Hosts by name; nobody is let in by mistake.
cat >"$dir/xinetd.conf" <<-'END'
	service a
	{
		type = UNLISTED
		port = 7001
		user = nobody
		server = /bin/cat
		only_from = localhost
	}
	service b
	{
		type = UNLISTED
		port = 7002
		user = nobody
		server = /bin/cat
		only_from = no-such-host.invalid
	}
END
imports "$dir/xinetd.conf"
expect_match "a host's name" "allow = [{].*'127.0.0.1'" "$(section a)"
expect_match "a host that has no address" "deny = [{]'0.0.0.0/0', '::/0'[}]" "$(section b)"

# A folder: in the order of bytes, without what editors and packages leave there.
mkdir "$dir/d"
for f in b a a~ a.dpkg-old B; do
	printf '%s\n' "service $f" '{' 'port = 7001' 'type = UNLISTED' 'user = nobody' 'server = /bin/cat' '}' >"$dir/d/$f"
done
echo "includedir $dir/d" >"$dir/xinetd.conf"
imports -n "$dir/xinetd.conf"
expect "services of a folder" "service B { service a { service b {" "$(grep '^service' "$dir/out" | paste -sd' ')"
imports -n "$dir/d"
expect "services of a folder that is named" "service B { service a { service b {" \
	"$(grep '^service' "$dir/out" | paste -sd' ')"

# Files that are none.
imports "$dir/none"
expect "a file that is not there" "1 sockd-import: command line: $dir/none: No such file or directory" "$status $err"
printf 'a\0b' >"$dir/nul"
imports "$dir/nul"
expect "a NUL byte" "1 sockd-import: $dir/nul: a NUL byte is in it" "$status $err"
echo "include $dir/loop" >"$dir/loop"
imports "$dir/loop"
expect "a file that includes itself" "1 sockd-import: $dir/loop:1: files include each other deeper than 8" "$status $err"
printf '7001\033 stream tcp nowait nobody /bin/cat\n' >"$dir/escape"
imports "$dir/escape"
grep -q "^#.*"$'\033' "$dir/out" && fail "an escape sequence reaches a comment: $(cat -v "$dir/out")"

# The file to write to; usage.
imports -n -o "$dir/new" "$tests/import/inetd.conf"
expect "exit status with -o" 0 $status
grep -q '^service cat {' "$dir/new" || fail "nothing was written to the file of -o"
imports -n -o "$dir/new" "$tests/import/inetd.conf"
expect "a file that exists" "1 sockd-import: $dir/new: File exists" "$status $err"
imports -n "$tests/import/inetd.conf" -z
expect_match "usage" "^2 .*usage: sockd-import" "$status $err"
imports -h
expect_match "help" "^0 usage: sockd-import" "$status $out"
imports -V
expect_match "version" "^0 sockd-import [0-9]" "$status $out"
"$import" -n "$tests/import/inetd.conf" >/dev/full 2>"$dir/err"
expect "a full disk" "1 sockd-import: standard output: No space left on device" "$? $(cat "$dir/err")"
imports -x "$tests/import/inetd.conf"
expect "a line of inetd as xinetd's" 1 $status
