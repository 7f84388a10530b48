# The control socket: mode 0660 from birth, gone after the end, replaced after a killed master, none with -L, and
# for an ordinary user who may not have the default one a notice alone.
. "$(dirname "$0")/lib_control.sh" root strace

settings() { conf "$1
service echo { listen = {'127.0.0.1:7001'} handler = echo workers = 2 }"; }
settings ''
prefix=(strace -E ASAN_OPTIONS=detect_leaks=0 -f -q -o "$dir/trace" -e "trace=umask,bind,chmod,fchmod,fchmodat,fchown,fchownat,chown,lchown")
start
expect "mode" "660 0 0" "$(stat -c '%a %u %g' /run/sockd/control)"
expect_match "version" "^ok
sockd [0-9]" "$(ctl version)"
master=$(children "$master")
stop_traced() { kill "$master" && wait_for 10 gone "$master" || fail "it does not stop"; }
stop_traced
[ ! -e /run/sockd/control ] || fail "the socket is still there"
expect "mask at birth" "umask(0177)" "$(grep -B1 'bind(.*"/run/sockd/control"' "$dir/trace" | sed -n 's/^[0-9]* *\(umask([0-7]*)\).*/\1/p')"
expect "mode from then on" "0660" "$(sed -n '/control"/,$s/.*chmod[a-z]*(.*, \(0[0-7]*\)).*/\1/p' "$dir/trace" | head -n 1)"
prefix=()

# killed, while a worker still has a client
start
exec {held}<>/dev/tcp/127.0.0.1/7001
echo a >&$held
read -r -t 5 -u $held answer || fail "no connection"
idle=$(workers echo | grep -vx "$(busy_worker echo)")
kill -KILL "$master"
for pid in $master $idle; do
	wait_for 5 gone "$pid" || fail "$pid outlives KILL of the master"
done
[ -S /run/sockd/control ] || fail "there is no stale socket"
settings 'control-socket = "/run/sockd/control"'
start
expect_match "version" "^ok" "$(ctl version)"
exec {held}>&-
stop

# an own path, and none
settings "control-socket = '$dir/own'"
start
[ -S "$dir/own" ] || fail "no socket at an own path"
[ ! -e /run/sockd/control ] || fail "a socket at the default path, too"
stop
[ ! -e "$dir/own" ] || fail "it is still there"
settings 'control-socket = ""'
start
[ ! -e /run/sockd/control ] || fail "a socket in spite of the settings"
stop
rm "$conf"
rmdir /run/sockd
start -L 127.0.0.1:7001 echo
[ ! -e /run/sockd ] || fail "a socket with -L"
stop

# an ordinary user
settings ''
prefix=(setpriv --reuid=65534 --regid=65534 --clear-groups)
start
wait_log 'notice control-socket /run/sockd/control: its folder cannot be made: Permission denied'
answers 127.0.0.1:7001 || fail "it does not serve"
stop
mkdir -m 777 "$dir/theirs"
settings "control-socket = '$dir/theirs/control'"
start
expect_match "version, asked by root" "^ok" "$(cpy 'print(control("version", sys.argv[1]))' "$dir/theirs/control")"
stop
