# What is installed for writers of modules is enough: the header and sockd.pc. The examples and the one of the manual
# page are built with it, strictly, as C and as C++, and the latter does what the page says.
. "$(dirname "$0")/lib.sh" cc make pkg-config nc

MAKEFLAGS='' MFLAGS='' make -s -C "$top_builddir" install-sockdincludeHEADERS install-pkgconfigDATA DESTDIR="$dir/root" \
	>"$dir/make" 2>&1 || fail "install: $(cat "$dir/make")"
pc=$(find "$dir/root" -name sockd.pc)
[ -n "$pc" ] || fail "no sockd.pc"
export PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$dir/root PKG_CONFIG_ALLOW_SYSTEM_CFLAGS=1
flags=$(pkg-config --cflags sockd) || fail "pkg-config"
pkg-config --variable=moduledir sockd | grep -q '/sockd$' || fail "no moduledir"
cc=(-Wall -Wextra -Wpedantic -Werror)

cd "$dir" || exit 1
echo '#include <sockd/module.h>' >header.c
# shellcheck disable=SC2086
for std in c11 gnu11 c17; do
	cc -std=$std "${cc[@]}" $flags -fsyntax-only header.c || fail "the header as $std"
done
# shellcheck disable=SC2086
if command -v c++ >/dev/null; then
	for std in c++11 c++20; do
		c++ -std=$std "${cc[@]}" $flags -fsyntax-only -x c++ header.c || fail "the header as $std"
	done
fi
sed -n '/^#include <stdatomic.h>/,/^\.Ed/{/^\.Ed/d;s/\\e/\\/g;p}' "$top_srcdir/man/sockd-module.7" >visits.c
cp "$top_srcdir/examples/http.c" "$top_srcdir/examples/kv.c" .
for name in visits http kv; do
	# shellcheck disable=SC2086
	cc -std=c11 -O1 "${cc[@]}" -shared -fPIC -pthread $flags -o $name.so $name.c || fail "$name"
	accepts "$name" "service m { listen = {'127.0.0.1:7001'} handler = module module = '$dir/$name.so' }"
done

conf "service visits { listen = {'127.0.0.1:7008'} handler = module module = '$dir/visits.so' workers = 4
	options = {'greeting=Good day'} }"
start
for i in 1 2 3; do
	expect "visit $i" "Good day, 127.0.0.1, you are visitor $i. hello" "$(echo hello | nc -N 127.0.0.1 7008 | xargs)"
done
stop
