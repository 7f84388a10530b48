# A shared object that is no module for this sockd is refused with a word about why.
. "$(dirname "$0")/lib.sh" cc

# build NAME TEXT
build()
{
	printf '#include <sockd/module.h>\n%s\n' "$2" >"$dir/$1.c"
	cc -shared -fPIC -I"$top_srcdir/include" -o "$dir/$1.so" "$dir/$1.c" || fail "cannot build $1"
}
# refuses NAME REGEX
refuses()
{
	rejects "$1" "service m {
		listen = {'127.0.0.1:7001'}
		handler = module
		module = '$dir/$1.so'
	}" "^$conf:4: module: $dir/$1.so$2"
}
serve='static int serve(struct sockd_conn *c) { (void)c; return 0; }'
module='const struct sockd_module sockd_module'
build abi "$serve $module = {.abi = 99, .serve = serve};"
refuses abi ' was built for module ABI 99; this sockd has 1$'
build plain 'int nothing;'
refuses plain ' exports no sockd_module$'
build noserve "$module = {.abi = SOCKD_MODULE_ABI};"
refuses noserve ' has no serve\(\)$'
build greedy "$serve $module = {.abi = SOCKD_MODULE_ABI, .shared_size = (size_t)1 << 40, .serve = serve};"
refuses greedy ' asks for 1099511627776 bytes of shared memory; there are 67108864$'
build unresolved "int nowhere(void); static int serve(struct sockd_conn *c) { (void)c; return nowhere(); }
	$module = {.abi = SOCKD_MODULE_ABI, .serve = serve};"
refuses unresolved ': undefined symbol: nowhere'
echo 'no object at all' >"$dir/text.so"
refuses text ': (file too short|invalid ELF header)'
build good "$serve $module = {.abi = SOCKD_MODULE_ABI, .serve = serve};"
accepts "the least that a module is" "service m { listen = {'127.0.0.1:7001'} handler = module module = '$dir/good.so' }"
