# Every key of the dump is named by some test besides those about the settings themselves.
. "$(dirname "$0")/lib.sh"

conf 'user = root group = root
service x { listen = {"unix:/tmp/x"} handler = "qotd" text = "x" user = root group = root socket-user = root socket-group = root }
service e { enabled = no handler = "exec" }
service g { enabled = no handler = "program" }
service m { enabled = no handler = "module" }
service p { enabled = no handler = "proxy" }'
run -T -f "$conf"
expect "exit status of -T" 0 $status
keys=$(echo "$out" | sed -nE 's/^[[:space:]]*([a-z-]+)[[:space:]]*=.*/\1/p' | sort -u)
[ "$(echo "$keys" | wc -l)" -ge 60 ] || fail "the dump has few keys: $keys"
missing=
for key in $keys; do
	grep -lE -- "(^|[^a-z-])$key( *=|=)" "$tests"/*.sh |
		grep -vqE '/(keys_|dump_|conf_)' || missing="$missing $key"
done
expect "keys that no test changes" "" "$missing"
