# A program that is removed after the settings were loaded: one line says which and why, clients are
# turned away one by one, and it works again when the program is back.
. "$(dirname "$0")/lib.sh"

cp /bin/cat "$dir/program"
mkdir "$dir/folder"
conf "defaults { handler = 'exec' workers = 1 }
service gone { listen = '127.0.0.1:7001' command = {'$dir/program'} }
service folder { listen = '127.0.0.1:7002' command = {'/bin/cat'} directory = '$dir/folder' }"
start -l debug
expect "echo" hello "$(ask 127.0.0.1:7001 hello)"
rm "$dir/program"
rmdir "$dir/folder"
py 'knock("127.0.0.1:7001", 20)'
py 'knock("127.0.0.1:7002", 1)'
wait_log "service=gone .*$dir/program cannot be started: exec: No such file or directory"
wait_log "service=folder .*/bin/cat cannot be started: $dir/folder: No such file or directory"
failed() { [ "$(logged_times 'service=gone .*closed .*end=exec-failed error="No such file')" -eq 20 ]; }
wait_for 5 failed || fail "not all of 20 clients were turned away"
expect "errors" 1 "$(logged_times 'error service=gone ')"
cp /bin/cat "$dir/program"
expect "echo again" hello "$(ask 127.0.0.1:7001 hello)"
chmod 644 "$dir/program"
mark
py 'knock("127.0.0.1:7001", 1)'
wait_log "cannot be started: exec: Permission denied"
childless() { [ -z "$(children "$(workers gone)")" ]; }
wait_for 5 childless || fail "children of the worker: $(children "$(workers gone)")"
logged died && fail "a worker died"
stop
