# gunicorn, unmodified, behind the handler program: it takes the socket from LISTEN_FDS, says when it is
# ready, and loses no request in reloads; one that is killed loses only its own.
. "$(dirname "$0")/lib_program.sh" gunicorn

cat >"$dir/app.py" <<'PY'
import os


def app(environ, start_response):
    start_response("200 OK", [("Content-Length", "6"), ("X-Round", os.environ["ROUND"])])
    return [b"hello\n"]
PY
program="command = {'gunicorn', '--chdir', '$dir', '--workers', '1', '--log-level', 'warning', 'app:app'}
	notify = true"
held=1
program_start
program_survives_reloads
program_survives_kills
program_ends
