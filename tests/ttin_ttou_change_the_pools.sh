# TTIN: one worker more in every service. TTOU: one less.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/lib_app.sh"

conf 'service one { listen = {"127.0.0.1:7001"} handler = "echo" workers = 1 }
service two { listen = {"127.0.0.1:7002"} handler = "echo" workers = 2 }'
start
wait_workers two 2
first=$(workers two)
kill -TTIN "$master"
wait_workers one 2
wait_workers two 3
kill -TTOU "$master"
wait_workers one 1
wait_workers two 2
kill -TTOU "$master"
wait_workers two 1
for i in 1 2 3; do
	kill -TTOU "$master"
	sleep 0.1
done
expect "answer of a pool that was asked to be empty" ping "$(ask 127.0.0.1:7001 ping)"
# What was too much is forgotten.
kill -TTIN "$master"
wait_workers one 2
stop

# One that is not ready yet leaves before one that serves.
app_write 'if os.path.exists(where + "slow"):
    put("begun", "")
    await_file("go")
ready()
serve("served")'
conf "service app { listen = '127.0.0.1:7003' handler = program command = '$app' workers = 1 notify = true }"
start
touch "$where/slow"
kill -TTIN "$master"
wait_for 5 test -e "$where/begun" || fail "no second program"
kill -TTOU "$master"
app_count_is() { [ "$(pgrep -c -P "$master" -x app)" = "$1" ]; }
wait_for 5 app_count_is 1 || fail "programs: $(pgrep -P "$master" -x app)"
expect "answer of the program that was ready" served "$(ask 127.0.0.1:7003)"
stop
