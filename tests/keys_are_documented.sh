# Every key of the dump is in the manual page and in the sample file; every option in sockd(8).
. "$(dirname "$0")/lib.sh"

conf 'user = root group = root
service x { listen = {"unix:/tmp/x"} handler = "qotd" text = "x" user = root group = root socket-user = root socket-group = root }
service e { enabled = no handler = "exec" }
service g { enabled = no handler = "program" }
service m { enabled = no handler = "module" }
service p { enabled = no handler = "proxy" }'
run -T -f "$conf"
keys=$(echo "$out" | sed -nE 's/^[[:space:]]*([a-z-]+)[[:space:]]*=.*/\1/p' | sort -u)
[ -n "$keys" ] || fail "the dump is empty"
for key in $keys; do
	grep -Eq "^\.It Cm (.* , )?$key( |\$)" "$top_srcdir/man/sockd.conf.5" || fail "sockd.conf.5 has no $key"
	grep -Eq "^#?[[:space:]]*(#[[:space:]]*)?$key = " "$top_srcdir/etc/sockd.conf" || fail "etc/sockd.conf has no $key"
done
run -h
for option in $(echo "$out" | grep -oE -- '--[a-z-]+' | sort -u); do
	grep -q -- "Fl -${option#--}" "$top_srcdir/man/sockd.8" || fail "sockd.8 has no $option"
done
