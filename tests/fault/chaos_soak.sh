# A seeded chaos soak: ten services under closed-loop clients that check every byte, while workers die and stop, the
# settings change for better and worse, the program is replaced, upstreams and the log fail, clients misbehave.
# A connection may be lost only if its own worker was killed; nothing else is lost, leaks or spins. See chaos.py.
#
# SEED=N repeats the order of the actions; SECONDS_LONG says how long (600). A failure keeps the log in $CHAOS_KEEP.
# CHAOS_ONLY="reload kill" does these things and no others, see the functions do_* of chaos.py.
# Works with a build with sanitizers too.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh" root prlimit

SEED=${SEED:-$(date +%s)}
keep=${CHAOS_KEEP:-/tmp/sockd-chaos-$SEED}
for f in src/sockctl examples/kv.so examples/http.so; do
	[ -e "$top_builddir/$f" ] || fail "there is no $top_builddir/$f: run make check TESTS="
done
mkdir "$dir/bin"
mkdir -m 1777 "$dir/reports"
cp "$SOCKD" "$dir/bin/sockd"
cp "$top_builddir"/examples/{kv,http}.so "$dir"
if grep -q __asan_init "$SOCKD"; then
	options=log_path=$dir/reports/report:handle_segv=0:handle_sigbus=0:handle_abort=0
	export CHAOS_SANITIZED=1 SOCKD_TEST_SLOW=${SOCKD_TEST_SLOW:-3} ASAN_OPTIONS=$options
	export UBSAN_OPTIONS=print_stacktrace=1:$options
fi
echo "SEED=$SEED SECONDS_LONG=${SECONDS_LONG:-600}"
PYTHONDONTWRITEBYTECODE=1 PYTHONPATH=$tests $python -s "$tests/fault/chaos.py" "$dir" "$top_builddir/src/sockctl" "$SEED" \
	"${SECONDS_LONG:-600}" &
started+=($!)
wait $! && exit 0
rm -rf "$keep"
cp -r "$dir" "$keep" && echo "FAIL: SEED=$SEED; what is left of it: $keep"
: >"$log" # told above; not once more
exit 1
