#!/bin/bash
# The service on a real systemd: a small Debian boots in a container of its own, sockd is installed
# there by `make install`, and then: start, talk, status, reload, a master that is killed, stop, bad
# settings, socket activation.
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

# --- Start, talk, status ----------------------------------------------------------------------

inn systemctl start sockd || fail "systemctl start: $(inn systemctl status sockd)"
echoes || fail "no echo at 127.0.0.1:7007"
expect "who serves" sockd "$(inn ps -eo user:16=,comm= | awk '$2 == "sockd:echo" { print $1 }' | sort -u)"
status=$(property sockd StatusText)
expect_match "systemctl status" 'services 3, workers [1-9]' "$status"
echo "status: $status"

# --- Reload -----------------------------------------------------------------------------------

client_begin
expect "the client's line" one "$(say one)"
master=$(property sockd MainPID)
cp "$tree$settings" "$dir/settings"
echo 'service more { listen = {"127.0.0.1:7008"} handler = "echo" }' >>"$tree$settings"
inn systemctl reload sockd || fail "systemctl reload"
wait_for 10 echoes 7008 || fail "the reload brought no service at 127.0.0.1:7008"
expect "the master after a reload" "$master" "$(property sockd MainPID)"
expect "the client's line after a reload" two "$(say two)"

# --- A master that is killed ------------------------------------------------------------------

recovered() {
	[ "$(property sockd MainPID)" != "$master" ] && property_is sockd SubState running && echoes
}
inn systemctl kill --kill-who=main -s KILL sockd
wait_for 10 recovered || fail "no new master after kill -9: $(inn systemctl status sockd)"
expect "the client's line after kill -9 of its master" three "$(say three)"
expect "restarts" 1 "$(property sockd NRestarts)"

# --- Stop: while a client holds a worker of the dead master -----------------------------------

inn systemctl stop sockd || fail "systemctl stop"
wait_for 2 no_sockd || fail "left after systemctl stop: $(inn pgrep -a sockd)"
expect "the state after a stop" "inactive success" "$(property sockd ActiveState) $(property sockd Result)"
echoes && fail "port 7007 answers after systemctl stop"

# --- Bad settings -----------------------------------------------------------------------------

echo 'no-such-key = 1' >>"$tree$settings"
inn systemctl start sockd 2>/dev/null && fail "systemctl start with bad settings succeeds"
expect "bad settings: status, state, restarts" "78 failed 0" \
	"$(property sockd ExecMainStatus) $(property sockd SubState) $(property sockd NRestarts)"
expect_match "the journal" "sockd.conf:[0-9]+: .*no-such-key" "$(inn journalctl -u sockd --no-pager -o cat -n 20)"
cp "$dir/settings" "$tree$settings"
inn systemctl reset-failed sockd

# --- Socket activation ------------------------------------------------------------------------

inn systemctl start sockd.socket || fail "systemctl start sockd.socket"
expect "sockd before the first client" inactive "$(property sockd ActiveState)"
expect "the first client's line" ping "$(echo_of ping)"
wait_for 10 property_is sockd ActiveState active || fail "sockd is not active after the first client"

# Clients wait in systemd's queue while no master lives: nobody is refused.
for _ in 1 2 3; do
	master=$(property sockd MainPID)
	inn systemctl kill --kill-who=main -s KILL sockd
	for _ in 1 2 3 4 5 6 7 8 9 10; do
		expect "a client's line around kill -9" ping "$(echo_of ping)"
	done
	wait_for 10 recovered || fail "no new master after kill -9: $(inn systemctl status sockd)"
done

inn systemctl stop sockd.socket sockd || fail "systemctl stop sockd.socket sockd"
wait_for 2 no_sockd || fail "left after systemctl stop: $(inn pgrep -a sockd)"
expect "sanitizers" "" "$(inn journalctl -u sockd --no-pager -o cat | grep -E 'Sanitizer|runtime error')"
