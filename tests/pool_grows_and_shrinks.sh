# A pool grows on demand up to max-workers, keeps spare-workers idle ahead of it, and shrinks back
# after worker-idle seconds.
. "$(dirname "$0")/lib.sh"

conf 'service echo {
	listen = {"127.0.0.1:7007"}
	handler = "echo"
	workers = 2
	max-workers = 8
	spare-workers = 2
	worker-idle = 1
}'
start
wait_workers echo 2
hold()
{
	rm -f "$dir/held" # of an earlier call
	pyx '
held = []
for i in range(int(sys.argv[1])):
    c = Client("127.0.0.1:7007")
    c.send("x")
    c.take(1)
    held.append(c)
print("held", flush=True)
stay()' "$1" >"$dir/held" &
	holder=$!
	started+=($holder)
	wait_for 10 grep -q held "$dir/held" || fail "$1 clients are not served at the same time"
}

hold 3
wait_workers echo 5 # 3 busy, 2 spare
hold 5
wait_workers echo 8 # not 10
kill "${started[@]:(-2)}"
wait_workers echo 2 20
stop

# Without max-workers it does not grow; who had to wait for long is told of, now and then.
conf 'service echo { listen = {"127.0.0.1:7007"} handler = "echo" workers = 2 }'
start
hold 2
exec {third}<>/dev/tcp/127.0.0.1/7007
echo waits >&$third
read -r -t 1.2 -u $third answer && fail "a third client is served by a pool of two"
logged waited && fail "a line about a client that waits still"
expect "workers" 2 "$(worker_count echo)"
kill "$holder"
read -r -t 5 -u $third answer
expect "answer once a worker is free" waits "$answer"
exec {third}>&-
wait_log 'service=echo .*a client has waited in the queue .* waited_ms=[1-9][0-9]{3}$'
expect "lines about clients that waited" 1 "$(logged_times waited_ms)"

# Settings that let it grow are for those, too, who wait already.
hold 2
exec {third}<>/dev/tcp/127.0.0.1/7007
echo waits >&$third
conf 'service echo { listen = {"127.0.0.1:7007"} handler = "echo" workers = 2 max-workers = 4 }'
reload
read -r -t 5 -u $third answer || fail "a third client waits for ever, with max-workers 4"
exec {third}>&-
kill "$holder"
stop
