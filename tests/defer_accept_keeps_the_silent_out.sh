# With defer-accept a client that says nothing takes no worker: the only one serves others meanwhile.
. "$(dirname "$0")/lib.sh"

service()
{
	conf "service echo { listen = {\"127.0.0.1:7007\"} handler = \"echo\" workers = 1 $1 }"
}

# A silent client, then one that speaks: is it answered while the first is silent? Both are in the end.
beside_a_silent_one()
{
	py '
silent, other = Client("127.0.0.1:7007"), Client("127.0.0.1:7007")
other.send("other")
answered = not other.quiet(float(sys.argv[1]))
for c in (other, silent) if answered else (silent, other):
    c.send("x")
    c.fin()
    c.said = c.rest().decode()
    c.close()
print("yes" if answered else "no", silent.said, other.said)
' "$1"
}

service 'defer-accept = 30'
start
worker=$(workers echo)
expect "served beside a silent one" "yes x otherx" "$(beside_a_silent_one 10)"
service ''
reload
expect "served without defer-accept" "no x otherx" "$(beside_a_silent_one 0.3)"
service 'defer-accept = 30'
reload
expect "served after another reload" "yes x otherx" "$(beside_a_silent_one 10)"
expect "worker" "$worker" "$(workers echo)"
stop
