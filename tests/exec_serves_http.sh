# An inetd web server behind exec: curl gets whole files, wrk a short load of them without one error.
. "$(dirname "$0")/lib.sh" micro-httpd curl wrk

mkdir "$dir/www"
echo '<p>hello' >"$dir/www/index.html"
seq 200000 >"$dir/www/large.txt"
conf "service web {
	listen = {'127.0.0.1:8000'}
	handler = 'exec'
	command = {'micro-httpd', '$dir/www'}
	workers = 8
	log-connections = false
}"
start
get() { curl -sS --max-time 20 "$@"; }

expect "a page" '<p>hello' "$(get http://127.0.0.1:8000/index.html)"
get -o "$dir/large" http://127.0.0.1:8000/large.txt
cmp "$dir/www/large.txt" "$dir/large" || fail "the large file is another one"
expect "status of what is not there" 404 "$(get -o "$dir/none" -w '%{http_code}' http://127.0.0.1:8000/none)"

wrk -t 1 -c 4 -d 2s --timeout 30s http://127.0.0.1:8000/index.html >"$dir/wrk" || fail "wrk: $(cat "$dir/wrk")"
grep -q 'Non-2xx\|Socket errors' "$dir/wrk" && fail "errors under load: $(cat "$dir/wrk")"
requests=$(sed -n 's/^ *\([0-9]*\) requests in.*/\1/p' "$dir/wrk")
[ "${requests:-0}" -ge 4 ] || fail "few requests: $(cat "$dir/wrk")"
expect "workers" 8 "$(worker_count web)"
stop
