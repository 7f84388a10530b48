# Every key of the dump is named by some test besides those about the settings themselves.
. "$(dirname "$0")/lib.sh"

keys=$(conf_keys)
[ "$(echo "$keys" | wc -l)" -ge 60 ] || fail "the dump has few keys: $keys"
missing=
for key in $keys; do
	grep -lE -- "(^|[^a-z-])$key( *=|=)" "$tests"/*.sh |
		grep -vqE '/(keys_|dump_|conf_)' || missing="$missing $key"
done
expect "keys that no test changes" "" "$missing"
