# lib_systemd.sh: a real systemd: a small Debian boots in a container of its own, and sockd is installed there
# by `make install`. Sourced in place of lib.sh.
#
# The Debian is made once (half a minute; needs the package mirror) in $SOCKD_TEST_ROOT, which is
# tests/debian-root of the build directory if nothing is said.

root=${SOCKD_TEST_ROOT:-${top_builddir:-.}/tests/debian-root}

# Before lib.sh leaves the network behind.
if [ -z "${SOCKD_TEST_NS:-}" ] && [ "$(id -u)" -eq 0 ] && [ ! -d "$root" ] && command -v mmdebstrap >/dev/null; then
	suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
	mmdebstrap -q --mode=root --variant=apt --include=systemd,systemd-sysv,dbus,procps,libconfuse2 \
		--dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
		"$suite" "$root.$$" && mv -T "$root.$$" "$root"
	rm -rf --one-file-system "$root.$$"
fi

. "$(dirname "$0")/lib.sh" root make mmdebstrap nsenter systemd-nspawn
[ -d "$root" ] || skip "no Debian could be made in $root"
[ "$SOCKD_TEST_NS" = all ] || skip "no mount namespace can be made"

# --- Install ----------------------------------------------------------------------------------

# The machine's tree: what is written goes to memory.
mount -t tmpfs none "$dir"
mkdir "$dir/upper" "$dir/work" "$dir/tree"
tree=$dir/tree
mount -t overlay -o "lowerdir=$root,upperdir=$dir/upper,workdir=$dir/work" none "$tree" ||
	skip "no overlay can be mounted"

env -u MAKEFLAGS -u MFLAGS make -C "$top_builddir" install DESTDIR="$tree" >"$dir/install" 2>&1 ||
	fail "make install: $(cat "$dir/install")"
# installed NAME: where that file is, as the machine sees it
installed() {
	local file

	file=$(find "$dir/upper" -path "*/$1" -type f)
	echo "${file#"$dir/upper"}"
}
service=$(installed system/sockd.service) socket=$(installed system/sockd.socket)
program=$(installed sbin/sockd) sysusers=$(installed sysusers.d/sockd.conf)
settings=$(installed etc/sockd.conf)
[ -n "$service" ] || skip "configured without systemd"

# What an instrumented build wants beside what every Debian has.
ldd "$tree$program" | awk '$3 ~ /^\// { print $3 }' | while read -r lib; do
	[ -e "$tree$lib" ] || install -D "$(readlink -f "$lib")" "$tree$lib"
done
# Its prefix may stand below /tmp, as in distcheck: no clean /tmp at boot, and no tmpfs there.
mkdir -p "$tree/etc/tmpfiles.d"
: >"$tree/etc/tmpfiles.d/tmp.conf"
export SYSTEMD_NSPAWN_TMPFS_TMP=0

mkdir -p "$tree/etc/systemd/system/sockd.service.d"
cat >"$tree/etc/systemd/system/sockd.service.d/test.conf" <<-'CONF'
	[Service]
	Environment=ASAN_OPTIONS=detect_leaks=0
CONF

# --- Boot -------------------------------------------------------------------------------------

mkdir -p /run/systemd/nspawn
mount -t tmpfs none /run/systemd/nspawn
cgroups=()
for base in /sys/fs/cgroup /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; do
	[ ! -f $base/cgroup.procs ] || cgroups+=("$base/${dir##*/}")
done
mkdir "${cgroups[@]}" || skip "no cgroup can be made"
(
	for cgroup in "${cgroups[@]}"; do echo "$BASHPID" >"$cgroup/cgroup.procs"; done
	SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 exec systemd-nspawn -q -b -D "$tree" -M sockd-test --register=no \
		--keep-unit --private-network --console=pipe
) >"$dir/console" 2>&1 </dev/null &
nspawn=$!
disown
started+=($nspawn)

halt() {
	local status=$? cgroup

	if [ $status -ne 0 ] && [ $status -ne 77 ]; then
		echo "--- console" && tail -n 20 "$dir/console"
		echo "--- journal" && inn journalctl --no-pager -n 100 -u 'sockd*'
	fi
	kill -KILL "$init" $nspawn 2>/dev/null
	wait_for 10 gone $nspawn
	for cgroup in "${cgroups[@]}"; do
		wait_for 5 eval "find '$cgroup' -depth -type d -exec rmdir {} + 2>/dev/null"
	done
	umount "$tree" && umount "$dir"
	(exit $status)
	lib_end
}
trap halt EXIT

# init of the machine: systemd once it has been executed
init=
booted() {
	init=$(children $nspawn | head -n 1)
	[ -n "$init" ] && grep -qx systemd "/proc/$init/comm" &&
		[[ $(inn systemctl is-system-running 2>&1) == @(running|degraded) ]]
}
inn() { nsenter -t "$init" -a -- "$@"; }
wait_for 60 booted || skip "systemd does not boot here: $(tail -n 5 "$dir/console")"

# --- Helpers ----------------------------------------------------------------------------------

property() { inn systemctl show -P "$2" "$1"; }
property_is() { [ "$(property "$1" "$2")" = "$3" ]; }
no_sockd() { [ -z "$(inn pgrep sockd)" ]; }

# echo_of TEXT [PORT]: what a client in the machine's network gets back for a line.
echo_of() {
	nsenter -t "$init" -n bash -c '
		exec 3<>"/dev/tcp/127.0.0.1/$2" && echo "$1" >&3 && read -t 10 -r line <&3 && echo "$line"
	' - "$1" "${2:-7007}" 2>/dev/null
}
# shellcheck disable=SC2120
echoes() { [ "$(echo_of ping "${1:-7007}")" = ping ]; }

# A client that stays: `say TEXT` prints what comes back on its one connection.
client_begin() {
	coproc client {
		exec nsenter -t "$init" -n bash -c '
			exec 3<>/dev/tcp/127.0.0.1/7007
			while read -r line && echo "$line" >&3 && read -t 10 -r line <&3; do echo "$line"; done'
	}
	# shellcheck disable=SC2154
	started+=("$client_PID")
}
say() {
	local line=

	echo "$1" >&"${client[1]}"
	read -t 20 -r line <&"${client[0]}"
	echo "$line"
}

# --- Units ------------------------------------------------------------------------------------

# Below a prefix of its own systemd would not look.
inn systemctl -q link "$service" "$socket" || fail "systemctl link $service $socket"
expect "systemd-analyze verify" "" "$(inn systemd-analyze verify --man=no sockd.service sockd.socket 2>&1)"

inn systemd-sysusers "$sysusers" 2>"$dir/sysusers" || fail "systemd-sysusers: $(cat "$dir/sysusers")"
expect "the user of the workers" sockd "$(inn id -un sockd)"
