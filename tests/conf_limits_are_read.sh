# The section limits: in a service, in the defaults, on the command line.
. "$(dirname "$0")/lib.sh"

limits()
{
	rejects "$1" "service x {
	listen = {'127.0.0.1:7001'} handler = 'echo'
	limits { $1 }
}" "sockd\\.conf:3: $2"
}
limits "nofile = 2" "nofile: found '2', .*from 3"
limits "as = 1T" "as: found '1T', .*bytes"
limits "as = G" "as: found 'G', .*bytes"
limits "cpu = 1K" "cpu: found '1K', .*seconds"
limits "core = -1" "core: found '-1'"
limits "fsize = 99999999999G" "fsize: found"
limits "nproc = 1 nproc = 2" "nproc: already given at .*:3"
limits "} limits { }" ".*limits: already given"
limits "limits { }" "found 'limits'"
limits "nofile 4" "found '4', expected '='"
rejects "limits that are not closed" "service x {
	limits {
		nofile = 4
" "sockd\\.conf:2: section limits is not closed"
rejects "limits outside of a service" "limits { nofile = 4 }" "sockd\\.conf:1: found 'limits'.*stands in a service"

conf "defaults { limits { nofile = 64 as = 2G cpu = 5 } }
service x {
	listen = {'127.0.0.1:7001'}
	limits # of x
	{
		as = 512M
		cpu = inherit core = unlimited
	} handler = 'echo'
	send-buffer = 4K
}
service y { listen = {'127.0.0.1:7002'} handler = 'echo' limits { } }"
dumped()
{
	echo "$out" | sed -n "/^service $1 /,/^}/s/^		//p" | paste -sd' '
}
run -T -f "$conf"
expect "limits of x" "nofile = 64 as = 536870912 cpu = inherit core = unlimited nproc = inherit fsize = inherit" "$(dumped x)"
expect "limits of y" "nofile = 64 as = 2147483648 cpu = 5 core = inherit nproc = inherit fsize = inherit" "$(dumped y)"
expect_match "dump" "send-buffer = 4096" "$out"

run -T -L 127.0.0.1:7001 -o limits.nofile=65 -o limits.as=1M echo
expect "limits of the command line" "nofile = 65 as = 1048576 cpu = inherit core = inherit nproc = inherit fsize = inherit" \
	"$(echo "$out" | sed -n 's/^		//p' | paste -sd' ')"
run -t -L 127.0.0.1:7001 -o nofile=65 echo
expect "exit status of a limit as a key" 78 $status
expect_match "what is said" "unknown key 'nofile'" "$err"

# The kernel lets nobody have more than fs.nr_open, and no limit above it: "unlimited" means that number.
for n in 1048576 unlimited; do
	run -T -L 127.0.0.1:7001 -o limits.nofile=$n echo
	expect "nofile = $n" "nofile = unlimited" "$(echo "$out" | sed -n 's/^		\(nofile\)/\1/p')"
done
