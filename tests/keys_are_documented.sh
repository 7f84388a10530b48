# Every key of the dump is in the manual page and in the sample file; every option in sockd(8).
. "$(dirname "$0")/lib.sh"

keys=$(conf_keys)
[ "$(echo "$keys" | wc -l)" -ge 60 ] || fail "the dump has few keys: $keys"
for key in $keys; do
	grep -Eq "^\.It Cm (.* , )?$key( |\$)" "$top_srcdir/man/sockd.conf.5" || fail "sockd.conf.5 has no $key"
	grep -Eq "^#?[[:space:]]*(#[[:space:]]*)?$key = " "$top_srcdir/etc/sockd.conf" || fail "etc/sockd.conf has no $key"
done
run -h
for option in $(echo "$out" | grep -oE -- '--[a-z-]+' | sort -u); do
	grep -q -- "Fl -${option#--}" "$top_srcdir/man/sockd.8" || fail "sockd.8 has no $option"
done
