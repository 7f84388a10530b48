# A symlink, a file, a live socket at the path: told by name, and left as it is.
. "$(dirname "$0")/lib.sh"

try()
{
	run -n -L "unix:$1" echo
	expect "exit status for $1" 1 $status
	expect_match "what is said" "$1: .*$2" "$err"
}

echo precious >"$dir/file"
try "$dir/file" "not a socket"
expect "the file" precious "$(cat "$dir/file")"

ln -s "$dir/file" "$dir/link"
try "$dir/link" "symbolic link"
expect "the link" "$dir/file" "$(readlink "$dir/link")"
expect "the file" precious "$(cat "$dir/file")"

ln -s "$dir/nothing" "$dir/dangling"
try "$dir/dangling" "symbolic link"
[ ! -e "$dir/nothing" ] || fail "a socket was made through a link"

try "$dir/none/sock" "No such file or directory.*$dir/none"

long=$dir/$(printf 'x%.0s' {1..108})
run -n -L "unix:$long" echo
expect "exit status for a path that is too long" 78 $status
expect_match "what is said" "107|108|long" "$err"
