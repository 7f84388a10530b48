# An upgrade reads the settings anew, and its program by the name that was started: a link that moved on. HUP
# and a second USR2 meanwhile; a service that is gone, one that is new, one that has other addresses.
. "$(dirname "$0")/lib_upgrade.sh"

mv "$dir/bin/sockd" "$dir/bin/sockd-1"
ln -s sockd-1 "$dir/bin/sockd"
cp "$built" "$dir/bin/sockd-2"
conf "service gone { listen = {'127.0.0.1:7001', 'unix:$dir/gone'} handler = 'echo' }
service moves { listen = {'127.0.0.1:7002', '127.0.0.1:7003'} handler = 'echo' keepalive = 100 }
service swaps { listen = {'127.0.0.1:7004'} handler = 'echo' }"
start
first=$master
ln -sfn sockd-2 "$dir/bin/sockd"
conf "service moves { listen = {'127.0.0.1:7003', '127.0.0.1:7005'} handler = 'echo' keepalive = 200 }
service other { listen = {'127.0.0.1:7004'} handler = 'daytime' }
service fresh { listen = {'unix:$dir/fresh'} handler = 'echo' }"
upgrade
expect "the program" "$dir/bin/sockd-2" "$(readlink "/proc/$master/exe")"
wait_for 10 gone "$first" || fail "the old master stays"
for address in 127.0.0.1:7003 127.0.0.1:7005 "unix:$dir/fresh"; do
	expect "answer at $address" ping "$(ask "$address" ping)"
done
expect_match "answer at 127.0.0.1:7004" '[0-9]:[0-9]' "$(ask 127.0.0.1:7004 '')"
for address in 127.0.0.1:7001 127.0.0.1:7002; do
	answers $address && fail "$address still answers"
done
[ ! -e "$dir/gone" ] || fail "the unix socket of a service that is gone is still there"

# HUP while the new program starts: it reads its settings again. A second USR2 is refused.
program_replace "until [ -e '$dir/go' ]; do sleep 0.02; done; exec '$dir/bin/sockd-2' \"\$@\""
mark
old=$master
kill -USR2 "$old"
wait_log 'upgrade: starting'
kill -HUP "$old"
kill -USR2 "$old"
wait_log 'upgrade: refused: another upgrade is in work'
touch "$dir/go"
wait_log 'upgrade: done'
master=$(tail -n "+$since" "$log" | sed -n 's/.*upgrade: done.* pid \([0-9]*\) .*/\1/p')
started+=("$master")
wait_log 'reload: done'
wait_for 10 gone "$old" || fail "the old master stays"

# TERM while the new program starts: both leave.
printf '#!/bin/sh\necho $$ >%s\nexec sleep infinity\n' "$dir/slow" >"$dir/bin/next"
chmod 755 "$dir/bin/next"
mv "$dir/bin/next" "$dir/bin/sockd-2"
kill -USR2 "$master"
wait_for 10 test -s "$dir/slow" || fail "the new program does not start"
upgrade_stop
wait_for 10 gone "$(cat "$dir/slow")" || fail "the new program stays"
[ ! -e "$dir/fresh" ] || fail "the unix socket is still there"
