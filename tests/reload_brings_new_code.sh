# A reload replaces the workers of a module or program whose file is another one, though no key has changed; and
# those of a service that is named, whatever has changed. The others keep theirs. diff tells beforehand.
. "$(dirname "$0")/lib_control.sh" cc

module()
{
	cat >"$dir/m.c" <<-C
		#include <sockd/module.h>
		#include <string.h>
		static int serve(struct sockd_conn *c)
		{
			return c->write(c, "$1", strlen("$1"));
		}
		const struct sockd_module sockd_module = {.abi = SOCKD_MODULE_ABI, .name = "m", .serve = serve};
	C
	cc -shared -fPIC -I"$top_srcdir/include" -o "$dir/m.new" "$dir/m.c" || fail "no module"
	mv "$dir/m.new" "$dir/m.so"
}
program()
{
	cat >"$dir/app.new" <<-PY
		#!$(readlink -f "$(command -v $python)")
		import socket
		s = socket.socket(fileno=3)
		while True:
		    c = s.accept()[0]
		    c.sendall(b"$1")
		    c.close()
	PY
	chmod 755 "$dir/app.new"
	mv "$dir/app.new" "$dir/app"
}
module_is() { [ "$(ask 127.0.0.1:7001 '')" = "$1" ]; }
app_is() { [ "$(ask 127.0.0.1:7002 '')" = "$1" ]; }
reload_ok() { expect_match "reload $*" "^ok" "$(ctl reload "$@")"; }

module one
program one
conf "service m { listen = {'127.0.0.1:7001'} handler = module module = '$dir/m.so' workers = 1 }
service app { listen = {'127.0.0.1:7002'} handler = program command = {'$dir/app'} workers = 1 }
service runs { listen = {'127.0.0.1:7003'} handler = exec command = {'$dir/app'} workers = 1 }
service echo { listen = {'127.0.0.1:7004'} handler = echo workers = 1 }"
start
for name in m runs echo; do
	wait_workers $name 1
	declare "$name=$(workers $name)"
done
kept() { expect "worker of $1 after $2" "${!1}" "$(workers "$1")"; }
expect "module" one "$(ask 127.0.0.1:7001 '')"
wait_for 5 app_is one || fail "program: $(ask 127.0.0.1:7002 '')"

reload_ok
kept m "a reload of the same"
module two
program two
expect "diff" "ok
service 'm': what its settings name has changed (new workers)
service 'app': what its settings name has changed (new workers)" "$(ctl diff)"
expect "module before the reload" one "$(ask 127.0.0.1:7001 '')"
reload_ok
wait_for 5 module_is two || fail "module after it: $(ask 127.0.0.1:7001 '')"
wait_for 5 app_is two || fail "program: $(ask 127.0.0.1:7002 '')"
kept runs "new files"
kept echo "new files"

# by name
expect_match "reload of nobody" "^error there is no service 'nobody'" "$(ctl reload nobody)"
reload_ok echo
kept runs "a reload of echo"
renewed() { [ "$(workers echo | wc -l)" -eq 1 ] && [ "$(workers echo)" != "$echo" ]; }
wait_for 5 renewed || fail "the worker of echo stays"
echo=$(workers echo)
reload_ok
kept echo "a reload that names nobody"

# one that is asked for meanwhile names nobody either
settings=$(cat "$conf")
mkfifo "$dir/slow.conf"
conf "$settings
include('$dir/slow.conf')"
mark
ctl_begin named reload echo
wait_log 'reload: reading'
kill -HUP "$master"
for n in 1 2; do
	ctl version >"$dir/version"
	echo "log-level = info" >"$dir/slow.conf"
	wait_for 10 eval "[ \$(logged_times 'reload: done') -eq $n ]" || fail "no reload $n"
	[ $n -ne 1 ] || wait_for 5 renewed || fail "the worker of echo stays"
	[ $n -ne 1 ] || echo=$(workers echo)
done
kept echo "the next reload"
conf "$settings"

# one that fails takes the wish along
module three
sed -i 's/echo workers = 1/echo workers = x/' "$conf"
expect_match "bad reload" "^error" "$(ctl reload echo)"
kept echo "a reload that failed"
expect "module" two "$(ask 127.0.0.1:7001 '')"
sed -i 's/echo workers = x/echo workers = 1/' "$conf"
reload_ok
kept echo "a good reload after it"
wait_for 5 module_is three || fail "module: $(ask 127.0.0.1:7001 '')"
stop
