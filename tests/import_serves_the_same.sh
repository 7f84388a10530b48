# Services of inetd.conf and xinetd.conf, imported and served by sockd, answer as they did.
. "$(dirname "$0")/lib.sh" nc

import=${SOCKD%/*}/sockd-import
user=$(id -un)

cat >"$dir/inetd.conf" <<END
7001 stream tcp nowait $user /bin/cat cat
127.0.0.1:7002 stream tcp nowait $user /bin/sh sh -c 'echo "\$TCPLOCALPORT \$*"' sh "two words" it\\'s
7003 stream tcp wait $user /bin/cat cat
END
cat >"$dir/xinetd.conf" <<END
defaults
{
	only_from = 127.0.0.0
}
service echo
{
	type = INTERNAL UNLISTED
	port = 7011
	wait = no
	no_access = 127.0.0.2
}
service env
{
	type = UNLISTED
	port = 7012
	wait = no
	user = $user
	server = /usr/bin/env
	env = GREETING=hello
	umask = 027
	rlimit_files = 33
}
service limits
{
	type = UNLISTED
	port = 7013
	wait = no
	user = $user
	server = /bin/sh
	server_args = $dir/limits
	umask = 027
	rlimit_files = 33
	nice = 3
}
service relay
{
	type = UNLISTED
	port = 7015
	wait = no
	redirect = 127.0.0.1 7016
}
service off
{
	type = UNLISTED
	port = 7014
	wait = no
	user = $user
	server = /bin/cat
	disable = yes
}
END
echo 'echo $(umask) $(ulimit -n) $(nice)' >"$dir/limits"
"$import" "$dir/inetd.conf" "$dir/xinetd.conf" >"$conf" || fail "exit status of sockd-import"
expect "services" "# 6 on, 1 off, 1 not imported" "$(grep ' on, ' "$conf")"
pyx 'import socket
s = socket.create_server(("127.0.0.1", 7016))
while True:
    c, _ = s.accept()
    c.sendall(c.recv(99))
    c.close()' &
started+=($!)
wait_for 5 answers 127.0.0.1:7016 || fail "the other server is not there"
start
expect "answer of cat" ping "$(ask 127.0.0.1:7001 ping)"
expect "answer of cat over IPv6" ping "$(ask '[::1]:7001' ping)"
expect "answer of sh" "7002 two words it's" "$(ask 127.0.0.1:7002)"
expect "answer of echo" ping "$(ask 127.0.0.1:7011 ping)"
expect "answer of echo to one that no_access names" "" "$(echo ping | nc -N -s 127.0.0.2 -w 5 127.0.0.1 7011 2>/dev/null)"
expect "answer through the relay" ping "$(ask 127.0.0.1:7015 ping)"
expect_match "environment" "GREETING=hello" "$(ask 127.0.0.1:7012)"
expect "umask, limit and nice" "0027 33 3" "$(ask 127.0.0.1:7013)"
stop

# Each alone, included by settings that are there already: those stay as they are.
for from in inetd xinetd; do
	"$import" "$dir/$from.conf" >"$dir/$from.sockd"
done
conf "service before { listen = {'127.0.0.1:7020'} handler = exec command = {'/bin/cat'} }"
effective() { "$SOCKD" -T -f "$conf" | sed -n '/^service before/,/^}/p'; }
before=$(effective)
echo "include('$dir/*.sockd')" >>"$conf"
accepts "two imports beside each other" "$(cat "$conf")"
expect "a service that was there" "$before" "$(effective)"
