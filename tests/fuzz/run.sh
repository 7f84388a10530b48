#!/bin/bash
# run.sh [NAME...]: build the fuzzers with clang and run each on its corpus. For `make check-fuzz`.
#
#   FUZZ_SECONDS   how long each runs (60)
#
# What they find, and new inputs, stay in fuzz/NAME of the working directory.
set -u

top=$(cd "$(dirname "$0")/../.." && pwd)
CLANG=${CLANG:-clang}
seconds=${FUZZ_SECONDS:-60}
[ $# -gt 0 ] || set -- access addr conf proxy_header status_http

command -v "$CLANG" >/dev/null || {
	echo "run.sh: $CLANG is missing: nothing was fuzzed" >&2
	exit 77
}

# build FUZZER NAME
build() {
	local confuse rooms=("$top"/src/base/*.c "$top"/src/net/*.c)

	[ "$2" != conf ] || rooms+=("$top"/src/conf/*.c)
	[ "$2" != status_http ] || rooms+=("$top"/src/handlers/status_http.c)

	confuse=$(pkg-config --cflags --libs libconfuse) || return
	# shellcheck disable=SC2086 # several words
	"$CLANG" -std=gnu11 -D_GNU_SOURCE '-DSYSCONFDIR="/etc"' '-DRUNSTATEDIR="/run"' -g -O1 \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-I"$top/src" -I"$top/include" -o "$1" "$top/tests/fuzz/$2_fuzz.c" \
		"${rooms[@]}" $confuse
}

status=0
for name; do
	work=fuzz/$name
	mkdir -p "$work/found" "$work/corpus" || exit
	echo "--- $name"
	if ! build "$work/fuzzer" "$name"; then
		status=1
		continue
	fi
	# The words of the settings.
	grep -ohE '"[a-z0-9-]{2,}"' "$top"/src/conf/keys.c "$top"/src/conf/scan.c | sort -u >"$work/words"
	"$work/fuzzer" -dict="$work/words" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -max_len=5000 \
		-print_final_stats=1 -artifact_prefix="$work/found/" "$work/corpus" \
		"$top/tests/fuzz/corpus/$name" >"$work/log" 2>&1 || {
		status=1
		grep -v '^#' "$work/log" | tail -n 60
	}
	grep '^stat::number_of_executed_units' "$work/log"
done
exit $status
