# No process can be made: the client is turned away, the log says why, and the next one is served.
. "$(dirname "$0")/lib.sh" strace

conf "service exec { listen = '127.0.0.1:7001' handler = 'exec' workers = 1 command = {'/bin/cat'} }"
start -l debug
expect "echo" ping "$(ask 127.0.0.1:7001 ping)"
inject clone,clone3,vfork error=EAGAIN:when=1 "$(workers exec)"
expect "answer without a program" "" "$(ask 127.0.0.1:7001)"
wait_log '/bin/cat cannot be started: fork: Resource temporarily unavailable'
wait_log 'closed .*end=exec-failed error="Resource temporarily unavailable"'
inject_end
expect "echo again" pong "$(ask 127.0.0.1:7001 pong)"
stop
