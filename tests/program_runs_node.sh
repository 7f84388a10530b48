# A server of node that listens on descriptor 3, behind the handler program: no request is lost in reloads;
# one that is killed loses only its own.
. "$(dirname "$0")/lib_program.sh" node

cat >"$dir/app.js" <<'JS'
const server = require('http').createServer((request, response) => {
	response.setHeader('X-Round', process.env.ROUND);
	response.setHeader('Content-Length', 6);
	response.end('hello\n');
});
server.listen({fd: 3});
process.on('SIGTERM', () => server.close(() => process.exit(0)));
JS
program="command = {'node', '$dir/app.js'}"
held=4 # all clients
program_start
program_survives_reloads
program_survives_kills
program_ends
