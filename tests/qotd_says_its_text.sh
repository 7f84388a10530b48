# RFC 865: one quote of at most 512 characters, lines that end with CR LF, then the end.
. "$(dirname "$0")/lib.sh"

conf 'service own { listen = {"127.0.0.1:7017"} handler = "qotd" text = "one
two" }
service plain { listen = {"127.0.0.1:7018"} handler = "qotd" }'
start
expect "quote" "$(printf 'one\r\ntwo\r\n.')" "$(ask 127.0.0.1:7017; echo .)"
expect "quote, though the client talks" "$(printf 'one\r\ntwo\r\n.')" "$(ask 127.0.0.1:7017 hello; echo .)"
expect_match "quote without a text" $'Charles Dickens\r$' "$(ask 127.0.0.1:7018)"
py '
c = Client("127.0.0.1:7017")
expect("a client that does not close", b"one\r\ntwo\r\n", c.rest())
c.close()
' || exit 1
wait_log 'service=own .* closed .*bytes_out=10 end=done$'
stop

conf "service long { listen = {'127.0.0.1:7017'} handler = 'qotd'
text = '$(printf 'x%.0s' {1..513})' }"
run -t -f "$conf"
expect "exit status for a quote of 513 characters" 78 $status
expect_match "what is said" "sockd.conf:2: .*512" "$err"
