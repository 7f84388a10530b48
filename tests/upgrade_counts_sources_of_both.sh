# max-per-source counts what the workers of the old program still hold, over two upgrades.
. "$(dirname "$0")/lib_upgrade.sh"

conf "service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 6 max-per-source = 3 }"
start
clients_begin
one_more() { tell more 127.0.0.1:7001; }
expect "the first two" "served served" "$(one_more) $(one_more)"
upgrade
first=$old
expect "one more, with two at the old program" "served" "$(one_more)"
expect "and one more" "refused" "$(one_more)"
expect "one from elsewhere" "served" "$(tell more 127.0.0.1:7001 127.0.0.9)"
upgrade
expect "one more, with two at the first program and one at the second" "refused" "$(one_more)"
expect "one that ends" "ended" "$(tell end)"
lets_in() { [ "$(one_more)" = served ]; }
wait_for 5 lets_in || fail "the place of one that ended stays taken"
expect "and one more" "refused" "$(one_more)"
expect "those that end" "ended ended ended ended" "$(tell end) $(tell end) $(tell end) $(tell end)"
wait_for 10 gone "$first" || fail "the first master stays"
wait_for 5 lets_in || fail "the places of those that ended stay taken"
expect "the last one" "ended" "$(tell end)"

# What an old master is killed with, and all that it had, counts no more.
expect "three" "served served served" "$(one_more) $(one_more) $(one_more)"
upgrade
expect "and one more" "refused" "$(one_more)"
# shellcheck disable=SC2046
kill_hard "$old" $(workers echo "$old")
wait_for 5 lets_in || fail "the places of those that were killed stay taken"
expect "the next two, and one more" "served served refused" "$(one_more) $(one_more) $(one_more)"
for _ in 1 2 3 4 5 6; do tell end >"$dir/ended"; done
upgrade_stop
