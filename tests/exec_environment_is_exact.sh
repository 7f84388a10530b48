# A program sees exactly the promised variables: over IPv4, IPv6, a mapped address, a unix socket, and
# behind a PROXY header; what the settings name comes in addition, or instead.
. "$(dirname "$0")/lib.sh"

program='handler = "exec" command = {"/usr/bin/env", "-0"} workers = 1'
conf "service v4 { listen = '127.0.0.1:7001' $program }
service v6 { listen = '[::1]:7002' $program }
service both { listen = '*:7003' $program }
service unix { listen = 'unix:$dir/s' $program }
service proxied { listen = '127.0.0.1:7004' $program proxy-protocol = 'any' proxy-trusted = '127.0.0.1' }
service more { listen = '127.0.0.1:7005' $program
	environment = {'ONE=a b=\"c\" \$HOME', 'LANG=xx', 'EMPTY=', 'PATH=/bin', 'GIVEN=later'}
	pass-environment = {'GIVEN', 'PASSED', 'MISSING'} }"
export GIVEN=first PASSED=$'two\nlines' NOT_NAMED=secret
start
py '
def environment(address, first=b""):
    c = Client(address)
    c.send(first or b"x")
    c.fin()
    lines = [v.decode() for v in c.rest().split(b"\0") if v]
    env = dict(v.split("=", 1) for v in lines)
    expect("number of variables from " + address, len(env), len(lines))
    conn = env.pop("SOCKD_CONN_ID", "")
    check("id of a connection", len(conn) == 16 and not conn.strip("0123456789abcdef"), conn)
    ids.append(conn)
    return env, c

def promised(service, host, port, local, local_port):
    return {"PROTO": "TCP", "TCPLOCALIP": local, "TCPLOCALPORT": str(local_port), "TCPREMOTEIP": host,
            "TCPREMOTEPORT": str(port), "REMOTE_ADDR": host, "REMOTE_PORT": str(port),
            "REMOTE_HOST": host, "SOCKD_SERVICE": service, "LANG": "C",
            "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}

ids = []
for service, address, host, port in (("v4", "127.0.0.1:7001", "127.0.0.1", 7001), ("v6", "[::1]:7002", "::1", 7002),
                                     ("both", "127.0.0.1:7003", "127.0.0.1", 7003)):
    env, c = environment(address)
    expect(service, promised(service, host, c.s.getsockname()[1], host, port), env)
env, c = environment("unix:" + sys.argv[1] + "/s")
base = promised("unix", "", 0, "", 0)
expect("unix", {"PROTO": "UNIX", "SOCKD_SERVICE": "unix", "LANG": "C", "PATH": base["PATH"]}, env)
env, c = environment("127.0.0.1:7004", proxy_v1())
expect("proxied", promised("proxied", "192.0.2.1", 4711, "198.51.100.1", 443), env)
env, c = environment("127.0.0.1:7005")
expect("more", dict(promised("more", "127.0.0.1", c.s.getsockname()[1], "127.0.0.1", 7005), ONE="a b=\"c\" $HOME",
       LANG="xx", EMPTY="", PATH="/bin", GIVEN="later", PASSED="two\nlines"), env)
first = ids[0]
env, c = environment("127.0.0.1:7001")
check("ids differ", ids[-1] != first and len(set(ids)) == len(ids), ids)
print(first)
' "$dir" >"$dir/id" || { cat "$dir/id"; exit 1; }
wait_log "service=v4 .* closed .* conn=$(cat "$dir/id") .*end=exited"
stop
