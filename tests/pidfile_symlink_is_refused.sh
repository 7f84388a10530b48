# A symlink in place of the pidfile is refused; what it points to is left alone.
. "$(dirname "$0")/lib.sh"

echo precious >"$dir/file"
ln -s "$dir/file" "$dir/pid"
conf "pidfile = '$dir/pid'
service echo { listen = {'127.0.0.1:7001'} handler = 'echo' }"
run -n -f "$conf"
expect "exit status" 1 $status
expect_match "what is said" "$dir/pid" "$err"
expect "the file" precious "$(cat "$dir/file")"

# What is there but no pidfile of ours is not emptied before the lock is ours either.
rm "$dir/pid"
mkdir "$dir/pid"
run -n -f "$conf"
expect "exit status for a folder" 1 $status
expect_match "what is said" "$dir/pid" "$err"

rmdir "$dir/pid"
sed -i "s,$dir/pid,$dir/none/pid," "$conf"
run -n -f "$conf"
expect "exit status without a folder" 1 $status
expect_match "what is said" "$dir/none/pid: No such file or directory" "$err"
