# A worker that is killed takes its program along; a killed program costs no worker.
. "$(dirname "$0")/lib.sh"

conf "service exec { listen = '127.0.0.1:7001' handler = 'exec' workers = 2
	command = {'/bin/sh', '-c', 'echo \$\$; exec cat'} }"
start
py '
c = Client("127.0.0.1:7001")
program = c.line()
with open("/proc/%s/stat" % program) as f:
    worker = int(f.read().rsplit(")", 1)[1].split()[1])
os.kill(worker, 9)
def dead():
    try:
        return ") Z " in open("/proc/%s/stat" % program).read()
    except OSError:
        return True
wait_until(dead)
expect("rest", b"", c.rest())
other = Client("127.0.0.1:7001")
check("the next program", other.line() != program)
other.send("still here\n")
expect("echo", "still here", other.line())
' || exit 1
wait_log 'died: killed by signal 9'
wait_workers exec 2
stop
