# common.sh: what the bench scripts share. Sourced, never run. Needs root.
#
# Every script runs in network and mount namespaces of its own, on its loopback, with a private /dev/log.
# SOCKD names the program to measure; CC and CFLAGS build the load generator and the yardstick.

set -u
here=$(cd "$(dirname "$0")" && pwd)
PORT=${PORT:-7777}

die() {
	echo "${0##*/}: $*" >&2
	exit 1
}

# Start again inside the namespaces.
if [ -z "${BENCH_INSIDE:-}" ]; then
	[ "$(id -u)" = 0 ] || die "needs root, for its namespaces"
	BENCH_INSIDE=1 exec unshare -n -m --propagation private "$0" "$@"
fi
mount -t tmpfs -o mode=755 tmpfs /run # for the control socket
ip link set lo up

if [ -z "${SOCKD:-}" ]; then
	for SOCKD in ./sockd ./src/sockd "$here/../sockd" "$here/../src/sockd" ""; do
		[ -x "$SOCKD" ] && break
	done
fi
case $SOCKD in
"") die "no sockd found: build it, or set SOCKD" ;;
esac
[ -x "$SOCKD" ] || die "$SOCKD: not a program"

dir=$(mktemp -d)
chmod 755 "$dir"
master= rsyslogd= loader=

cleanup() {
	local pid

	for pid in $loader $master $rsyslogd; do kill "$pid" 2>/dev/null; done
	wait
	umount -R "$dir/dev" 2>/dev/null
	rm -rf --one-file-system "$dir"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

for program in load bare; do
	${CC:-cc} ${CFLAGS:--O2} -std=gnu11 -D_GNU_SOURCE -o "$dir/$program" "$here/$program.c" ||
		die "cannot build $program"
done

# now_ms: milliseconds, for differences
now_ms() { echo $((${EPOCHREALTIME/[.,]/} / 1000)); }

# children PID: direct children, on one line
children() { cat "/proc/$1/task/$1/children" 2>/dev/null; }

# tree PID: the process and all below it
tree() {
	local pid

	echo "$1"
	for pid in $(children "$1"); do tree "$pid"; done
}

# workers PID: children of the master that are workers of the service "bench"
workers() {
	local pid name

	for pid in $(children "$1"); do
		read -r name 2>/dev/null <"/proc/$pid/comm" && [ "$name" = sockd:bench ] && echo "$pid"
	done
}

# cpu_ns PID: time on a CPU of the process, its threads, and all processes below it
cpu_ns() {
	local pid task run rest sum=0

	for pid in $(tree "$1"); do
		for task in "/proc/$pid/task"/*/schedstat; do
			read -r run rest 2>/dev/null <"$task" && sum=$((sum + run))
		done
	done
	echo $sum
}

# until_true SECONDS WHAT COMMAND...: wait until COMMAND succeeds
until_true() {
	local end=$(($(now_ms) + $1 * 1000)) what=$2

	shift 2
	until "$@"; do
		[ "$(now_ms)" -lt $end ] || die "gave up waiting: $what"
		sleep .02
	done
}

# settings WORKERS [LINE]...: a settings file with one service "bench"; LINE stands in its section
settings() {
	local workers=$1

	shift
	{
		echo "user = \"nobody\""
		echo "service bench {"
		echo "	listen = {\"0.0.0.0:$PORT\"}"
		echo "	handler = \"echo\""
		echo "	workers = $workers"
		printf '\t%s\n' "$@"
		echo "}"
	} >"$dir/sockd.conf"
}

has_workers() { [ "$(workers "$master" | wc -l)" -eq "$1" ]; }

# sockd_start WORKERS [OPTION]...: run sockd on those settings, wait until its workers stand
sockd_start() {
	local want=$1

	shift
	"$SOCKD" -n -f "$dir/sockd.conf" "$@" 2>>"$dir/stderr" &
	master=$!
	until_true 30 "$want workers of sockd" has_workers "$want"
	until_true 10 "an answer from sockd" "$dir/load" -c 1 -n 1 "127.0.0.1:$PORT" >/dev/null
}

master_stop() {
	kill -TERM "$master"
	wait "$master"
	master=
}

# load_value KEY LINE: value of KEY in a line of the load generator
load_value() {
	local word

	for word in $2; do
		[ "${word%%=*}" = "$1" ] && echo "${word#*=}" && return
	done
	echo 0
}

# during COMMAND [ARG...]: $line of the load by $CLIENTS while COMMAND runs, and its $status
during() {
	"$dir/load" -c "$CLIENTS" -s 3600 -d 64 "127.0.0.1:$PORT" >"$dir/load.out" &
	loader=$!
	"$@"
	kill -TERM "$loader"
	wait "$loader"
	status=$?
	loader=
	line=$(cat "$dir/load.out")
	echo "$line" >&2
}

# during_table WITH WITHOUT: two such lines beside each other
during_table() {
	echo "| connections a second | $(load_value ops_per_s "$1") | $(load_value ops_per_s "$2") |"
	echo "| lost or refused | $(load_value lost "$1") | $(load_value lost "$2") |"
	echo "| p50, µs | $(load_value p50_us "$1") | $(load_value p50_us "$2") |"
	echo "| p99, µs | $(load_value p99_us "$1") | $(load_value p99_us "$2") |"
}

# median NUMBER...
median() {
	printf '%s\n' "$@" | sort -g | awk '{ v[NR] = $1 }
		END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# syslog_start: a real rsyslogd that owns a private /dev/log and writes every line to $dir/all.log
syslog_start() {
	local name

	command -v rsyslogd >/dev/null || die "rsyslogd is not installed"
	mkdir -p "$dir/dev"
	mount -t tmpfs -o mode=755 none "$dir/dev"
	for name in null zero full random urandom tty; do
		touch "$dir/dev/$name"
		mount --bind "/dev/$name" "$dir/dev/$name"
	done
	ln -s /proc/self/fd "$dir/dev/fd"
	mkdir -m 1777 "$dir/dev/shm"
	mount --rbind "$dir/dev" /dev
	cat >"$dir/rsyslog.conf" <<-CONF
		module(load="imuxsock" SysSock.Name="/dev/log" SysSock.Use="on"
		       SysSock.RateLimit.Interval="0")
		template(name="plain" type="string" string="%programname%: %msg%\n")
		*.* action(type="omfile" file="$dir/all.log" template="plain")
	CONF
	rsyslogd -n -f "$dir/rsyslog.conf" -i "$dir/rsyslogd.pid" &
	rsyslogd=$!
	until_true 10 "rsyslogd" test -S /dev/log
}
