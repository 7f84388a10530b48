# More than one error is told at a time.
. "$(dirname "$0")/lib.sh"

conf 'log-level = loud
service one {
	listen = {"127.0.0.1:99999"}
	handler = "echo"
	workers = none
}
service two {
	listen = {"127.0.0.1:7001"}
	handler = "no-such"
}'
run -t -f "$conf"
expect "exit status" 78 $status
for line in 1 5; do
	expect_match "what is said" "sockd\.conf:$line: " "$err"
done
# What needs the whole to be well-formed may come in a second round.
sed -i -e 1d -e s/none/4/ "$conf"
run -t -f "$conf"
expect "exit status" 78 $status
for line in 2 8; do
	expect_match "what is said" "sockd\.conf:$line: " "$err"
done
