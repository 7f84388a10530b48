# A real Chromium shows the page, live and without JavaScript, light and dark, on a desk and on a phone; it has
# nothing to complain about, and nothing is wider than the screen.
. "$(dirname "$0")/lib.sh" curl chromium
. "$tests/lib_status.sh"

conf "service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 3 max-workers = 9 deny = {'127.0.0.9'} log-connections = false }
service app { listen = {'127.0.0.1:7002'} handler = 'program' command = {'/bin/sleep', 'infinity'} workers = 2 }
service status { $status_service workers = 6 }"
cp "$conf" "$dir/first"
start
py 'Client("127.0.0.1:7001", source="127.0.0.9").more()'
load_begin 127.0.0.1:7001 2
py '
import signal
from chromium import *
url, folder, master = sys.argv[1], sys.argv[2], int(sys.argv[3])
b = Chromium()

def same(what, expected, got):
    assert expected == got, f"{what}: expected {expected!r}, got {got!r}"

def settings(text):
    with open(folder + "/sockd.conf", "w") as f:
        f.write(open(folder + "/first").read() + text)
    os.kill(master, signal.SIGHUP)

def text(what):
    return b.value(f"document.querySelector({what!r}).textContent")

try:
    for size in (DESKTOP, PHONE, (820, 1180, 1, False)):
        for dark in (False, True):
            b.show(size, dark)
            b.open(url)
            # Three looks make a line of two pieces.
            b.wait("(document.querySelector(\"tr[data-s=echo] .rate path:last-child\")?.getAttribute(\"d\") || \"\").split(\"L\").length > 2")
            same("width", size[0], b.value("document.documentElement.scrollWidth"))
            same("theme", dark, b.value("getComputedStyle(document.body).backgroundColor.match(/\\d+/g)[0] < 50"))
            assert b.value("getComputedStyle(document.querySelector(\"#tiles svg\")).display") == "block"
            b.wait("/^[1-9].*\\/s$/.test(document.querySelector(\"tr[data-s=echo] .rate b\").textContent)")
    same("cells", 9, b.value("document.querySelectorAll(\"tr[data-s=echo] .cells i\").length"))
    same("connections that nobody counts", ["-"] * 5, [text(f"tr[data-s=app] .{k} b") for k in ("rate", "wait", "time", "flow", "refused")])
    same("their programs", "2 running", text("tr[data-s=app] .pool small"))
    same("state", "running", text("#state"))
    same("the refused", "1", text("tr[data-s=echo] .refused b"))

    # Services come and go, and the plots of those that stay go on.
    b.value("document.querySelector(\"tr[data-s=echo]\").title = \"before\"")
    settings("service time { listen = {\"127.0.0.1:7037\"} handler = \"time\" }")
    b.wait("document.querySelector(\"tr[data-s=time] .cells i.idle\") !== null")
    b.wait("document.querySelector(\"tr[data-s=echo] .rate path:last-child\")?.getAttribute(\"d\").split(\"L\").length > 3")
    settings("service time { listen = {\"127.0.0.1:7037\"} handler = \"<b>nothing\" }")
    b.wait("document.querySelector(\"#trouble\").textContent.includes(\"<b>nothing\")")
    same("state of the reload", True, text("#reload").startswith("failed "))
    settings("")
    b.wait("document.querySelector(\"tr[data-s=time]\") === null")
    b.wait("document.querySelector(\"#trouble\").textContent === \"\"")

    for size in (DESKTOP, PHONE):
        b.show(size, script=False)
        b.open(url)
        same("width", size[0], b.value("document.documentElement.scrollWidth"))
        same("cells", 9, b.value("document.querySelectorAll(\"tr[data-s=echo] .cells i\").length"))
        same("plots", "none", b.value("getComputedStyle(document.querySelector(\"#tiles svg\")).display"))
        assert int("".join(c for c in text("tr[data-s=echo] .rate b") if c.isdigit())) > 0
        assert b.value("document.querySelectorAll(\"#recent tbody tr\").length") == 24
    same("complaints", [], b.complaints)

    # The page says so when nobody answers any more.
    b.show()
    b.open(url)
    b.wait("document.documentElement.className === \"js\"")
    os.kill(master, signal.SIGTERM)
    b.wait("document.querySelector(\"#state\").textContent === \"no answer\"")
finally:
    b.close()
' "$url/" "$dir" "$master" || fail "see above"
wait_exit 10
expect "exit status" 0 $status
