# A scanner that nobody here wrote knows the services by what they say.
. "$(dirname "$0")/lib.sh" nmap

conf 'service echo { listen = {"127.0.0.1:7007"} handler = "echo" }
service daytime { listen = {"127.0.0.1:7013"} handler = "daytime" }
service qotd { listen = {"127.0.0.1:7017"} handler = "qotd" }
service chargen { listen = {"127.0.0.1:7019"} handler = "chargen" }
service time { listen = {"127.0.0.1:7037"} handler = "time" }'
start
nmap -n -Pn -sV --version-light -p 7007,7013,7017,7019,7037 127.0.0.1 >"$dir/scan" 2>&1 || fail "nmap: $(cat "$dir/scan")"
expect "names" "7007 echo,7013 daytime,7017 qotd,7019 chargen,7037 time," \
	"$(sed -n 's|^\([0-9]*\)/tcp *open *\([^ ]*\).*|\1 \2|p' "$dir/scan" | tr '\n' ',')"
stop
