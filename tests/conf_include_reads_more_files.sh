# include with a pattern: sorted, after the file that includes; errors name the right file and line.
. "$(dirname "$0")/lib.sh"

mkdir "$dir/conf.d"
for i in 01 02 03 04 05 06 07 08 09 10 11 12 13 14 15; do
	echo "service s$i { listen = {'127.0.0.1:70$i'} handler = 'echo' workers = 1 }" >"$dir/conf.d/$i.conf"
done
echo "this is no settings file" >"$dir/conf.d/README"
conf "include('$dir/conf.d/*.conf')
defaults { log-connections = false }"
start
for i in 01 07 15; do
	expect "answer of s$i" ping "$(ask "127.0.0.1:70$i" ping)"
done
logged 'closed' && fail "the defaults do not reach the services of other files"
stop
run -T -f "$conf"
expect "services" "$(printf 's%02d ' {1..15})" "$(echo "$out" | sed -n 's/^service \(s[0-9]*\).*/\1/p' | tr '\n' ' ')"

printf 'service bad {\n\tlisten = {"127.0.0.1:7100"}\n\thandlr = "echo"\n}\n' >"$dir/conf.d/05-bad.conf"
run -t -f "$conf"
expect "exit status" 78 $status
expect_match "what is said" "conf.d/05-bad.conf:3: .*handlr" "$err"
rm "$dir/conf.d/05-bad.conf"

echo "service s01 { listen = {'127.0.0.1:7100'} handler = 'echo' }" >"$dir/conf.d/16.conf"
run -t -f "$conf"
expect "exit status for a service in two files" 78 $status
expect_match "what is said" "conf.d/16.conf:1: .*s01" "$err"
rm "$dir/conf.d/16.conf"

conf "include('$dir/none.d/*.conf')
service echo { listen = {'127.0.0.1:7001'} handler = 'echo' }"
run -t -f "$conf"
expect "exit status for a pattern that matches nothing" 0 $status
rejects "a file that is not there" "include('$dir/none.conf')
service echo { listen = {'127.0.0.1:7001'} handler = 'echo' }" 'sockd\.conf:1: .*none\.conf'
rejects "a folder" "include('$dir/conf.d')
service echo { listen = {'127.0.0.1:7001'} handler = 'echo' }" 'conf\.d'
rejects "a file that includes itself" "include('$conf')
service echo { listen = {'127.0.0.1:7001'} handler = 'echo' }" 'sockd\.conf'

# A folder that cannot be listed may have files.
ln -s loop "$dir/loop"
rejects "a folder that cannot be listed" "include('$dir/loop/*.conf')
service echo { listen = {'127.0.0.1:7001'} handler = 'echo' }" 'sockd\.conf:1: .*cannot list .*/loop/\*\.conf: Too many'

# The folder of the settings is no pattern, whatever its name.
mkdir "$dir/a[b]\\*" "$dir/ab*"
for i in name pattern; do
	echo "bogus = 1" >"$dir/a[b]\\*/$i.conf"
done
for i in 'name.conf name' 'pat*.conf pattern'; do
	printf '%s\n' "include('${i% *}')" "service echo { listen = {'127.0.0.1:7001'} handler = 'echo' }" >"$dir/a[b]\\*/sockd.conf"
	run -t -f "$dir/a[b]\\*/sockd.conf"
	expect "exit status for a $i in an odd folder" 78 $status
	expect_match "what is said of a $i" "/${i#* }\.conf:1: unknown key 'bogus'" "$err"
done

# The same mistake in files whose names end alike.
mkdir "$dir/alike"
cd "$dir/alike" || exit
echo "include('ab', 'b')" >sockd.conf
echo "bogus = 1" | tee ab >b
run -t -f sockd.conf
expect "what is said of both" "ab:1: unknown key 'bogus'
b:1: unknown key 'bogus'" "$err"
