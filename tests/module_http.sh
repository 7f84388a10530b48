# examples/http.c: an HTTP/1.1 server: connections that stay, requests that do not wait for answers, and no second
# meaning for what is not plainly right.
. "$(dirname "$0")/lib.sh" curl

cp "$top_builddir/examples/http.so" "$dir/http.so"
conf "service http { listen = {\"127.0.0.1:7080\"} handler = module module = '$dir/http.so' workers = 4
	options = {'text=It works.'} idle-timeout = 30 }"
start
url=http://127.0.0.1:7080
expect "GET" "It works." "$(curl -s $url/)"
expect "status, protocol, length" "200 1.1 9" "$(curl -s -o /dev/null -w '%{http_code} %{http_version} %{size_download}' $url/x?y)"
expect "HEAD" "200 0" "$(curl -sI -o "$dir/head" -w '%{http_code} ' $url/ && sed '1,/^\r$/d' "$dir/head" | wc -c)"
grep -q '^Content-Length: 9' "$dir/head" || fail "HEAD lacks the length: $(cat "$dir/head")"
grep -Eq '^Date: (Mon|Tue|Wed|Thu|Fri|Sat|Sun), [0-9]{2} [A-Z][a-z]{2} [0-9]{4} [0-9:]{8} GMT' "$dir/head" || fail "no date"
expect "connections for five requests" 1 \
	"$(curl -sv $url/ $url/ $url/ $url/ $url/ 2>&1 >/dev/null | grep -c 'Connected to')"
expect "HTTP/1.0" "It works." "$(curl -s0 $url/)"
expect "POST" 405 "$(curl -s -d x=1 -o /dev/null -w '%{http_code}' $url/)"
wait_log 'service=http .*closed .*end=bad-request'

py '
import re
def talk(data, fin=False):
    c = Client("127.0.0.1:7080")
    c.send(data)
    if fin:
        c.fin()
    return c
def statuses(data):
    return re.findall(rb"HTTP/1.1 (\d+) ", data)
def one(what, status, data, fin=False):
    """The connection ends after this answer."""
    c = talk(data, fin)
    expect(what, [status], statuses(c.rest()))

get = "GET / HTTP/1.1\r\nHost: a\r\n\r\n"
last = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"
head = "HEAD / HTTP/1.1\r\nHost: a\r\n\r\n"
answers = talk(get + head + get + last + get).rest()
expect("pipelined", [b"200"] * 4, statuses(answers))
expect("bodies of the pipelined", 3, answers.count(b"It works."))
n = 5000
c = talk("")
t = threading.Thread(target=lambda: c.send(get * n + last))
t.start()
answers = c.rest()
t.join()
expect("5001 pipelined", n + 1, len(statuses(answers)))

c = Client("127.0.0.1:7080")
for byte in get + get[:-1]:
    c.send(byte)
c.take(4)
c.send("\n" + last)
expect("byte by byte", 2, len(statuses(c.rest())))

one("HTTP/1.0", b"200", "GET / HTTP/1.0\r\n\r\n")
c = talk("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n")
check("HTTP/1.0 that stays", b"keep-alive" in c.take(149))
c.close()
one("an empty line before", b"200", "\r\n\r\n" + last)
one("a length of 0", b"200", "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\nConnection: TE, close\r\n\r\n")
one("the form of a proxy", b"200", last.replace("/ HTTP", "http://a/ HTTP"))
h = "GET / HTTP/1.1\r\nHost: a\r\n"
for what, status, data in [
    ("no Host", b"400", "GET / HTTP/1.1\r\n\r\n"),
    ("two Hosts", b"400", h + "host: b\r\n\r\n"),
    ("a space before the colon", b"400", h + "A : b\r\n\r\n"),
    ("a folded line", b"400", h + "A: b\r\n c\r\n\r\n"),
    ("no colon", b"400", h + "A\r\n\r\n"),
    ("a lone CR", b"400", h + "A: b\rc\r\n\r\n"),
    ("a lone LF", b"400", h + "A: b\nc: d\r\n\r\n"),
    ("a NUL byte", b"400", h + "A: \0\r\n\r\n"),
    ("no version", b"400", "GET /\r\n\r\n"),
    ("two spaces", b"400", "GET  / HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("a space in the target", b"400", "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("no path", b"400", "GET x HTTP/1.1\r\nHost: a\r\n\r\n"),
    ("no HTTP", b"400", "GET / HTTQ/1.1\r\nHost: a\r\n\r\n"),
    ("HTTP/2", b"505", "GET / HTTP/2.0\r\nHost: a\r\n\r\n"),
    ("TLS", b"400", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n"),
    ("a body", b"413", h + "Content-Length: 5\r\n\r\nhello" + get),
    ("two lengths", b"413", h + "Content-Length: 5, 0\r\n\r\n" + get),
    ("chunks", b"501", h + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + get),
    ("another method", b"405", "DELETE / HTTP/1.1\r\nHost: a\r\n\r\n" + get),
    ("a header without end", b"431", h + "A: b\r\n" * 2000),
]:
    one(what, status, data)
one("half a request", b"400", h, fin=True)
expect("nothing", b"", talk("", fin=True).rest())
' || exit 1
stop

# wrk counts answers that are not 2xx, and connections that break.
command -v wrk >/dev/null || exit 0
start
out=$(wrk -t1 -c4 -d1 $url/)
expect_match "wrk" 'Requests/sec' "$out"
[[ $out != *Non-2xx* && $out != *"Socket errors"* ]] || fail "wrk: $out"
stop
