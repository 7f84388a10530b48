# Lists of prefixes, in the settings and in files, are read where the settings are, and none too slowly.
. "$(dirname "$0")/lib.sh"

bad()
{
	rejects "$1" "service x {
	listen = {'127.0.0.1:7001'} handler = 'echo' proxy-protocol = any proxy-trusted = '::1'
	$1
}" "sockd\\.conf:3: $2"
}
good()
{
	accepts "$1" "service x { listen = {'127.0.0.1:7001'} handler = 'echo' $1 }"
}
printf '# ours\n10.0.0.0/8\n\n  2001:db8::/32  # and theirs\n' >"$dir/good"
printf '10.0.0.0/8\n10.0.0.0/33\n' >"$dir/bad"
printf '# nobody\n' >"$dir/none"
for key in allow deny; do
	good "$key = {'10.0.0.0/8', '::1', '::ffff:10.0.0.0/104', 'file:$dir/good'}"
	bad "$key = {'10.0.0.0/8', 'example.org'}" "$key: 'example.org': expected an IPv4 or IPv6 address"
	bad "$key = '10.0.0.0/33'" "$key: '10.0.0.0/33': .*from 0 to 32"
	bad "$key = 'file:$dir/bad'" "$key: $dir/bad:2: .*from 0 to 32"
	bad "$key = 'file:$dir/missing'" "$key: $dir/missing: No such file"
	bad "$key = 'file:relative'" "$key: 'file:relative': .*absolute path"
done
good "deny = 'file:$dir/none'"
bad "allow = 'file:$dir/none'" "allow: there is no address" # it would let everybody in

proxy()
{
	rejects "$1" "service x {
	listen = {'127.0.0.1:7001'} handler = 'echo'
	$1
}" "sockd\\.conf:3: $2"
}
good "proxy-protocol = v2 proxy-trusted = {'10.0.0.0/8', 'file:$dir/good'}"
good "proxy-protocol = off proxy-trusted = '::1'"
proxy "proxy-protocol = v1" "proxy-protocol: needs 'proxy-trusted'"
proxy "proxy-protocol = v1 proxy-trusted = 'file:$dir/none'" "proxy-trusted: there is no address"
proxy "proxy-trusted = '::1'" "proxy-trusted: needs 'proxy-protocol'"
proxy "proxy-protocol = v1 proxy-trusted = me" "proxy-trusted: 'me': expected"
accepts "a default that one service has no use for" "defaults { proxy-trusted = '::1' }
service x { listen = {'127.0.0.1:7001'} handler = 'echo' }
service y { listen = {'127.0.0.1:7002'} handler = 'echo' proxy-protocol = v1 }"
run -T -f "$conf"
echo "$out" >"$conf"
run -t -f "$conf"
expect "check of its dump" "$conf: ok" "$out$err"

# 100,000 prefixes: less than a second of work. libconfuse takes the square of a long string's length.
py 'import random
random.seed(1)
with open(sys.argv[1], "w") as f:
	for i in range(50000):
		a = random.getrandbits(24)
		f.write("%d.%d.%d.0/24\n" % (1 + (a >> 16) % 223, a >> 8 & 255, a & 255))
		f.write("2001:db8:%x:%x::/64\n" % (a >> 16, a & 65535))' "$dir/many"
conf "service x { listen = {'127.0.0.1:7001'} handler = 'echo' deny = 'file:$dir/many' }
service y { listen = {'127.0.0.1:7002'} handler = 'echo' deny = {$(sed "s/.*/'&',/; 10000q" "$dir/many")} }"
start
stop
took=$(py 'import resource, subprocess
subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL, check=True)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(int((used.ru_utime + used.ru_stime) * 1000))' "$SOCKD" -t -f "$conf")
echo "100,000 prefixes of a file, and 10,000 of the settings, take $took ms of CPU"
[ $took -lt $((3000 * ${SOCKD_TEST_SLOW:-1})) ] || fail "it took $took ms, expected less than 1000, and some for a busy machine"
