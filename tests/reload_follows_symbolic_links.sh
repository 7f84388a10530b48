# Whoever switches settings with a symbolic link finds them switched after a reload: the name given at the
# start was resolved once and for all.
. "$(dirname "$0")/lib.sh"

mkdir "$dir/one" "$dir/two"
for i in one two; do
	printf 'service qotd { listen = {"127.0.0.1:7001"} handler = "qotd" text = "%s" workers = 1 }\n' $i >"$dir/$i/f"
done
ln -s one "$dir/current"
ln -s current/f "$conf"
text() { ask 127.0.0.1:7001 | tr -d '\r'; }
for name in "$conf" "${conf##*/}"; do
	cd "${conf%/*}" || exit 1
	conf=$name
	start
	expect "answer" one "$(text)"
	ln -sfn two "$dir/current"
	mv "$dir/one" "$dir/gone"
	reload
	switched() { [ "$(text)" = two ]; }
	wait_for 5 switched || fail "$name: answer after the switch: $(text)"
	stop
	mv "$dir/gone" "$dir/one"
	ln -sfn one "$dir/current"
done
