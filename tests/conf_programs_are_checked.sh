# Programs, modules and folders must be there, for the user of the service, and inside its chroot.
. "$(dirname "$0")/lib.sh"

script()
{
	printf '%s' "$2" >"$dir/$1"
	chmod 755 "$dir/$1"
}
# exec WHAT KEYS EXPECTED: the keys, on line 4, give this error.
exec_rejects()
{
	rejects "$1" "service x {
	listen = {'127.0.0.1:7001'}
	handler = 'exec'
	$2
}" "sockd\\.conf:4: $3"
}
exec_accepts()
{
	accepts "$1" "service x { listen = {'127.0.0.1:7001'} handler = 'exec' $2 }"
}

script good '#!/bin/sh
'
script spaced '#! 	/bin/sh -e
'
script bare 'echo hello
'
script lost '#!/no/such/interpreter -x
'
script dos '#!/bin/sh
'
script near '#!sh
'
script loop "#!$dir/loop
"
script empty ''
script plain '#!/bin/sh
'
chmod 644 "$dir/plain"
mkdir "$dir/folder"
ln -s loose "$dir/loose"
for name in good spaced; do
	exec_accepts "$name" "command = {'$dir/$name'}"
done
exec_accepts "an empty argument" "command = {cat, '', 'a b', '%s'}"
exec_rejects "a name that is nowhere" "command = no-such-program" "command: 'no-such-program'.* /usr/local/sbin:.*:/bin\$"
exec_rejects "a relative path" "command = './good'" "command: './good': .*absolute"
exec_rejects "no name" "command = ''" "command: '': .*absolute"
exec_rejects "a missing program" "command = '$dir/none'" "command: '$dir/none': No such file"
exec_rejects "a command line in one item" "command = '$dir/good now'" \
	"command: '$dir/good now': No such file or directory; arguments are items of their own"
exec_rejects "a folder" "command = '$dir/folder'" "command: .*not a regular file"
exec_rejects "a link to itself" "command = '$dir/loose'" "command: .*symbolic links"
exec_rejects "a script without interpreter" "command = '$dir/bare'" "command: .*script without an interpreter line"
exec_rejects "an empty file" "command = '$dir/empty'" "command: .*script without an interpreter line"
exec_rejects "a missing interpreter" "command = '$dir/lost'" "command: .*interpreter '/no/such/interpreter': No such file"
sed -i 's/$/\r/' "$dir/dos"
exec_rejects "lines as of DOS" "command = '$dir/dos'" "command: .*interpreter '/bin/sh.x0d': No such file"
exec_rejects "a relative interpreter" "command = '$dir/near'" "command: .*interpreter 'sh': expected an absolute"
exec_rejects "its own interpreter" "command = '$dir/loop'" "command: .*loop': Too many"
exec_rejects "a file that is no program" "command = '$dir/plain'" "command: .*plain': Permission denied"
rejects "a service without command" "service x {
	listen = {'127.0.0.1:7001'}
	handler = 'program'
}" "sockd\\.conf:1: command: service 'x' needs one"

exec_accepts "a folder to stand in" "command = cat directory = '$dir/folder'"
exec_rejects "a missing folder" "command = cat directory = '$dir/none'" "directory: '$dir/none': No such file"
exec_rejects "a file as folder" "command = cat directory = '$dir/good'" "directory: .*not a folder"

# The first program of the search path that will do.
run -T -o command=cat -L 127.0.0.1:7001 exec
expect_match "dump" "command = \\{'/(usr/)?bin/cat'\\}" "$out"

exec_accepts "variables" "command = cat environment = {'PATH=/x', 'LANG=C.UTF-8', '_a1=', 'PROTOCOL=x'} pass-environment = {TZ, PATH}"
for bad in A 1A=x =x 'A B=x' 'Ä=x'; do
	exec_rejects "the variable $bad" "command = cat environment = '$bad'" "environment: '.*': expected NAME=VALUE"
done
for name in PROTO TCPREMOTEIP REMOTE_HOST SOCKD_SERVICE LISTEN_FDS NOTIFY_SOCKET SERVER_STARTER_PORT EINHORN_FD_0; do
	exec_rejects "$name" "command = cat environment = '$name=x'" "environment: '$name=x': sockd sets"
	exec_rejects "$name passed on" "command = cat pass-environment = '$name'" "pass-environment: '$name': sockd sets"
done
exec_rejects "a variable twice" "command = cat environment = {'A=1', 'AA=2', 'A=3'}" "environment: 'A=3': given twice"
exec_rejects "a variable passed with a value" "command = cat pass-environment = 'A=1'" "pass-environment: 'A=1': expected the name"

module()
{
	rejects "$1" "service x {
	listen = {'127.0.0.1:7001'}
	handler = 'module'
	module = '$2'
}" "sockd\\.conf:4: module: $3"
}
module "a missing module" "$dir/none.so" ".*No such file"
module "a folder as module" "$dir/folder" ".*not a regular file"
module "a relative module" "x.so" ".*absolute path"

# Inside the chroot, where links of the host mean something else.
mkdir -p "$dir/root/bin" "$dir/root/work"
cp "$(readlink -f "$(type -P true)")" "$dir/root/bin/true"
ln -s /bin/true "$dir/root/bin/linked"
ln -s ../../../../../../bin/true "$dir/root/bin/climbing"
cp "$dir/good" "$dir/root/bin/script"
for name in true linked climbing /bin/linked; do
	exec_accepts "$name in a chroot" "command = '$name' chroot = '$dir/root' directory = '/work'"
done
exec_rejects "a program outside of the chroot" "chroot = '$dir/root' command = cat" "command: 'cat': .*, inside chroot $dir/root\$"
exec_rejects "an interpreter outside of it" "chroot = '$dir/root' command = script" "command: 'script': .*interpreter '/bin/sh': No such file"
exec_rejects "a folder outside of it" "chroot = '$dir/root' command = true directory = '$dir/root/work'" "directory: .*No such file"
exec_rejects "a missing chroot" "command = cat chroot = '$dir/none'" "chroot: '$dir/none': No such file"
exec_rejects "a file as chroot" "command = cat chroot = '$dir/good'" "chroot: '$dir/good': Not a directory"

# What root may do is not what the user of the service may.
[ "$(id -u)" -eq 0 ] || exit 0
mkdir -m 750 "$dir/closed"
cp "$dir/good" "$dir/closed/good"
chgrp 12345 "$dir/closed"
exec_accepts "a closed folder for root" "command = '$dir/closed/good' user = root"
exec_rejects "a closed folder" "command = '$dir/closed/good' user = daemon" "command: .*Permission denied for user daemon"
exec_accepts "a closed folder for its group" "command = '$dir/closed/good' user = daemon group = 12345"
exec_rejects "a closed folder to stand in" "command = cat directory = '$dir/closed' user = daemon" "directory: .*Permission denied for user daemon"
chmod 700 "$dir/good"
exec_rejects "a program of root" "command = '$dir/good' user = daemon" "command: .*Permission denied for user daemon"
