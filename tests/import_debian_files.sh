# sockd-import takes what Debian's packages ship, and sockd takes what it prints.
. "$(dirname "$0")/lib.sh"

import=${SOCKD%/*}/sockd-import

# accepted FILE: sockd takes it, unless it has no service that is on.
accepted()
{
	run -t -f "$1"
	case $err in
	*': no service is enabled') ! grep -q '^# 0 on,' "$1" || return 0 ;;
	esac
	expect "what sockd says of $1" "$1: ok" "$out$err"
}

for f in debian-inetd debian-xinetd; do
	(cd "$tests/import" && "$import" -n $f.conf) >"$dir/out" || fail "exit status of sockd-import -n $f.conf"
	diff -u "$tests/import/$f.out" "$dir/out" || fail "$f.conf is not what $f.out says"

	# On this machine, with what it has of these programs and users.
	"$import" -o "$dir/$f.here" "$tests/import/$f.conf" || fail "exit status of sockd-import $f.conf"
	accepted "$dir/$f.here"
done

# With all programs, one user and every service on.
mkdir "$dir/bin"
user=$(id -un nobody) group=$(id -gn nobody)
awk -v bin="$dir/bin/" -v user="$user" '
	/^#/ || !NF { print; next }
	{ p = $6 ~ /tcpd$/ ? 7 : 6; sub(/.*\//, bin, $p); $5 = user; print }
' "$tests/import/debian-inetd.conf" >"$dir/inetd.conf"
sed -E -e "s|^(.*server[[:space:]]*= ).*/|\1$dir/bin/|" -e "s/(user[[:space:]]*= ).*/\1$user/" \
	-e "s/(group[[:space:]]*= ).*/\1$group/" -e 's/(disable[[:space:]]*= )yes/\1no/' \
	"$tests/import/debian-xinetd.conf" >"$dir/xinetd.conf"
grep -oh "$dir/bin/[^ ]*" "$dir/inetd.conf" "$dir/xinetd.conf" | while read -r f; do
	printf '#!/bin/sh\n' >"$f"
	chmod 755 "$f"
done
for f in inetd xinetd; do
	"$import" -o "$dir/$f.all" "$dir/$f.conf" || fail "exit status of sockd-import $f.conf"
	accepted "$dir/$f.all"
done
# approx is not in services(5), two packages serve one port here and there, others are #<off>#.
expect "services of inetd.conf" "# 27 on, 10 off, 8 not imported" "$(grep -m1 ' on, ' "$dir/inetd.all")"
expect "services of xinetd.conf" "# 12 on, 3 off, 12 not imported" "$(grep -m1 ' on, ' "$dir/xinetd.all")"
expect "left off for another reason than the address or the port" "" \
	"$(cat "$dir"/*.all | grep '# left off' | grep -v 'is taken by' | grep -v approx)"

# And the files of the machine itself.
for f in /etc/inetd.conf /etc/inetd.d /etc/xinetd.conf /etc/xinetd.d; do
	[ -e $f ] || continue
	"$import" $f >"$dir/here" || fail "exit status of sockd-import $f"
	accepted "$dir/here"
done
