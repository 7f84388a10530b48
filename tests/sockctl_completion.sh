# Tab completes commands, options, services and levels.
. "$(dirname "$0")/lib_sockctl.sh"

conf "control-socket = '$control'
service web { listen = '127.0.0.1:7001' handler = echo workers = 1 }
service wiki.de { listen = '127.0.0.1:7002' handler = echo workers = 1 }
service mail-in { listen = '127.0.0.1:7003' handler = echo workers = 1 }"
start

# complete_to WHAT-IS-EXPECTED WORD...: the last word is under the cursor.
complete_to()
{
	local got

	got=$(bash --norc -c '
set -eu
. "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_sockctl
[ ${#COMPREPLY[@]} -eq 0 ] || printf "%s\n" "${COMPREPLY[@]}"' bash "$top_srcdir/completion/sockctl" "$SOCKCTL" \
		"${@:2}" 2>"$dir/err" | sort | xargs)
	expect "what '${*:2}' completes to" "$1" "$got"
	expect "complaints" "" "$(cat "$dir/err")"
}

complete_to "recent reload resume" re
complete_to "log-level" -j l
complete_to "--help --json --lines --socket --version" --
complete_to "mail-in web wiki.de" -s "$control" status ''
complete_to "web wiki.de" -s "$control" pause w
complete_to "mail-in" -j -s "$control" scale m
complete_to "" -s "$control" scale mail-in ''
complete_to "" -s "$control" status web ''
complete_to "" -s "$dir/none" status ''
complete_to "" -s "$control" upgrade ''
complete_to "debug" log-level d
complete_to "$control" -s "$dir/cont"
complete_to "$control" --socket = "$dir/cont"
complete_to "web wiki.de" --socket = "$control" pause w
complete_to "recent reload resume" --lines = 5 re
complete_to "" --lines = ''
stop
