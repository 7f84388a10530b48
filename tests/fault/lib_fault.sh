# lib_fault.sh: what every row of `make check-fault` stands on: lib.sh, and what is demanded whatever the fault is.
#
#	. "$(dirname "$0")/lib_fault.sh" [root] [PROGRAM...]
#
# A service `bystander` is added to all settings, and a client asks it without a pause from the first start() to
# the stop() of the same master. While a fault lasts, fault_lasts says what the master and the bystander do in 10 s.
# The first stop() demands that the fault is over: descriptors, memory, CPU, zombies, the bystander's time.
#
# Time is compared with two baselines: that of the bystander before the fault, and that of another sockd, which
# nobody hurts, in the same seconds. A busy machine slows down both.
#
# A test of tests/ runs under the same demands with SOCKD_TEST_FAULT=1: short_form NAME [VARIABLE=VALUE...].

if [ "$(type -t lib_enter)" != function ]; then
	export SOCKD_TEST_FAULT=1
	# shellcheck source=tests/lib.sh
	. "$(dirname "$0")/../lib.sh" "$@"
	return 0
fi

window=${SOCKD_FAULT_WINDOW:-10}       # s
floor_us=${SOCKD_FAULT_FLOOR_US:-1000} # a baseline below it is taken as this: a scheduler's mood
fault_pid=                             # the master that the baseline is of
probe=$dir/probe

# figure NAME VALUE: for the table.
figure() { echo "FIGURE $1=$2"; }

# short_form NAME [VARIABLE=VALUE...]: a test of tests/, at this length.
short_form()
{
	local name=$1

	shift
	echo "--- $name"
	(
		unset SOCKD_TEST_NS SOCKD_TEST_LO
		exec env "$@" bash "$tests/$name.sh"
	) || exit
}

# --- Measuring --------------------------------------------------------------------------------

now_us() { echo "${EPOCHREALTIME/./}"; }
fault_fds() { find "/proc/$1/fd" -mindepth 1 2>/dev/null | wc -l; }
# Memory of its own, KiB: what it shares with workers is theirs to touch.
fault_kib() { awk '/^RssAnon/ { print $2 }' "/proc/$1/status"; }
# CPU time, ns. Source: Documentation/scheduler/sched-stats.rst
fault_cpu() { cut -d' ' -f1 "/proc/$1/schedstat"; }

# Zombies of the master, and of init, which inherits orphans: none may be there for long.
zombies()
{
	local pid rest

	for pid in /proc/[0-9]*/stat; do
		{ read -r rest <"$pid"; } 2>/dev/null || continue
		rest=${rest##*) }
		[[ $rest == "Z $1 "* ]] && echo "$pid"
	done
}
no_zombies() { [ -z "$(zombies "$1")" ]; }

# p99 WHO FROM TO: in us, of the answers within this time.
p99()
{
	awk -v who="$1" -v from="$2" -v to="$3" '$1 == who && $2 >= from && $2 < to { print $3 }' "$probe" |
		sort -n | awk '{ v[NR] = $1 } END { print NR ? v[int((NR * 99 + 99) / 100)] : 0 }'
}

# --- The bystander ----------------------------------------------------------------------------

fault_bystander="service bystander { listen = '127.0.0.1:7999' handler = echo workers = 4 log-connections = false
	session-timeout = 0 idle-timeout = 0 max-connections = 0 proxy-protocol = off }"

for word in conf start stop; do
	eval "plain_$(declare -f $word)"
done

conf()
{
	plain_conf "$1
$fault_bystander"
}

# A client of the bystander and of another sockd in turn: WHO, when (us), how long (us), or "lost".
probe_begin()
{
	"$SOCKD" -n -l error -L 127.0.0.1:7998 -o workers=4 -o log-connections=false echo </dev/null &
	started+=($!)
	wait_for 10 answers 127.0.0.1:7998 || fail "the sockd to compare with does not answer"
	pyx '
with open(sys.argv[1], "w", buffering=1) as out:
    while True:
        for who, address in ("bystander", "127.0.0.1:7999"), ("reference", "127.0.0.1:7998"):
            begin = time.perf_counter()
            wrong = one_round(address)
            took = time.perf_counter() - begin
            print(who, int(time.time() * 1e6), wrong and "lost: " + wrong or int(took * 1e6), file=out)
        time.sleep(0.003)
' "$probe" &
	probe_pid=$!
	started+=($probe_pid)
}

