# Clients that nobody here wrote understand the services.
. "$(dirname "$0")/lib.sh"

conf 'service echo { listen = {"127.0.0.1:7"} handler = "echo" }
service daytime { listen = {"127.0.0.1:13"} handler = "daytime" }
service time { listen = {"127.0.0.1:37"} handler = "time" }'
high=
if [ "$(cat /proc/sys/net/ipv4/ip_unprivileged_port_start)" -gt 7 ] && [ "$(id -u)" -ne 0 ]; then
	sed -i -e 's/:7"/:7007"/' -e 's/:13"/:7013"/' -e 's/:37"/:7037"/' "$conf"
	high=70
fi
port() { [ -n "$high" ] && echo "$high$1" || echo "$((10#$1))"; }
start
tried=0
for nc in nc.openbsd nc.traditional ncat nc; do
	command -v $nc >/dev/null || continue
	how=
	[ $nc = nc.openbsd ] && how=-N
	[ $nc = nc.traditional ] && how="-q 30"
	# shellcheck disable=SC2086
	expect_match "daytime by $nc" '20[0-9][0-9]' "$(timeout 30 $nc $how 127.0.0.1 "$(port 13)" </dev/null)"
	tried=$((tried + 1))
done
if command -v socat >/dev/null; then
	expect "echo by socat" "hello" "$(echo hello | timeout 30 socat -t 30 - "tcp:127.0.0.1:$(port 07)")"
	tried=$((tried + 1))
fi
if command -v curl >/dev/null && curl -V | grep -q telnet; then
	expect_match "daytime by curl" '20[0-9][0-9]' "$(timeout 30 curl -s "telnet://127.0.0.1:$(port 13)" </dev/null)"
	tried=$((tried + 1))
fi
if command -v telnet >/dev/null; then
	# It leaves at the end of its input, answer or not: the input is a pipe that stays open.
	mkfifo "$dir/quiet"
	exec {quiet}<>"$dir/quiet"
	expect_match "daytime by telnet" '20[0-9][0-9]' \
		"$(timeout 30 telnet 127.0.0.1 "$(port 13)" <&$quiet 2>/dev/null)"
	tried=$((tried + 1))
fi
if [ -z "$high" ] && command -v rdate >/dev/null; then
	expect_match "time by rdate" '20[0-9][0-9]' "$(timeout 30 rdate -p 127.0.0.1 2>&1)"
	tried=$((tried + 1))
fi
stop
[ $tried -gt 0 ] || skip "none of nc, socat, curl, telnet, rdate is here"
