# A client of examples/http.c that keeps its connection does not hold up a reload or a stop: the worker that shall leave
# says "Connection: close" in its next answer, and no answer is lost.
. "$(dirname "$0")/lib.sh"

cp "$top_builddir/examples/http.so" "$dir"
text()
{
	echo "drain-timeout = 0
	service http { listen = {\"127.0.0.1:7080\"} handler = module module = '$dir/http.so' workers = 4 options = {'text=$1'} }"
}
conf "$(text old)"
start
mkfifo "$dir/go"
: >"$dir/client"
pyx '
get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
def answer(c):
    c.send(get)
    head = ""
    while not head.endswith("\n\n"):
        head += c.line() + "\n"
    return head, c.take(3).decode()
c = Client("127.0.0.1:7080")
for i in range(3):
    head, body = answer(c)
    expect("body", "old", body)
    check("stays", "Connection: close" not in head, head)
print("ready", flush=True)
open(sys.argv[1]).read()
head, body = answer(c)
expect("last body", "old", body)
check("the last", "Connection: close" in head, head)
expect("rest", b"", c.rest())
expect("new body", "new", answer(Client("127.0.0.1:7080"))[1])
' "$dir/go" >"$dir/client" 2>&1 &
client=$!
started+=($client)
wait_for 5 grep -q ready "$dir/client" || fail "$(cat "$dir/client")"
old=$(workers http)
conf "$(text new)"
reload
still() { [ "$(workers http | grep -cxF "$old")" -eq "$1" ]; }
wait_for 5 still 1 || fail "old workers: $(workers http | grep -xF "$old" | xargs)"
echo >"$dir/go"
wait $client || fail "$(cat "$dir/client")"
wait_for 5 still 0 || fail "the old worker stays"
stop
