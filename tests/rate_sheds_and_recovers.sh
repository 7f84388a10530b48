# What is over `rate` is closed at once; the service is never turned off: as time passes it serves again.
. "$(dirname "$0")/lib.sh"

service()
{
	conf "service echo { listen = {\"127.0.0.1:7007\", \"unix:$dir/s\"} handler = \"echo\" workers = 8 $1 }"
}

# How many of 40 from four sources at a time are served.
burst()
{
	py '
n = []
def enter(source):
    for _ in range(10):
        c = served("127.0.0.1:7007", source)
        if c:
            n.append(1)
            c.close()
threads = [threading.Thread(target=enter, args=("127.0.0.%d" % i,)) for i in range(2, 6)]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(len(n))'
}

service 'rate = "7/100000"'
start
expect "served of 40" 7 "$(burst)"
expect "served of 40 more" 0 "$(burst)"
wait_log 'refused source=127\.0\.0\.[2-5]:[0-9]+ reason=rate'
answers "unix:$dir/s" && fail "clients of the unix socket are beyond the rate"

# An eighth of a second for each.
service 'rate = "8/1"'
reload
for _ in 1 2 3; do
	burst >/dev/null
	burst >/dev/null
	wait_for 5 answers 127.0.0.1:7007 || fail "the service stays closed after a flood"
done
logged 'died' && fail "a worker has died"
stop
