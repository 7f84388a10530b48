# lib.sh: the bench that every test stands on. A test sources it first:
#
#	. "$(dirname "$0")/lib.sh" [root] [PROGRAM...]
#
# root = needs the real root; any other word is a program that it cannot do without. What is missing
# skips the test. From there on the test runs in a network namespace (and where that is possible in a
# mount and a PID namespace) of its own, so that ports may be fixed and nothing it starts outlives it.
#
# Here and nowhere else may a test wait: wait_for polls a condition and has a deadline.

set -u
export LC_ALL=C
unset LISTEN_PID LISTEN_FDS LISTEN_FDNAMES NOTIFY_SOCKET WATCHDOG_USEC JOURNAL_STREAM

tests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top_srcdir=$(cd "${top_srcdir:-$tests/..}" && pwd)
[ -n "${top_builddir:-}" ] || [ ! -x src/sockd ] || top_builddir=.
top_builddir=$(cd "${top_builddir:-$top_srcdir}" && pwd)
SOCKD=${SOCKD:-$top_builddir/src/sockd}
export top_srcdir top_builddir SOCKD

skip()
{
	echo "SKIP: $*"
	exit 77
}

fail()
{
	echo "FAIL: $*"
	exit 1
}

# expect WHAT EXPECTED GOT
expect()
{
	[ "$2" = "$3" ] && return
	printf 'FAIL: %s\n  expected: %s\n  got:      %s\n' "$1" "$2" "$3"
	exit 1
}

# expect_match WHAT REGEX GOT
expect_match()
{
	[[ $3 =~ $2 ]] && return
	printf 'FAIL: %s\n  expected: something like %s\n  got:      %s\n' "$1" "$2" "$3"
	exit 1
}

python=/usr/bin/python3
[ -x $python ] || python=python3

# Python with tests/client.py at hand, for what a shell cannot do: py 'CODE' [ARG...]
py()
{
	(pyx "$@")
}

# The same in place of the shell: pyx 'CODE' & leaves its pid in $!.
pyx()
{
	local code=$1

	shift
	export PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$tests
	exec $python -s -c "from client import *
$code" "$@"
}

# --- Namespaces -------------------------------------------------------------------------------

lo_up()
{
	ip link set lo up 2>/dev/null || py 'lo_up()'
}

lib_enter()
{
	local self=$1 inner all
	shift

	# A /run of its own too: the control socket and the like have their places there.
	all="-nmp --fork --kill-child --mount-proc"
	if [ "$(id -u)" -eq 0 ]; then
		# shellcheck disable=SC2086
		if unshare $all true 2>/dev/null; then
			# shellcheck disable=SC2016
			SOCKD_TEST_NS=all exec unshare $all bash -c 'mount -t tmpfs -o mode=755 tmpfs /run; exec bash "$@"' \
				bash "$self" "$@"
		fi
		unshare -n true 2>/dev/null || skip "no network namespace can be made"
		SOCKD_TEST_NS=net exec unshare -n bash "$self" "$@"
	fi

	# Root in the outer one, to bring lo up; in the inner one an ordinary user again.
	inner="mount -t tmpfs -o mode=755 tmpfs /run 2>/dev/null; . '$tests/lib.sh' && exec unshare -U --map-user=$(id -u) --map-group=$(id -g) bash \"\$@\""
	unshare -Un true 2>/dev/null || skip "no user namespace can be made"
	# shellcheck disable=SC2086
	if unshare -Ur $all true 2>/dev/null; then
		SOCKD_TEST_NS=user:all exec unshare -Ur $all bash -c "$inner" bash "$self" "$@"
	fi
	SOCKD_TEST_NS=user:net exec unshare -Urn bash -c "$inner" bash "$self" "$@"
}

[ -n "${SOCKD_TEST_NS:-}" ] || for word in "$@"; do
	case $word in
	root) [ "$(id -u)" -eq 0 ] || skip "needs root" ;;
	*) command -v "$word" >/dev/null || skip "needs $word" ;;
	esac
done

