# A program that ended soon after its start was ready by then, since it says nothing, or said so too early: whether a
# reload was refused for it was a matter of luck. It must live on for a moment now.
. "$(dirname "$0")/lib.sh"

conf "service echo { listen = '127.0.0.1:7001' handler = echo workers = 1 }"
start
cat >"$dir/hasty" <<PY
#!$python
import os, socket, sys, time
socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM).sendto(b"READY=1", "\\0" + os.environ["NOTIFY_SOCKET"][1:])
time.sleep(0.05)
sys.exit(3)
PY
chmod 755 "$dir/hasty"
for bad in "notify = true command = '$dir/hasty'" "command = {'sh', '-c', 'sleep 0.01; exit 3'}" \
	"command = {'sh', '-c', 'sleep 0.03; exit 3'}"; do
	conf "service echo { listen = '127.0.0.1:7001' handler = echo workers = 1 }
service bad { listen = '127.0.0.1:7002' handler = program $bad }"
	mark
	kill -HUP "$master"
	wait_log "reload: .*service 'bad': its first worker died: exit status 3"
	wait_log 'reload: failed; the old settings stay in force'
	expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
done
stop
