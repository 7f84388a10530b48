# ${NAME} is expanded in double quotes, not in single ones; the dump writes what it stands for.
. "$(dirname "$0")/lib.sh"

export SOCKD_TEST_WORD='a "word" ${x} \ end'
conf 'service one { listen = {"127.0.0.1:7001"} handler = "qotd" text = "say ${SOCKD_TEST_WORD}" }
service two { listen = {"127.0.0.1:7002"} handler = "qotd" text = '"'say \${SOCKD_TEST_WORD}'"' }
service three { listen = {"127.0.0.1:7003"} handler = "qotd" text = "${SOCKD_TEST_NONE:-nothing}" }'
start
expect "text in double quotes" "say $SOCKD_TEST_WORD"$'\r' "$(ask 127.0.0.1:7001)"
expect "text in single quotes" 'say ${SOCKD_TEST_WORD}'$'\r' "$(ask 127.0.0.1:7002)"
expect "text with a default" nothing$'\r' "$(ask 127.0.0.1:7003)"
stop
run -T -n -f "$conf"
echo "$out" >"$conf"
unset SOCKD_TEST_WORD
start
expect "text in double quotes, dumped and read" 'say a "word" ${x} \ end'$'\r' "$(ask 127.0.0.1:7001)"
expect "text in single quotes, dumped and read" 'say ${SOCKD_TEST_WORD}'$'\r' "$(ask 127.0.0.1:7002)"
stop
