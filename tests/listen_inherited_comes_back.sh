# A socket of systemd's whose service is disabled stays open, so that it can be enabled again: it was
# closed, and systemd, which has it too, kept the address in use.
. "$(dirname "$0")/lib.sh" ss

write() { conf "service echo { enabled = $1 listen = {'127.0.0.1:7001'} handler = 'echo' workers = 2 }
service other { listen = {'127.0.0.1:7002'} handler = 'echo' workers = 1 }"; }
inode() { ss -Hltne "sport = :7001" | sed 's/.*ino:\([0-9]*\).*/\1/'; }
write true
prefix=(hand_over "sockd.socket=127.0.0.1:7001")
start
before=$(inode)
write false
reload
wait_workers echo 0
exec {waits}<>/dev/tcp/127.0.0.1/7001 || fail "the socket was closed"
echo waited >&$waits
mark
write true
reload
wait_log 'listening on 127\.0\.0\.1:7001 \(inherited\)'
read -r -t 5 -u $waits answer || fail "a client that waited was lost"
expect "answer to a client that waited" waited "$answer"
exec {waits}>&-
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
expect "socket" "$before" "$(inode)"
stop
