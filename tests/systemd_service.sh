#!/bin/bash
# The service on a real systemd: start, talk, status, reload, a master that is killed, stop, bad settings,
# socket activation.
. "$(dirname "$0")/lib_systemd.sh"

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
wait_for 10 no_sockd || fail "left after systemctl stop: $(inn pgrep -a sockd)"
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
wait_for 10 no_sockd || fail "left after systemctl stop: $(inn pgrep -a sockd)"
expect "sanitizers" "" "$(inn journalctl -u sockd --no-pager -o cat | grep -E 'Sanitizer|runtime error')"
