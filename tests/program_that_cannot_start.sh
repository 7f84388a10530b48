# A program that ends at once, or is gone, is tried ever more slowly, with a few lines in the log; other services
# do not notice, and it is served again when it is mended.
. "$(dirname "$0")/lib.sh" cc
. "$(dirname "$0")/lib_app.sh"
. "$(dirname "$0")/lib_clock.sh"

printf '#!/bin/sh\nexit 3\n' >"$app"
chmod 755 "$app"
conf "service app { listen = '127.0.0.1:7007' handler = program command = {'$app'} workers = 2 }
service other { listen = '127.0.0.1:7008' handler = echo workers = 1 }"
clock_begin
start
wait_log 'service=app .*died: exit status 3.*next_try_s=1'
clock_forward 1
wait_log 'service=app .*died: exit status 3.*next_try_s=2'
lines=$(logged_times 'service=app')
[ "$lines" -lt 8 ] || fail "$lines lines about a program that ends at once"

rm "$app"
clock_forward 2
wait_log "service=app .*$app cannot be started: exec: No such file or directory"
expect "answer of the other service" ping "$(ask 127.0.0.1:7008 ping)"
app_write 'serve("fine")'
wait_log 'next_try_s=4'
clock_forward 4
wait_log 'service=app .*stay alive again'
expect "answer once it is back" fine "$(ask 127.0.0.1:7007 '')"
stop
