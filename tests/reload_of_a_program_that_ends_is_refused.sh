# A program that ended soon after its start was ready by then, since it says nothing: whether a reload was refused
# for it was a matter of luck. It must live for a moment now.
. "$(dirname "$0")/lib.sh"

conf "service echo { listen = '127.0.0.1:7001' handler = echo workers = 1 }"
start
for i in 1 2 3; do
	conf "service echo { listen = '127.0.0.1:7001' handler = echo workers = 1 }
service bad { listen = '127.0.0.1:7002' handler = program command = {'sh', '-c', 'sleep 0.0$i; exit 3'} }"
	mark
	kill -HUP "$master"
	wait_log "reload: .*service 'bad': its first worker died: exit status 3"
	wait_log 'reload: failed; the old settings stay in force'
	expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
done
stop
