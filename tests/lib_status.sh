# lib_status.sh: what tests of the status handler share; sourced after lib.sh.
# shellcheck disable=SC2154 # dir is of lib.sh

url=http://127.0.0.1:8080

# The service itself; more keys may be given.
status_service="listen = {'127.0.0.1:8080'} handler = 'status'"

get()
{
	curl -sS --max-time 20 "$@"
}

# code PATH [OPTION...]: the status of the answer.
code()
{
	local path=$1

	shift
	get -o "$dir/body" -w '%{http_code}' "$@" "$url$path"
}

# number EXPRESSION: of status.json, as d.
number()
{
	get $url/status.json >"$dir/json" && py 'import json
d = json.load(open(sys.argv[1]))
print(eval(sys.argv[2]))' "$dir/json" "$1"
}

# field SERVICE FIELD: of a service in status.json.
field()
{
	number "next(s for s in d['services'] if s['name'] == '$1')$2"
}
