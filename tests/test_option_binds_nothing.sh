# -t checks users and addresses, binds nothing, starts nothing, and takes no notice of one that runs.
. "$(dirname "$0")/lib.sh"

conf "pidfile = '$dir/pid'
service echo { listen = {'127.0.0.1:7001', 'unix:$dir/sock'} handler = 'echo' workers = 2 }"
run -t -f "$conf"
expect "what is said" "$conf: ok" "$out"
expect "exit status" 0 $status
[ ! -e "$dir/pid" ] && [ ! -e "$dir/sock" ] || fail "-t leaves files"
start
for option in -t --test; do
	run $option -f "$conf"
	expect "exit status beside one that runs" 0 $status
	expect "what is said beside one that runs" "$conf: ok" "$out$err"
done
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
expect "pidfile" "$master" "$(cat "$dir/pid")"
stop

# The file is named as it was given; what it includes is seen from where it stands.
mkdir "$dir/more"
echo 'include("sockd.conf")' >"$dir/more/first"
echo 'workers = 4' >"$dir/more/bad"
cp "$conf" "$dir/more"
cd "$dir/more" || exit 1
for name in sockd.conf ./first ../sockd.conf; do
	run -t -f "$name"
	expect "what is said of $name" "$name: ok" "$out$err"
done
run -t -f bad
expect_match "what is said of a bad file" "^bad:1: unknown key 'workers'" "$err"
for option in -t -T; do
	err=$("$SOCKD" $option -f sockd.conf 2>&1 >/dev/full)
	expect "exit status of $option on a full disk" 1 $?
	expect_match "what $option says then" "No space left" "$err"
done
run -t -o log-level=loud -f "$conf"
expect "exit status for a wrong option" 78 $status
expect_match "what is said" "log-level.*loud" "$err"
