# A service's name: 1 to 63 of letters, digits, ".", "_" and "-".
. "$(dirname "$0")/lib.sh"

body='{ listen = {"127.0.0.1:7001"} handler = "echo" }'
long=$(printf 'x%.0s' {1..63})
for name in a A.b_c-9 0 -x .x "$long"; do
	accepts "the name $name" "service '$name' $body"
done
for name in '' "a b" "a/b" 'é' "${long}x" 'a"b' 'a=b'; do
	rejects "the name $name" "service '$name' $body" 'sockd\.conf:1: '
done
rejects "a service without a name" "service $body" 'sockd\.conf:1: '
