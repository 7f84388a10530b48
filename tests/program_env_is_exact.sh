# A program starts with the variables that are promised and no others, with the listeners from descriptor 3 on
# and nothing else, in a session of its own, with every signal at its default.
. "$(dirname "$0")/lib.sh"

cat >"$dir/show.py" <<'PY'
import os, socket
s = socket.socket(fileno=3)
text = "\n".join(sorted("%s=%s" % v for v in os.environ.items() if v[0] != "LC_CTYPE"))
text += "\nfds=" + " ".join(sorted((f for f in os.listdir("/proc/self/fd") if os.path.exists("/proc/self/fd/" + f)), key=int))
text += "\nsession=%d group=%d cwd=%s\n" % (os.getsid(0) == os.getpid(), os.getpgrp() == os.getpid(), os.getcwd())
text += "".join(l for l in open("/proc/self/status") if l[:6] in ("SigBlk", "SigIgn", "SigCgt"))
while True:
    c = s.accept()[0]
    c.sendall(text.encode())
    c.close()
PY
python_path=$(readlink -f "$(command -v $python)")
conf "service show {
	listen = {'127.0.0.1:7007', 'unix:$dir/sock', '*:7008'}
	handler = program
	command = {'$python_path', '-S', '-E', '$dir/show.py'}
	workers = 1
	environment = {'COLOUR=deep blue', 'LANG=C.UTF-8'}
	pass-environment = {'FROM_MASTER', 'NOT_THERE'}
}"
export FROM_MASTER='a b' OTHER=never
start
pid=$(children "$master" | while read -r p; do grep -qa show.py "/proc/$p/cmdline" && echo "$p"; done)
# Python itself takes SIGPIPE, SIGXFSZ and SIGINT.
expect "what the program finds" "COLOUR=deep blue
EINHORN_CHILD_INDEX=0
EINHORN_FD_0=3
EINHORN_FD_1=4
EINHORN_FD_2=5
EINHORN_FD_COUNT=3
EINHORN_MASTER_PID=$master
FROM_MASTER=a b
LANG=C.UTF-8
LISTEN_FDNAMES=show:show:show
LISTEN_FDS=3
LISTEN_PID=$pid
NOTIFY_SOCKET=@sockd-notify-$master
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
SERVER_STARTER_GENERATION=1
SERVER_STARTER_PORT=127.0.0.1:7007=3;$dir/sock=4;7008=5
fds=0 1 2 3 4 5
session=1 group=1 cwd=/
SigBlk:	0000000000000000
SigIgn:	0000000001001000
SigCgt:	0000000000000002" "$(ask 127.0.0.1:7007 '' | sed '/^NOTIFY/s/-[0-9a-f]*$//')"
stop
