# Old workers empty the queue of a listener that is taken away, and that one alone: under load they
# never got done with the one that stays.
. "$(dirname "$0")/lib.sh"

write() { conf "drain-timeout = 0
service echo { listen = {$1} handler = 'echo' workers = 2 }"; }
write '"127.0.0.1:7001", "127.0.0.1:7002"'
start
wait_workers echo 2
old=$(workers echo)
hold() { exec {fd}<>/dev/tcp/127.0.0.1/7001 && echo held >&$fd; }
answered() { read -r -t 5 -u "$1" answer && [ "$answer" = held ]; }
hold
a=$fd
answered $a || fail "no answer"
write '"127.0.0.1:7001"'
reload
old_left() { [ "$(comm -12 <(echo "$old" | sort) <(workers echo | sort) | wc -l)" -eq "$1" ]; }
wait_for 5 old_left 1 || fail "the idle one of the old workers stays"
hold
b=$fd
hold
c=$fd
answered $b && answered $c || fail "no answer of a new worker"

# All three are busy. Who takes the one that waits now?
hold
waits=$fd
exec {a}>&-
wait_for 3 old_left 0 || fail "an old worker serves from the listener that stays"
exec {b}>&-
answered $waits || fail "a client in the queue that stays was lost"
exec {c}>&- {waits}>&-
stop
