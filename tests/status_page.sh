# The page without a browser: numbers and cells are in it, nothing from outside, hostile text is text, and the
# headers let a browser do nothing else. GET and HEAD alone.
. "$(dirname "$0")/lib.sh" curl
. "$tests/lib_status.sh"

conf "service echo { listen = {'127.0.0.1:7001'} handler = 'echo' workers = 3 max-workers = 7 deny = {'127.0.0.9'} }
service app { listen = {'127.0.0.1:7002'} handler = 'program' command = {'/bin/sleep', 'infinity'} workers = 2 }
service x { listen = {'127.0.0.1:7003'} handler = 'exec' command = {'/bin/sh', '-c', 'exit 7'} workers = 1 }
service status { listen = {'127.0.0.1:8080', 'unix:$dir/status'} handler = 'status' }"
start
expect "an answer" ping "$(ask 127.0.0.1:7001 ping)"
py 'Client("127.0.0.1:7001", source="127.0.0.9").more()'
ask 127.0.0.1:7003 >/dev/null
ended() { [ "$(number "[r['exit'] for r in d['recent'] if r['service'] == 'x']")" = "[7]" ]; }
wait_for 5 ended || fail "the end of the program is not told"
refused() { [ "$(field echo "['refused']['denied']")" -eq 1 ]; }
wait_for 5 refused || fail "the refusal is not told"

get -D "$dir/head" "$url/" >"$dir/page"
page=$(tr '\n' ' ' <"$dir/page")
expect_match "type" 'text/html; charset=utf-8' "$(cat "$dir/head")"
expect_match "row of echo" '<tr data-s="echo"><th scope="row"><b>echo</b>' "$page"
expect_match "cells" '<i class="idle"></i><i class="idle"></i><i class="idle"></i><i class="room"></i><i class="room"></i><i class="room"></i><i class="room"></i></div>' "$page"
expect_match "refused" 'refused: denied' "$page"
expect_match "address" '127.0.0.9:[0-9]+' "$page"
expect_match "end of a program" '>exited exit=7<' "$page"
expect_match "row of programs" '<small>2 running</small></td><td class="rate" data-l="Connections"><b class="none">-</b>' "$page"
expect "what nobody counts" 5 "$(grep -o '<b class="none">-</b>' <<<"$page" | wc -l)"
expect "numbers of programs" "None None None None" "$(number "' '.join(str(d['services'][0][k]) for k in ('connections', 'bytes_in', 'refused', 'wait'))")"
expect_match "settings" "$conf" "$page"
expect "names that were left" "" "$(grep -o '@[a-z_]*@' "$dir/page")"
expect "addresses of others" "" "$(grep -oE '(src|href|url|import)[=( ]*"?(https?:)?//[^ ]*' "$dir/page")"
expect "attributes that the policy forbids" "" "$(grep -oE ' (style|on[a-z]+)=' "$dir/page")"
expect "length" "$(wc -c <"$dir/page")" "$(sed -n 's/\r//; s/^Content-Length: //p' "$dir/head")"

nonce=$(sed -n "s/.*script-src 'nonce-\([0-9a-f]*\)'.*/\1/p" "$dir/head")
[ ${#nonce} -eq 32 ] || fail "no nonce: $(cat "$dir/head")"
expect "nonces in the page" 2 "$(grep -c "nonce=\"$nonce\"" "$dir/page")"
for field in "Cache-Control: no-store" "X-Content-Type-Options: nosniff" "Referrer-Policy: no-referrer" \
	"Content-Security-Policy: default-src 'none';.* connect-src 'self';.* frame-ancestors 'none'" "Connection: close"; do
	grep -Eq "^$field" "$dir/head" || fail "no $field in: $(cat "$dir/head")"
done
get "$url/" >"$dir/again"
grep -q "$nonce" "$dir/again" && fail "a nonce was used twice"

# A reload that fails: its text comes from the file.
conf "service echo { listen = {'127.0.0.1:7001'} handler = 'echo<script>&' }
service status { $status_service }"
mark
kill -HUP "$master"
wait_log 'reload: failed'
failed() { get "$url/" | grep 'class="failed">failed' >"$dir/failed"; }
wait_for 5 failed || fail "the failed reload is not on the page"
expect_match "its reason" 'echo&#60;script&#62;&#38;' "$(get "$url/")"
expect "reloads that failed" 1 "$(number "d['sockd']['reloads_bad']")"

# The methods and paths.
get -I "$url/" >"$dir/head"
expect_match "HEAD" '^HTTP/1.1 200 OK' "$(cat "$dir/head")"
expect "body of HEAD" "" "$(sed '1,/^\r$/d' "$dir/head")"
expect "POST" 405 "$(code / -X POST)"
expect "POST with a body" 405 "$(code / -d x=1)"
expect "DELETE" 405 "$(code /status.json -X DELETE)"
expect_match "Allow" 'Allow: GET, HEAD' "$(get -i -X PUT "$url/")"
expect "GET with a body" 413 "$(code / -X GET -d x=1)"
expect "what is not there" 404 "$(code /index.html)"
expect "a query" 200 "$(code '/?a=b')"
expect "a way out" 404 "$(code /../etc/passwd --path-as-is)"
expect "HTTP/1.0" 200 "$(code / --http1.0)"
expect "health" ok "$(get $url/healthz)"
expect "ready" running "$(get $url/readyz)"

# A page of a stranger, whose name leads here.
expect "another host" 421 "$(code / -H 'Host: example.org:8080')"
expect "another host over a unix socket" 200 "$(code / --unix-socket "$dir/status" -H 'Host: example.org')"
expect "health by any name" 200 "$(code /healthz -H 'Host: example.org')"
expect "a name without a dot" 200 "$(code / -H 'Host: box:8080')"
expect "one that ends like localhost" 421 "$(code / -H 'Host: my.notlocalhost')"
expect "localhost" 200 "$(code / -H 'Host: localhost:8080')"
expect "an address" 200 "$(code / -H 'Host: [::1]:8080')"
stop
