# git daemon --inetd behind exec: several clones at a time are what the repository is.
. "$(dirname "$0")/lib.sh" git

export GIT_CONFIG_NOSYSTEM=1 GIT_CONFIG_GLOBAL=/dev/null HOME=$dir
work=$dir/work
git init -q "$work"
for i in $(seq 20); do
	seq "$i" $((i * 100)) >"$work/file$i"
	git -C "$work" add .
	git -C "$work" -c user.name=Test -c user.email=test@localhost commit -q -m "Change $i"
done
head -c 1000000 /dev/urandom >"$work/large"
git -C "$work" add large
git -C "$work" -c user.name=Test -c user.email=test@localhost commit -q -m "Add something large"
mkdir "$dir/srv"
git clone -q --bare "$work" "$dir/srv/project.git"

# The repository is root's and the daemon nobody: git wants to be told that this is meant.
conf "service git {
	listen = {'127.0.0.1:9418'}
	handler = 'exec'
	command = {'git', 'daemon', '--inetd', '--export-all', '--base-path=$dir/srv', '$dir/srv'}
	environment = {'GIT_CONFIG_COUNT=1', 'GIT_CONFIG_KEY_0=safe.directory', 'GIT_CONFIG_VALUE_0=*'}
	workers = 4
}"
start
clones=()
for i in 1 2 3 4; do
	git clone -q git://127.0.0.1/project.git "$dir/clone$i" 2>"$dir/err$i" &
	clones+=($!)
done
for i in 1 2 3 4; do
	wait "${clones[i - 1]}" || fail "clone $i: $(cat "$dir/err$i")"
	expect "commit of clone $i" "$(git -C "$work" rev-parse HEAD)" "$(git -C "$dir/clone$i" rev-parse HEAD)"
	expect "difference of clone $i" "" "$(diff -r --exclude=.git "$work" "$dir/clone$i" 2>&1)"
	git -C "$dir/clone$i" fsck --strict >"$dir/fsck" 2>&1 || fail "clone $i: $(cat "$dir/fsck")"
done
git ls-remote git://127.0.0.1/none.git >"$dir/none" 2>&1 && fail "a repository that is not there: $(cat "$dir/none")"
expect "what is there" "$(git -C "$work" rev-parse HEAD)" "$(git ls-remote git://127.0.0.1/project.git HEAD | cut -f1)"
stop
