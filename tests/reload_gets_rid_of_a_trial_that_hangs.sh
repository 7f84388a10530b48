# A trial worker that hangs before it is ready holds nobody's connection: when its reload has failed it is
# ended, and not left for ever.
. "$(dirname "$0")/lib_control.sh"

printf '#!/bin/sh\necho $$ >"$WHERE/pid"; trap "" TERM; exec sleep infinity\n' >"$dir/hangs"
printf '#!/bin/sh\nuntil test -s "$WHERE/pid"; do sleep 0.02; done; exit 3\n' >"$dir/dies"
chmod 755 "$dir/hangs" "$dir/dies"
mkdir -m 0777 "$dir/where"
echo="drain-timeout = 0
service echo { listen = '127.0.0.1:7001' handler = echo workers = 1 }"
conf "$echo"
start
conf "$echo
service hangs { listen = '127.0.0.1:7002' handler = program command = '$dir/hangs' notify = true environment = 'WHERE=$dir/where' }
service dies { listen = '127.0.0.1:7003' handler = program command = '$dir/dies' notify = true environment = 'WHERE=$dir/where' }"
expect_match "answer" "^error .*
.*service 'dies'" "$(ctl reload)"
hangs=$(cat "$dir/where/pid")
wait_for 6 gone "$hangs" || fail "the program that hangs stays"
only_echo() { [ "$(children "$master" | wc -l)" = 2 ]; }
wait_for 5 only_echo || fail "children: $(children "$master" | wc -l), expected a worker and the logger"
wait_for 5 state_is 'sorted(s)' "['echo']" || fail "services: $(state 'sorted(s)')"
stop
