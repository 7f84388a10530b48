# The supplementary groups of group(5) are the worker's.
. "$(dirname "$0")/lib.sh" root

[ "$SOCKD_TEST_NS" = all ] || skip "needs a mount namespace"
cp /etc/group "$dir/group"
printf 'sockdtest:x:54321:daemon\n' >>"$dir/group"
mount --bind "$dir/group" /etc/group || skip "cannot mount"
[[ " $(id -G daemon) " == *" 54321 "* ]] || skip "groups do not come from the file"
conf 'user = "daemon"
service echo { listen = {"127.0.0.1:7"} handler = "echo" workers = 1 }'
start
got=$(sed -n 's/^Groups:\t//p' "/proc/$(workers echo)/status")
[[ " $got " == *" 54321 "* ]] || fail "groups of the worker: $got"
[[ " $got " == *" 0 "* ]] && fail "the worker is in group 0"
stop
umount /etc/group
