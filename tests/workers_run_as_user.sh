# Root binds; workers run as user and group, with the user's supplementary groups, and cannot become
# root again. The logger has no capability.
. "$(dirname "$0")/lib.sh" root

grep -q '^daemon:' /etc/passwd && grep -q '^games:' /etc/group || skip "needs the users of Debian"
conf 'user = "daemon"
service global { listen = {"127.0.0.1:7"} handler = "echo" workers = 1 }
service own { listen = {"127.0.0.1:9"} handler = "echo" workers = 1 user = "man" group = "games" }
service number { listen = {"127.0.0.1:13"} handler = "echo" workers = 1 user = "12345" group = "23456" }
service root { listen = {"127.0.0.1:19"} handler = "echo" workers = 1 user = "root" }'
start
ids() { awk '/^[UG]id:/ { printf "%s %s %s %s ", $2, $3, $4, $5 } /^Groups:/ { $1 = ""; print }' "/proc/$1/status"; }
four() { echo "$1 $1 $1 $1"; }
check()
{
	local got

	got=$(ids "$(workers "$1")")
	expect "ids of $1" "$(four "$2") $(four "$3")" "$(echo "$got" | cut -d' ' -f1-8)"
	for group in $(echo "$got" | cut -d' ' -f9-); do
		[[ " $4 " == *" $group "* ]] || fail "worker of $1 is in group $group"
	done
}
check global "$(id -u daemon)" "$(id -g daemon)" "$(id -G daemon)"
check own "$(id -u man)" "$(getent group games | cut -d: -f3)" "$(id -G man) $(getent group games | cut -d: -f3)"
check number 12345 23456 23456
check root 0 0 "$(id -G root)"
expect "capabilities of the logger" "0000000000000000 0000000000000000 " \
	"$(sed -n 's/^Cap\(Eff\|Prm\):\t//p' "/proc/$(logger_pid)/status" | tr '\n' ' ')"
for service in global own number; do
	expect "effective capabilities of $service" 0000000000000000 \
		"$(sed -n 's/^CapEff:\t//p' "/proc/$(workers $service)/status")"
	expect "permitted capabilities of $service" 0000000000000000 \
		"$(sed -n 's/^CapPrm:\t//p' "/proc/$(workers $service)/status")"
done
expect "answer on a low port" ping "$(ask 127.0.0.1:7 ping)"
stop

# Without user: sockd if there is one, else nobody; never root.
conf 'service echo { listen = {"127.0.0.1:7"} handler = "echo" workers = 1 }'
start
user=sockd
id sockd >/dev/null 2>&1 || user=nobody
expect "user of the worker" "$(id -u $user)" "$(ids "$(workers echo)" | cut -d' ' -f1)"
stop

for key in 'user = "no-such-user"' 'group = "no-such-group"'; do
	conf "$key
service echo { listen = {'127.0.0.1:7'} handler = 'echo' }"
	run -t -f "$conf"
	expect "exit status for $key" 78 $status
	expect_match "what is said for $key" "sockd.conf:1: .*no-such" "$err"
done