case ${SOCKD_TEST_NS:-} in
'') lib_enter "$(readlink -f "$0")" ;;
user:*)
	lo_up || skip "lo cannot be brought up"
	export SOCKD_TEST_NS=${SOCKD_TEST_NS#user:}
	export SOCKD_TEST_LO=1
	return 0
	;;
esac
[ -n "${SOCKD_TEST_LO:-}" ] || lo_up || skip "lo cannot be brought up"

# --- The test's own folder, and the end -------------------------------------------------------

[ -x "$SOCKD" ] || fail "there is no $SOCKD: run make"

dir=$(mktemp -d --suffix=.sockd-test)
chmod 755 "$dir"
conf=$dir/sockd.conf
log=$dir/log
since=1
started=()
master=

# Pids of the children of $1 that are not zombies.
children()
{
	local pid rest

	for pid in $(cat "/proc/$1/task/$1/children" 2>/dev/null); do
		{ read -r rest <"/proc/$pid/stat"; } 2>/dev/null || continue
		[[ ${rest##*) } == Z* ]] || echo "$pid"
	done
}

descendants()
{
	local pid

	for pid in $(children "$1"); do
		descendants "$pid"
		echo "$pid"
	done
}

lib_end()
{
	local status=$? pid left=()

	trap - EXIT
	for pid in "${started[@]}"; do
		[ -d "/proc/$pid" ] || continue
		mapfile -t -O ${#left[@]} left < <(descendants "$pid")
		left+=("$pid")
	done
	[ ${#left[@]} -eq 0 ] || kill -KILL "${left[@]}" 2>/dev/null
	wait 2>/dev/null
	if grep -Eqs 'ERROR: (Address|Leak|Thread)Sanitizer|runtime error:' "$dir"/log* "$dir/err"; then
		echo "FAIL: a sanitizer has something to say"
		[ $status -ne 0 ] || status=1
	fi
	if [ $status -ne 0 ] && [ $status -ne 77 ]; then
		for f in "$dir"/log*; do
			[ -s "$f" ] && echo "--- ${f##*/}" && tail -n 60 "$f"
		done
	fi
	[ ! -d "$dir/dev" ] || umount -Rl "$dir/dev"
	rm -rf --one-file-system "$dir"
	exit $status
}
trap lib_end EXIT
trap 'exit 1' TERM INT HUP

# --- Waiting ----------------------------------------------------------------------------------

# wait_for SECONDS CMD [ARG...]: until CMD succeeds. Returns 1 when the time is over, of which a busy machine
# is given more.
wait_for()
{
	local end=$((${EPOCHREALTIME/./} + $1 * 2500000 * ${SOCKD_TEST_SLOW:-1}))

	shift
	until "$@"; do
		[ "${EPOCHREALTIME/./}" -lt $end ] || return 1
		sleep 0.02
	done
}

# The log from here on: lines before it are not looked at by logged and wait_log.
mark()
{
	since=$(($(wc -l <"$log") + 1))
}

logged()
{
	tail -n "+$since" "$log" | grep -Eq -- "$1"
}

# Number of lines that match.
logged_times()
{
	tail -n "+$since" "$log" | grep -Ec -- "$1"
}

# wait_log REGEX [SECONDS]
wait_log()
{
	wait_for "${2:-10}" logged "$1" || fail "no line in the log within ${2:-10} s like: $1"
}

gone()
{
	local state

	{ read -r state <"/proc/$1/stat"; } 2>/dev/null || return 0
	[[ ${state##*) } == Z* ]]
}

# --- sockd ------------------------------------------------------------------------------------

# conf TEXT: the settings file.
conf()
{
	printf '%s\n' "$1" >"$conf"
}

# run ARG...: sockd to its end, with $out, $err and $status.
run()
{
	"$SOCKD" "$@" >"$dir/out" 2>"$dir/err" </dev/null
	status=$?
	out=$(cat "$dir/out")
	err=$(cat "$dir/err")
}

lib_settled()
{
	gone "$master" || logged '^[^ ]+ [a-z]+ ready services=|"ready'
}

# Functions replace the shell themselves.
run_prefixed()
{
	if [ "$(type -t "${prefix[0]:-}")" = function ]; then
		"${prefix[@]}" "$@"
	fi
	exec "${prefix[@]}" "$@"
}

# launch ARG...: sockd -n in the background, without waiting for anything. $prefix may hold words that
# go before the program's name.
prefix=()
launch()
{
	local args=(-n)

	[ -e "$conf" ] && args+=(-f "$conf")
	: >"$log"
	since=1
	(
		for fd in /proc/self/fd/*; do
			fd=${fd##*/}
			[ "$fd" -gt 2 ] && eval "exec $fd>&-"
		done
		run_prefixed "$SOCKD" "${args[@]}" "$@"
	) >>"$log" 2>&1 </dev/null &
	master=$!
	started+=("$master")
}

# A $prefix: hands sockets over to sockd as systemd does.
# hand_over [--nonblock-on=FIFO | --shutdown-on=FIFO] NAME=ADDRESS... PROGRAM [ARG...]
hand_over()
{
	local sockets=()

	while [[ $1 == *=* ]]; do
		sockets+=("$1")
		shift
	done
	PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$tests \
		exec $python -s -c 'from client import *; hand_over(sys.argv[1:])' "${sockets[@]}" -- "$@"
}

# One ready worker of each service makes it ready: true when the others, too, have the names by which they are found.
lib_named()
{
	local pid name own

	{ read -r own <"/proc/$master/comm"; } 2>/dev/null || return 0
	for pid in $(children "$master"); do
		{ read -r name <"/proc/$pid/comm"; } 2>/dev/null && [ "$name" = "$own" ] && return 1
	done
	return 0
}

# start ARG...: the same, ready.
start()
{
	launch "$@"
	wait_for 20 lib_settled || fail "sockd is not ready after 20 s"
	gone "$master" && fail "sockd left instead of starting"
	wait_for 10 lib_named || fail "a child of the master has no name of its own after 10 s"
}

# wait_exit SECONDS [PID]: until the master has left; $status is what it left with.
wait_exit()
{
	local pid=${2:-$master}

	wait_for "$1" gone "$pid" || fail "process $pid is still there after $1 s"
	wait "$pid"
	status=$?
}

# stop [SIGNAL]: and check that it leaves in peace and leaves nothing behind.
stop()
{
	local pid pids

	pids=$(descendants "$master")
	kill "-${1:-TERM}" "$master"
	wait_exit 10
	expect "exit status after ${1:-TERM}" 0 $status
	for pid in $pids; do
		wait_for 5 gone "$pid" || fail "process $pid ($(cat "/proc/$pid/comm")) was left behind"
	done
}

# reload: HUP, until the new settings are in force.
reload()
{
	mark
	kill -HUP "$master"
	wait_log 'reload: (done|failed)'
	logged 'reload: done' || fail "the reload failed"
}

# renew SERVICE: a reload, until its workers are gone: one that is about to leave may still take a client.
renew()
{
	local pid old

	old=$(workers "$1")
	reload
	for pid in $old; do
		wait_for 10 gone "$pid" || fail "worker $pid stays after the reload"
	done
}

# inject CALLS HOW [PID [OPTION...]]: from now on these system calls of the master end otherwise, as strace(1) says
# under "inject"; those that did are in $dir/trace.
inject()
{
	local pid=${3:-$master}

	attached() { grep -q ' attached' "$dir/strace"; }
	: >"$dir/strace"
	strace -ttt "${@:4}" -o "$dir/trace" -e "trace=$1" -e "inject=$1:$2" -p "$pid" 2>"$dir/strace" &
	tracer=$!
	started+=($tracer)
	wait_for 5 attached && return
	gone "$pid" && fail "process $pid is gone: $(cat "$dir/trace")"
	skip "cannot trace: $(cat "$dir/strace")"
}

injected_times()
{
	grep -c INJECTED "$dir/trace"
}

# injected_slowly N MS: the first N of them take so long at least.
injected_slowly()
{
	local took

	injected() { [ "$(injected_times)" -ge "$1" ]; }
	wait_for 10 injected "$1" || fail "$(injected_times) calls were made and not $1: $(cat "$dir/trace")"
	took=$(awk -v n="$1" '/INJECTED/ { if (!i++) first = $1; if (i == n) printf "%d", ($1 - first) * 1000 }' "$dir/trace")
	[ "$took" -ge "$2" ] || fail "$1 calls were made in $took ms and not $2: $(head -n "$1" "$dir/trace")"
}

inject_end()
{
	kill $tracer
	wait_for 5 gone $tracer || fail "strace stays"
}

# workers SERVICE [MASTER]: their pids, a line each.
workers()
{
	local pid name comm=sockd:$1

	for pid in $(children "${2:-$master}"); do
		{ read -r name <"/proc/$pid/comm"; } 2>/dev/null || continue
		[ "$name" = "${comm:0:15}" ] && echo "$pid"
	done
}

# The worker of SERVICE that serves a connection of TCP, which its client may have half closed.
busy_worker()
{
	local pid sockets

	sockets=$(awk '$4 == "01" || $4 == "08" { print "socket:[" $10 "]" }' /proc/net/tcp /proc/net/tcp6 2>/dev/null)
	for pid in $(workers "$1"); do
		find "/proc/$pid/fd" -lname 'socket:*' -printf '%l\n' 2>/dev/null | grep -qxF "$sockets" && echo "$pid"
	done | tail -n 1
}

# worker_count SERVICE
worker_count()
{
	workers "$1" | wc -l
}

worker_count_is()
{
	[ "$(worker_count "$1")" -eq "$2" ]
}

# wait_workers SERVICE N [SECONDS]
wait_workers()
{
	wait_for "${3:-5}" worker_count_is "$1" "$2" ||
		fail "service $1 has $(worker_count "$1") workers and not $2 after ${3:-5} s"
}

# kill_hard PID...: KILL, and wait until they are gone: one that dies may still take a client.
kill_hard()
{
	local pid

	kill -KILL "$@"
	for pid; do
		wait_for 10 gone "$pid" || fail "process $pid outlives KILL"
	done
}

logger_pid()
{
	local pid name

	for pid in $(children "$master"); do
		{ read -r name <"/proc/$pid/comm"; } 2>/dev/null || continue
		[ "$name" = sockd-logger ] && echo "$pid"
	done
}

# --- Clients ----------------------------------------------------------------------------------

# ask ADDRESS [TEXT]: connect, send TEXT, half-close, print the answer up to the end.
ask()
{
	py 'ask(sys.argv[1], sys.argv[2])' "$1" "${2-}"
}

# answers ADDRESS: true if an echo service there echoes.
answers()
{
	[ "$(ask "$1" ping 2>/dev/null)" = ping ]
}

# squat ADDRESS: somebody else listens there.
squat()
{
	pyx '
s = socket.create_server(target(sys.argv[1])[1])
print("bound", flush=True)
stay()' "$1" >"$dir/squatter" &
	started+=($!)
	wait_for 5 grep -q bound "$dir/squatter" || fail "no squatter"
}

# load_begin ADDRESS CLIENTS [ROUND]: a closed loop of connect, 64 bytes there and back, close; or of
# another ROUND of client.py.
load_begin()
{
	: >"$dir/load.go"
	pyx 'load(sys.argv[1], int(sys.argv[2]), sys.argv[3], one_round=globals()[sys.argv[4]])' "$1" "$2" \
		"$dir/load.go" "${3:-one_round}" >"$dir/load.out" 2>&1 &
	load_pid=$!
	started+=($load_pid)
	wait_for 5 grep -qs begun "$dir/load.out" || fail "no load: $(cat "$dir/load.out")"
}

# load_end: $load_rounds and $load_lost; every kind of failure is a loss.
load_end()
{
	rm -f "$dir/load.go"
	wait $load_pid
	load_rounds=$(sed -n 's/.*rounds=\([0-9]*\).*/\1/p' "$dir/load.out")
	load_lost=$(sed -n 's/.*lost=\([0-9]*\).*/\1/p' "$dir/load.out")
	[ "${load_rounds:-0}" -gt 0 ] || fail "the load did nothing: $(cat "$dir/load.out")"
}

# --- Settings ---------------------------------------------------------------------------------

# conf_keys: every key that there is, a line each, as the dump has them.
conf_keys()
{
	conf 'user = root group = root
service x { listen = "unix:/tmp/x" handler = "qotd" text = "x" user = root group = root socket-user = root socket-group = root }
service e { enabled = no handler = "exec" }
service g { enabled = no handler = "program" }
service m { enabled = no handler = "module" }
service p { enabled = no handler = "proxy" }'
	run -T -f "$conf"
	expect "exit status of -T" 0 $status
	sed -nE 's/^[[:space:]]*([a-z-]+)[[:space:]]*=.*/\1/p' <<<"$out" | sort -u
}

# rejects WHAT TEXT REGEX: sockd -t says so, with exit status 78.
rejects()
{
	conf "$2"
	run -t -f "$conf"
	expect "exit status for $1" 78 $status
	expect_match "what is said of $1" "$3" "$err"
	expect "what is printed for $1" "" "$out"
}

# accepts WHAT TEXT
accepts()
{
	conf "$2"
	run -t -f "$conf"
	expect "what is said of $1" "$conf: ok" "$out$err"
	expect "exit status for $1" 0 $status
}

# --- Faults at full length --------------------------------------------------------------------

# shellcheck source=/dev/null
[ -z "${SOCKD_TEST_FAULT:-}" ] || . "$tests/fault/lib_fault.sh"
