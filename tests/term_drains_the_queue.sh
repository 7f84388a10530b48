# TERM, QUIT: clients that wait in the queue and those in hand are served; new ones are refused.
. "$(dirname "$0")/lib.sh"

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" workers = 1 }
service pair { listen = {"127.0.0.1:7002", "127.0.0.1:7003"} handler = "echo" workers = 1 }'
for signal in TERM QUIT; do
	start
	py '
master, sig = int(sys.argv[1]), int(sys.argv[2])
held = [Client(a) for a in ("127.0.0.1:7001", "127.0.0.1:7002")]
for c in held:
    c.send("x")
    c.take(1)
waiting = []
for i in range(5):
    for port in (7001, 7002, 7003):
        c = Client("127.0.0.1:%d" % port)
        c.send("waited %d" % i)
        c.fin()
        waiting.append((i, c))
os.kill(master, sig)
time.sleep(0.3)
for c in held:
    c.send("in hand")
    expect("a connection in hand", b"in hand", c.take(7))
    c.close()
for i, c in waiting:
    expect("client %d in the queue" % i, b"waited %d" % i, c.rest())
' "$master" "$(kill -l $signal)" || exit 1
	wait_exit 10
	expect "exit status after $signal" 0 $status
	answers 127.0.0.1:7001 && fail "somebody answers after the end"
done

# Clients that come without end do not put off the stop: none of those that were let in is lost, the others
# are refused. An ordinary user may not be allowed to keep them out.
[ "$(id -u)" -eq 0 ] || exit 0
start
load_begin 127.0.0.1:7001 8
kill -TERM "$master"
wait_exit 10
expect "exit status under load" 0 $status
load_end
lost=$(sed -n 's/.*lost=[0-9]* //p' "$dir/load.out" | sed "s/'connect: ConnectionRefusedError': [0-9]*//")
expect "what became of others than those that were refused" "{}" "$lost"
