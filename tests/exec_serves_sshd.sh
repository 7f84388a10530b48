# sshd -i behind exec: a key logs in, commands run, and what they print and how they end arrives.
# It changes users itself, and so needs what is denied by default: root, and no sandbox.
. "$(dirname "$0")/lib.sh" root ssh sshd ssh-keygen

[ "$SOCKD_TEST_NS" = all ] || skip "no mount namespace can be made"
# The folder of its unprivileged part, and a root whose account is not locked.
mount -t tmpfs none /run && mkdir -m 755 /run/sshd || skip "cannot mount"
sed 's/^root:[^:]*:/root:*:/' /etc/shadow >"$dir/shadow"
mount --bind "$dir/shadow" /etc/shadow || skip "cannot mount"

for key in host client; do ssh-keygen -q -t ed25519 -N '' -C $key -f "$dir/$key"; done
cp "$dir/client.pub" "$dir/authorized"
echo "[127.0.0.1]:2222 $(cut -d' ' -f1,2 "$dir/host.pub")" >"$dir/known"
cat >"$dir/sshd_config" <<CONF
HostKey $dir/host
AuthorizedKeysFile $dir/authorized
AuthenticationMethods publickey
PermitRootLogin prohibit-password
StrictModes no
UsePAM no
PidFile none
CONF
conf "service ssh {
	listen = {'127.0.0.1:2222'}
	handler = 'exec'
	command = {'sshd', '-i', '-e', '-f', '$dir/sshd_config'}
	user = 'root'
	sandbox = 'off'
	no-new-privileges = false
	workers = 2
}"
start

login()
{
	timeout 30 ssh -F none -i "$dir/client" -o IdentitiesOnly=yes -o BatchMode=yes -o LogLevel=ERROR \
		-o UserKnownHostsFile="$dir/known" -o StrictHostKeyChecking=yes -p 2222 root@127.0.0.1 "$@"
}
expect "user" 0 "$(login id -u </dev/null 2>&1)"
expect_match "addresses" '^127\.0\.0\.1 [0-9]+ 127\.0\.0\.1 2222$' "$(login 'echo $SSH_CONNECTION' </dev/null 2>&1)"
seq 200000 >"$dir/sent"
login cat <"$dir/sent" >"$dir/back"
cmp "$dir/sent" "$dir/back" || fail "what came back is not what was sent"
login exit 42 </dev/null
expect "exit status of the command" 42 $?
ssh-keygen -q -t ed25519 -N '' -f "$dir/other"
mv "$dir/other" "$dir/client"
login true </dev/null 2>"$dir/denied" && fail "a foreign key logs in"
expect_match "what is said of a foreign key" 'Permission denied' "$(cat "$dir/denied")"
stop
