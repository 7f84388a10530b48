# RFC 867: a line with date and time, then the end.
. "$(dirname "$0")/lib.sh"

conf 'service daytime { listen = {"127.0.0.1:7013"} handler = "daytime" }'
start
before=$(date +%s)
line=$(ask 127.0.0.1:7013; echo .)
expect "end of the line" $'\r\n.' "${line:(-3)}"
then=$(date -d "${line%$'\r\n.'}" +%s) || fail "no date: $line"
now=$(date +%s)
[ "$before" -le "$then" ] && [ "$then" -le "$now" ] || fail "$line is not now"
wait_log 'service=daytime .* closed .*bytes_in=0 bytes_out=26 end=done$'
stop
