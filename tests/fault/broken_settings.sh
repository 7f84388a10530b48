# 300 broken settings files: each is refused with its reason in the log, in the answer to `sockctl reload` and in its
# exit status; workers and ports stay as they are.
. "$(dirname "$0")/lib_fault.sh" root strace

export ASAN_OPTIONS=detect_leaks=0
sockctl=${SOCKD%/*}/sockctl
good="service echo { listen = '127.0.0.1:7001' handler = echo workers = 4 }"
conf "$good"
cp "$conf" "$dir/good"
start
own=$(workers echo | sort)
ports=$(ss -Hltn | awk '{ print $4 }' | sort)
conf_keys >"$dir/keys"
cp "$dir/good" "$conf"
py '
import random, shutil
out, keys, good = sys.argv[1], open(sys.argv[2]).read().split(), open(sys.argv[3]).read()
os.mkdir(out)
random.seed(int(os.environ.get("SEED", 1)))
n = 0
def put(text, line=True):
    global n
    with open("%s/%03d%s" % (out, n, "" if line else ".any"), "wb") as f:
        f.write(text if isinstance(text, bytes) else text.encode())
    n += 1
rest = good.replace("service echo {", "service echo {\n%s\n", 1)
for key in keys: # each key with values that cannot be right
    for value in "{", "= {{}}", "= ", "= \"\x01\xff\"", "= -99999999999999999999":
        put((rest % (key + " " + value)).encode("latin-1"), value[-1] in "{}")
put("", False)
put(b"\0", False)
put(good[:-9], False)
put(good.encode() + b"\n\0\n")
put("a {\n" * 100000)
put("service x { listen = {" + "{" * 100000)
put("text = \"" + "x" * 2000000, False)
put(good + "\n/* for ever", False)
put(good + "\n}")
put(good + good.replace("7001", "7002"))
put(good.replace("echo {", "../etc {"))
put(good + "\ninclude(\"/proc/self/mem\")", False)
put(good + "\ninclude(\"/\")", False)
put(good + "\nuser = \"no-such-user\"")
put(good.replace("7001", "70010"))
put(good.replace("7001", "no-such-port"))
put(good.replace("handler = echo", "handler = nothing"))
put(good.replace("handler = echo", "handler = exec command = {\"/no/such\"}"))
put(good.replace("handler = echo", "handler = module module = \"/bin/true\""))
while n < 300: # the good one with flaws
    data = bytearray(good.encode())
    for _ in range(random.randrange(1, 4)):
        at = random.randrange(len(data))
        data[at:at + random.randrange(4)] = bytes(random.choice(b"{}\"\x27=;,#\0\xff\n") for _ in range(random.randrange(4)))
    put(bytes(data), False)
' "$dir/broken" "$dir/keys" "$dir/good" || exit 1
# refused WHAT: the settings are not taken.
taken=0
refused()
{
	mark
	out=$("$sockctl" reload 2>&1)
	status=$?
	if [ $status -eq 0 ] && [[ $1 == *.any ]]; then
		taken=$((taken + 1)) # a flaw that is none; back to what was
		cp "$dir/good" "$conf"
		"$sockctl" reload >/dev/null || fail "the good file is refused after $1"
		own=$(workers echo | sort)
		return
	fi
	if [ $status -eq 0 ]; then
		fail "$1 is taken: $(head -c 300 "$1" | cat -v)"
	fi
	wait_log 'error reload: '
	logged 'error reload: .*/sockd\.conf' || fail "no reason for $1 in the log: $(tail -n "+$since" "$log")"
	[[ $1 == *.any ]] || logged 'sockd\.conf:[0-9]+: ' || fail "no line for $1: $(tail -n "+$since" "$log")"
	[[ $out == *sockd.conf* ]] || fail "sockctl says nothing of the reason for $1: $out"
	expect "workers after $1" "$own" "$(workers echo | sort)"
	expect "ports after $1" "$ports" "$(ss -Hltn | awk '{ print $4 }' | sort)"
}
for f in "$dir"/broken/*; do
	cp "$f" "$conf"
	refused "$f"
done
rm "$conf"
refused "no file.any"
mkdir "$conf"
refused "a folder.any"
rmdir "$conf"
ln -s "$conf" "$conf"
refused "a loop of links.any"
rm "$conf"
cp "$dir/good" "$conf"
inject read error=EIO "$master" -f -P "$conf"
refused "EIO.any"
inject_end
figure files "$(find "$dir/broken" -type f | wc -l),harmless=$taken"
cp "$dir/good" "$conf"
fault_lasts after_all
reload
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
stop
