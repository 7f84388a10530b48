# What a module says of its options when the settings are loaded becomes an error at their line. It says so as the
# user of the service; if it crashes, leaves or hangs over it, that is an error too.
. "$(dirname "$0")/lib.sh"

cp "$top_builddir/tests/modules/hostile.so" "$top_builddir/examples/kv.so" "$dir"
text()
{
	printf 'service m {\n\tlisten = {"127.0.0.1:7001"}\n\thandler = "module"\n\tmodule = "%s"\n\toptions = {%s}\n}' "$1" "$2"
}
# This one takes its time: it is looked at last.
text "$dir/hostile.so" '"in=check", "do=hang"' >"$dir/hangs.conf"
"$SOCKD" -t -f "$dir/hangs.conf" >"$dir/hangs.out" 2>&1 </dev/null &
hangs=$!
started+=($hangs)
rejects "refused options" "$(text "$dir/hostile.so" '"refuse=what is that?"')" \
	"^$conf:5: options: what is that\?\$"
rejects "a message with control characters" "$(text "$dir/hostile.so" "'refuse=a$(printf '\033')[1mb'")" \
	"^$conf:5: options: a\\\\x1b\[1mb\$"
rejects "an unknown option" "$(text "$dir/kv.so" '"colour=red"')" "^$conf:5: options: unknown option 'colour=red'"
rejects "an option out of range" "$(text "$dir/kv.so" '"max-keys=0"')" "^$conf:5: options: max-keys is a number"
rejects "a crash" "$(text "$dir/hostile.so" '"in=check", "do=crash"')" \
	"^$conf:4: module: module $dir/hostile.so crashed in check: signal SEGV\$"
rejects "an exit" "$(text "$dir/hostile.so" '"in=check", "do=exit"')" \
	"^$conf:4: module: module $dir/hostile.so left in check: exit status 0\$"
rejects "closed descriptors" "$(text "$dir/hostile.so" '"in=check", "do=close-all"')" \
	"^$conf:4: module: module $dir/hostile.so left in check: exit status 1\$"
rejects "a missing module" "$(text "$dir/none.so" '')" "^$conf:4: module: .*$dir/none.so.*No such file"
rejects "no module" "$(text "$dir/none.so" '' | sed /none.so/d)" "^$conf:1: module: "
accepts "good options" "$(text "$dir/kv.so" '"max-keys=10"')"

# What it prints is no part of the settings.
conf "$(text "$dir/hostile.so" '"in=check", "do=print"')"
run -T -f "$conf"
expect "exit status of -T" 0 $status
expect "words of the module in the settings" 0 "$(grep -c printed <<<"$out")"
expect "words of the module beside them" 1 "$(grep -c printed <<<"$err")"

# The same at a reload: the old settings stay.
text "$dir/kv.so" '"max-keys=10"' >"$conf"
start
text "$dir/kv.so" '"max-keys=10", "max-values=3"' >"$conf"
mark
kill -HUP "$master"
wait_log "$conf:5: options: unknown option 'max-values=3'"
wait_log 'reload: failed'
expect "answer" ok "$(ask 127.0.0.1:7001 'set a b
')"

# A module that only root can read cannot be loaded by nobody.
if [ "$(id -u)" -eq 0 ]; then
	rejects "the one who checks" "$(text "$dir/hostile.so" '"refuse=id"' | sed 's/handler/user = "1234" group = "1235" handler/')" \
		'^.*:5: options: uid=1234 gid=1235 groups=1$'
	chmod 700 "$dir/kv.so"
	rejects "a module that its user may not read" "$(text "$dir/kv.so" '')" "^$conf:4: module: .*Permission denied"
	chmod 755 "$dir/kv.so"
	mkdir "$dir/root"
	cp "$dir/kv.so" "$dir/root"
	accepts "a module in the chroot" "$(text /kv.so '' | sed "s|handler|chroot = '$dir/root' handler|")"
fi
stop
wait_exit 20 $hangs
expect "exit status without an answer" 78 $status
expect "what is said without an answer" \
	"$dir/hangs.conf:4: module: module $dir/hostile.so gave no answer within 10 s" "$(cat "$dir/hangs.out")"
