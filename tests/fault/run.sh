#!/bin/bash
# run.sh: `make check-fault`: every fault at full length, one after another, for they measure.
#
#	bash tests/fault/run.sh [NAME...]	all, or these
#
# A line for each with its figures; what it said is in fault-logs/NAME.log of the build directory. Status 1 if one
# has failed, 77 if something is missing that they need.
set -u
here=$(cd "$(dirname "$0")" && pwd)
logs=${top_builddir:-.}/fault-logs
need=(strace:strace nft:nftables prlimit:util-linux setpriv:util-linux unshare:util-linux ss:iproute2 cc:gcc
	python3:python3)
missing=()
for n in "${need[@]}"; do
	command -v "${n%%:*}" >/dev/null || missing+=("${n#*:}")
done
[ "$(id -u)" -eq 0 ] || { echo "check-fault needs root: it makes namespaces, cgroups, firewalls"; exit 77; }
[ ${#missing[@]} -eq 0 ] || { echo "check-fault needs Debian's packages: ${missing[*]}"; exit 77; }

names=("$@")
if [ $# -eq 0 ]; then
	for f in "$here"/*.sh; do
		n=$(basename "$f" .sh)
		[[ $n =~ ^(lib_fault|run|chaos.*)$ ]] || names+=("$n")
	done
	for f in "$here"/chaos*.sh; do
		[ ! -e "$f" ] || names+=("$(basename "$f" .sh)")
	done
fi

mkdir -p "$logs"
passed=0 failed=0 skipped=0
printf '| %-38s | %-5s | %6s | %s\n' fault "" seconds figures
for n in "${names[@]}"; do
	start=$SECONDS
	bash "$here/$n.sh" >"$logs/$n.log" 2>&1 </dev/null
	case $? in
	0) word=good passed=$((passed + 1)) ;;
	77) word=skip skipped=$((skipped + 1)) ;;
	*) word=FAIL failed=$((failed + 1)) ;;
	esac
	printf '| %-38s | %-5s | %6d | %s\n' "$n" $word $((SECONDS - start)) \
		"$(sed -n 's/^FIGURE //p' "$logs/$n.log" | paste -sd' ')"
	[ $word = good ] || grep -E -m 3 -A 2 '^(FAIL|SKIP):' "$logs/$n.log"
done
echo "$passed passed, $failed failed, $skipped skipped; what they said: $logs"
[ $failed -eq 0 ]
