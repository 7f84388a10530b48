# folder, umask, nice, limits, user, group, chroot and sandbox = "off" are what a program runs with; the
# worker keeps its own limits.
. "$(dirname "$0")/lib.sh" root

# LeakSanitizer hangs in a folder without /proc.
export ASAN_OPTIONS="${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0"
mkdir -p "$dir/root/bin" "$dir/root/inside"
cp /bin/cat "$dir/root/bin/cat"
ldd /bin/cat | grep -o '/[^ ]*' | while read -r lib; do install -D "$lib" "$dir/root$lib"; done
echo 'from inside' >"$dir/root/inside/file"
conf "user = 'nobody'
defaults { handler = 'exec' workers = 1 }
service place { listen = '127.0.0.1:7001' directory = '/usr' umask = 0137 nice = 7
	command = {'/bin/sh', '-c', 'pwd; umask; nice'} }
service limits { listen = '127.0.0.1:7002'
	limits { nofile = 77 as = 104857600 cpu = 33 core = 0 nproc = 222 fsize = 4096 }
	command = {'/bin/cat', '/proc/self/limits'} }
service user { listen = '127.0.0.1:7003' user = 'daemon' group = 'bin' sandbox = 'off'
	command = {'/bin/sh', '-c', 'id -u; id -g; grep NoNewPrivs /proc/self/status'} }
service root { listen = '127.0.0.1:7004' chroot = '$dir/root' directory = '/inside'
	command = {'/bin/cat', 'file'} }
service privileged { listen = '127.0.0.1:7005' sandbox = 'off' no-new-privileges = false
	command = {'/bin/grep', 'NoNewPrivs', '/proc/self/status'} }
service full { listen = '127.0.0.1:7006' limits { fsize = 1000 }
	command = {'/bin/sh', '-c', 'head -c 5000 /dev/zero >\$(mktemp)'} }
service few { listen = '127.0.0.1:7007' limits { nofile = 2000 } command = {'/bin/sh', '-c', 'ulimit -n; ulimit -Hn'} }"
prefix=(prlimit --nofile=1024:4096)
start
expect "folder, umask, nice" "$(printf '%s\n' /usr 0137 7)" "$(ask 127.0.0.1:7001)"
limits=$(ask 127.0.0.1:7002)
for want in 'Max open files 77 77' 'Max address space 104857600 104857600' 'Max cpu time 33 33' \
	'Max core file size 0 0' 'Max processes 222 222' 'Max file size 4096 4096'; do
	grep -Eq "^${want// / +}( |\$)" <<<"$limits" || fail "no limit '$want' in $limits"
done
expect "open files of the worker" 1024 \
	"$(awk '/^Max open files/ { print $4 }' "/proc/$(workers limits)/limits")"
expect "user, group" "$(printf '%s\n' "$(id -u daemon)" "$(getent group bin | cut -d: -f3)" $'NoNewPrivs:\t1')" \
	"$(ask 127.0.0.1:7003)"
expect "file of the chroot" 'from inside' "$(ask 127.0.0.1:7004)"
expect "no-new-privileges = false" $'NoNewPrivs:\t0' "$(ask 127.0.0.1:7005)"
expect "limit above that of sockd" $'2000\n2000' "$(ask 127.0.0.1:7007)"
ask 127.0.0.1:7006 x
wait_log 'service=full .* closed .* (signal=XFSZ|exit=1|exit=153)'
stop