# --- The demands ------------------------------------------------------------------------------

fault_begin()
{
	local from

	fault_pid=$master
	probe_begin
	wait_for 10 test -s "$probe" || fail "the bystander is not asked"
	# What only the first time takes: symbols that are bound late, and the heap of a reload. For many reloads there
	# must be some more: glibc keeps up to 7 free pieces of each size.
	for _ in $(seq "${SOCKD_FAULT_RELOADS:-1}"); do
		mark
		kill -HUP "$master"
		wait_log 'reload: (done|failed)'
	done
	kill -USR1 "$master"
	wait_log 'service=bystander status '
	from=$(now_us)
	sleep 4 # time is what is measured
	base_us=$(p99 bystander "$from" "$(now_us)")
	base_ref_us=$(p99 reference "$from" "$(now_us)")
	[ "$base_us" -gt 0 ] || fail "the bystander does not answer"
	base_fds=$(fault_fds "$master")
	base_kib=$(fault_kib "$master")
	worst_us=0
}

# fault_measure: $cpu (in 1/1000 of a %), $us and $limit_us in a window from now on.
fault_measure()
{
	local from cpu0 to ref

	from=$(now_us)
	cpu0=$(fault_cpu "$1")
	sleep "$window" # time is what is measured
	to=$(now_us)
	cpu=$((($(fault_cpu "$1") - cpu0) * 100 / (to - from)))
	us=$(p99 bystander "$from" "$to")
	ref=$(p99 reference "$from" "$to")
	limit_us=$base_us
	[ "$ref" -le "$limit_us" ] || limit_us=$ref
	[ "$limit_us" -ge "$floor_us" ] || limit_us=$floor_us
	limit_us=$((limit_us * 2))
}

# fault_lasts WHAT: the master's CPU and the bystander's time in a window of 10 s. A second look forgives noise.
fault_lasts()
{
	local try

	for try in 1 2; do
		fault_measure "$master"
		[ "$cpu" -lt 1000 ] && [ "$us" -lt "$limit_us" ] && [ "$us" -gt 0 ] && break
		echo "$1, look $try: cpu=$(thousandth $cpu)% p99_us=$us limit_us=$limit_us"
	done
	figure "$1" "cpu=$(thousandth "$cpu")%,p99=${us}us"
	[ "$cpu" -lt 1000 ] || fail "$1: the master takes $(thousandth "$cpu") % of a CPU"
	[ "$us" -gt 0 ] || fail "$1: the bystander does not answer"
	[ "$us" -lt "$limit_us" ] || fail "$1: p99 of the bystander is $us us; allowed $limit_us (before: $base_us)"
}

thousandth() { printf '%d.%03d' $(($1 / 1000)) $(($1 % 1000)); }

# fault_over: nothing is left of it. A master other than the first (after an upgrade) is held to the same.
fault_over()
{
	local fds kib lost

	fds_back() { [ "$(fault_fds "$master")" -le "$base_fds" ]; }
	wait_for 15 fds_back || fail "descriptors: $(fault_fds "$master"), before: $base_fds: $(ls -l "/proc/$master/fd")"
	wait_for 5 no_zombies "$master" || fail "zombies: $(zombies "$master")"
	fault_lasts after
	fds=$(($(fault_fds "$master") - base_fds))
	kib=$(($(fault_kib "$master") - base_kib))
	lost=$(grep -c '^bystander.*lost' "$probe")
	figure base "p99=${base_us}us"
	figure left "fds=$fds,memory=${kib}KiB,zombies=0,bystander_lost=$lost"
	[ $kib -lt 256 ] || fail "memory: $kib KiB more than before"
	[ "$lost" -eq "${bystander_may_lose:-0}" ] ||
		fail "the bystander lost $lost rounds: $(grep -m 5 '^bystander.*lost' "$probe")"
	fault_pid=
	kill "$probe_pid"
	wait_for 5 gone "$probe_pid" || fail "the client of the bystander stays"
}

start()
{
	plain_start "$@"
	[ -n "${fault_done:-}" ] || [ -n "$fault_pid" ] || fault_begin
}

stop()
{
	[ -z "$fault_pid" ] || {
		fault_over
		fault_done=yes
	}
	plain_stop "$@"
}
