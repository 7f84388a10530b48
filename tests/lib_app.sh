# lib_app.sh: a small program for handler = 'program', which a test writes itself. Sourced after lib.sh.
# shellcheck disable=SC2154 # dir and python are of lib.sh

app=$dir/app
# A folder that the program may write to, and what it is called in the program.
where=$dir/where
mkdir -m 0777 "$where"

# app_write CODE: $app runs this Python code, which has:
#	listener	the socket
#	generation	of this program, a string
#	put(NAME, TEXT)	a file in $where, whole from the moment it is there
#	await_file(NAME)
#	ready(MORE)	tells sockd, after lines of MORE
#	serve(ANSWER)	tells each client that, without end
app_write()
{
	cat >"$app.new" <<PY
#!$(readlink -f "$(command -v $python)") -SE
import os, socket, sys, time
where = "$where/"
generation = os.environ["SERVER_STARTER_GENERATION"]
listener = socket.socket(fileno=3)

def put(name, text):
    with open(where + ".%d" % os.getpid(), "w") as f:
        f.write(text)
    os.rename(f.name, where + name)

def await_file(name):
    while not os.path.exists(where + name):
        time.sleep(0.01)

def ready(more=""):
    n = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    n.sendto(more.encode() + b"READY=1\n", b"\0" + os.environ["NOTIFY_SOCKET"][1:].encode())

def serve(answer):
    while True:
        c = listener.accept()[0]
        c.sendall(answer.encode())
        c.close()

$1
PY
	chmod 755 "$app.new"
	mv "$app.new" "$app"
}
