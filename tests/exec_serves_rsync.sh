# rsync --daemon behind exec: a tree is the same there and back.
. "$(dirname "$0")/lib.sh" rsync

tree=$dir/tree
mkdir -p "$tree/a/b/c" "$tree/empty" "$dir/back"
head -c 3000000 /dev/urandom >"$tree/large"
for i in $(seq 200); do echo "$i" >"$tree/a/b/file $i"; done
echo x >"$tree/a/b/c/script"
chmod 755 "$tree/a/b/c/script"
ln -s ../large "$tree/a/link"
touch -d '2001-02-03 04:05:06' "$tree/a/b/c/script"
chmod -R go+rX "$tree"
mkdir -m 777 "$dir/upload"

cat >"$dir/rsyncd.conf" <<CONF
use chroot = no
log file = /dev/null
[tree]
path = $tree
[upload]
path = $dir/upload
read only = no
munge symlinks = no
CONF
conf "service rsync {
	listen = {'127.0.0.1:8730'}
	handler = 'exec'
	command = {'rsync', '--daemon', '--config=$dir/rsyncd.conf'}
	workers = 2
}"
start
url=rsync://127.0.0.1:8730

# same A B: nothing of names, contents, times, modes and links differs
same() { diff -r --no-dereference "$1" "$2" && rsync -rlptnci --delete "$1/" "$2/"; }
copy() { rsync "$@" >"$dir/out" 2>&1 || fail "rsync $*: $(cat "$dir/out")"; }

expect_match "list of modules" 'tree.*upload' "$(rsync $url/ | tr '\n' ' ')"
copy -rlpt $url/tree/ "$dir/back/"
expect "difference of what was fetched" "" "$(same "$tree" "$dir/back" 2>&1)"
echo more >>"$tree/large"
rm "$tree/a/b/file 7"
copy -rlpt --delete $url/tree/ "$dir/back/"
expect "difference after a change" "" "$(same "$tree" "$dir/back" 2>&1)"
copy -rlpt "$tree/" $url/upload/new/
expect "difference of what was sent" "" "$(same "$tree" "$dir/upload/new" 2>&1)"
stop
