# The logger became the user of the first service, whose workers could then stop it and read its
# memory. It stays root without any of root's rights: nobody but root may signal it.
. "$(dirname "$0")/lib.sh" root

conf 'service echo { listen = {"127.0.0.1:7001"} handler = "echo" user = "nobody" workers = 1 }'
start
logger=$(logger_pid)
field() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$logger/status"; }
for set in CapInh CapPrm CapEff CapAmb; do
	expect "$set" 0000000000000000 "$(field $set)"
done
expect "NoNewPrivs" 1 "$(field NoNewPrivs)"
expect "what a worker's user gets for a signal" PermissionError "$(py '
os.setgid(65534)
os.setuid(int(sys.argv[2]))
try:
    os.kill(int(sys.argv[1]), 0)
    print("nothing")
except OSError as e:
    print(type(e).__name__)
' "$logger" "$(id -u nobody)")"
# It still writes.
expect "answer" ping "$(ask 127.0.0.1:7001 ping)"
wait_log 'service=echo .*closed'
stop
