#!/bin/bash
# What systemd knows of the master and keeps for it: listeners outlive a restart and a killed or stopped master,
# with the clients in their queues; an upgrade moves the main PID, and the unit stays active.
. "$(dirname "$0")/lib_systemd.sh"

cat >"$tree$settings" <<CONF
shutdown-timeout = 2
service echo { listen = {'127.0.0.1:7007', '127.0.0.1:0'} handler = 'echo' workers = 1 idle-timeout = 60 }
service path { listen = {'unix:/run/sockd/path'} handler = 'echo' workers = 1 }
CONF
cat >"$tree/etc/systemd/system/sockd.service.d/more.conf" <<-'CONF'
	[Service]
	WatchdogSec=2
	TimeoutAbortSec=1
CONF
inn systemctl daemon-reload

stored_is() { property_is sockd NFileDescriptorStore "$1"; }
# Where the clients of a network are let in: addresses, and for a path its inode.
sockets() { nsenter -t "$init" -n ss -Hltn | awk '{ print $4 }' | sort | xargs; inn stat -c %i /run/sockd/path; }
recovered() { [ "$(property sockd MainPID)" != "$master" ] && property_is sockd SubState running; }
no_warning() { expect "what systemd complains of" "" "$(inn journalctl -u sockd --no-pager -o cat | grep -iE 'reception only|not our child|too many|failed to' || :)"; }

# waiting_begin N: clients in the queue behind one that has the only worker; each sends a line at once.
waiting_begin()
{
	: >"$dir/waited"
	nsenter -t "$init" -n bash -c '
		exec 4<>/dev/tcp/127.0.0.1/7007 && echo first >&4 && read -t 10 -r line <&4 || exit 1
		for i in 1 2 3 4 5; do
			(
				exec 3<>/dev/tcp/127.0.0.1/7007 || exit
				echo "$i" >&3
				echo waits >>"$1"
				read -t 60 -r line <&3 && echo "served $line" >>"$1"
			) &
		done
		wait $(jobs -p)
	' - "$dir/waited" &
	waiter=$!
	started+=($waiter)
	# shellcheck disable=SC2317
	all_wait() { [ "$(grep -c waits "$dir/waited")" -eq 5 ]; }
	wait_for 10 all_wait || fail "clients do not get into the queue: $(cat "$dir/waited")"
}
waiting_end()
{
	all_served() { [ "$(grep -c served "$dir/waited")" -eq 5 ]; }
	wait_for 30 all_served || fail "clients in the queue that $1: $(grep -c served "$dir/waited") of 5 were served"
	kill $waiter 2>/dev/null
}

inn systemctl start sockd || fail "systemctl start: $(inn systemctl status sockd)"
wait_for 5 stored_is 3 || fail "stored: $(property sockd NFileDescriptorStore), and not 3"
before=$(sockets)

# --- Restart ----------------------------------------------------------------------------------

waiting_begin
master=$(property sockd MainPID)
inn systemctl restart sockd || fail "systemctl restart"
recovered || fail "no new master after a restart"
waiting_end "saw a restart"
expect "sockets after a restart" "$before" "$(sockets)"
expect "answer at once after a restart" ping "$(echo_of ping)"
wait_for 5 stored_is 3 || fail "stored after a restart: $(property sockd NFileDescriptorStore)"

# --- A master that is killed, one that is stopped -----------------------------------------------

waiting_begin
master=$(property sockd MainPID)
inn systemctl kill --kill-who=main -s KILL sockd
wait_for 10 recovered || fail "no new master after kill -9: $(inn systemctl status sockd)"
waiting_end "saw kill -9"
expect "sockets after kill -9" "$before" "$(sockets)"

waiting_begin
master=$(property sockd MainPID)
inn systemctl kill --kill-who=main -s STOP sockd
wait_for 20 recovered || fail "a master that stands still is not replaced: $(inn systemctl status sockd)"
expect_match "why" 'watchdog|Watchdog' "$(inn journalctl -u sockd --no-pager -o cat | grep -i watchdog)"
waiting_end "saw a watchdog"
expect "sockets after a watchdog" "$before" "$(sockets)"
no_warning

# --- Upgrade ----------------------------------------------------------------------------------

client_begin
expect "the client's line" one "$(say one)"
restarts=$(property sockd NRestarts)
for _ in 1 2 3; do
	master=$(property sockd MainPID)
	inn systemctl kill --kill-who=main -s USR2 sockd
	wait_for 10 recovered || fail "no new main PID after USR2: $(inn systemctl status sockd)"
	expect "the state" active "$(property sockd ActiveState)"
	wait_for 10 echoes || fail "the new master does not answer"
done
expect "the parent of the master" 1 "$(inn ps -o ppid= -p "$(inn sh -c "systemctl show -P MainPID sockd")" | tr -d ' ')"
expect "the client's line after upgrades" two "$(say two)"
expect "restarts" "$restarts" "$(property sockd NRestarts)"
expect "sockets after upgrades" "$before" "$(sockets)"
expect "stored after upgrades" 3 "$(property sockd NFileDescriptorStore)"
no_warning
fed() { expect_match "status" 'serving' "$(property sockd StatusText)"; }
fed

# A new master is as good as the first: it is replaced when it is killed, it reloads.
master=$(property sockd MainPID)
inn systemctl kill --kill-who=main -s KILL sockd
wait_for 10 recovered || fail "no new master after kill -9 of one that had taken over"
expect "sockets after kill -9 of one that had taken over" "$before" "$(sockets)"
expect "answer" ping "$(echo_of ping)"

# --- Reload: listeners that come and go ---------------------------------------------------------

sed -i "s/, '127.0.0.1:0'//; /service path/d" "$tree$settings"
echo "service more { listen = {'127.0.0.1:7008'} handler = 'echo' }" >>"$tree$settings"
inn systemctl reload sockd || fail "systemctl reload"
wait_for 10 stored_is 2 || fail "stored after a reload: $(property sockd NFileDescriptorStore), and not 2"
wait_for 10 echoes 7008 || fail "no answer at 127.0.0.1:7008"

# A listener that is not in the settings of the next start is not kept.
sed -i "/service more/d" "$tree$settings"
inn systemctl restart sockd || fail "systemctl restart"
wait_for 10 stored_is 1 || fail "stored after a restart: $(property sockd NFileDescriptorStore), and not 1"
echoes 7008 && fail "port 7008 answers"

# --- Stop ---------------------------------------------------------------------------------------

inn systemctl stop sockd || fail "systemctl stop"
expect "the state after a stop" "inactive success" "$(property sockd ActiveState) $(property sockd Result)"
listens() { nsenter -t "$init" -n ss -Hltn | grep -q :7007; }
silent() { ! listens; }
wait_for 5 silent || fail "systemd keeps the listener after a stop"
wait_for 10 no_sockd || fail "left after systemctl stop: $(inn pgrep -a sockd)"
expect "sanitizers" "" "$(inn journalctl -u sockd --no-pager -o cat | grep -E 'Sanitizer|runtime error')"
