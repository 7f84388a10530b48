# What a reload needs is made before anything changes: a handler's shared memory without its eventfd left
# a service that listened and had no workers.
. "$(dirname "$0")/lib.sh" strace

export ASAN_OPTIONS=detect_leaks=0 # which does not work while strace is attached

conf 'service talk { listen = {"127.0.0.1:7001"} handler = "echo" workers = 2 }'
start
wait_workers talk 2
before=$(workers talk)
fds() { find "/proc/$master/fd" -mindepth 1 | wc -l; }
fds=$(fds)
conf 'service new { listen = {"127.0.0.1:7002"} handler = "echo" workers = 1 }
service talk { listen = {"127.0.0.1:7001"} handler = "chat" workers = 2 }'
inject eventfd2 error=EMFILE:when=2+ # the first one is for the new service
kill -HUP "$master"
wait_log "service=talk .*Too many open files"
wait_log 'reload: failed'
expect "workers" "$before" "$(workers talk)"
answers 127.0.0.1:7002 && fail "a part of the reload was applied"
kill_hard $before
wait_workers talk 2
expect "answer of a new worker" ping "$(ask 127.0.0.1:7001 ping)"
inject_end
fds_are() { [ "$(fds)" -eq "$1" ]; }
wait_for 5 fds_are "$fds" || fail "descriptors of the master: $(fds), and not $fds"

reload
greets() { ask 127.0.0.1:7001 | grep -q '\* you are'; }
wait_for 5 greets || fail "the new handler does not answer"
wait_for 5 answers 127.0.0.1:7002 || fail "the new service does not answer"
stop
