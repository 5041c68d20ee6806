#!/bin/sh
# Serves the demo portal on an embedded database file, var/portal.sqlite3.
#
# Run again it keeps what was done in the demo so far; `rm -r var` starts it over.
set -eu

cd "$(dirname "$0")/.."
port=${PORT:-8000}
python=.venv/bin/python

if ! "$python" -c 'import socket, sys
with socket.socket() as tried:
    tried.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    tried.bind(("127.0.0.1", int(sys.argv[1])))' "$port" 2>/dev/null; then
    echo "Port $port of this machine is taken, or is no port: try make demo PORT=8001" >&2
    exit 1
fi

mkdir -p var
if [ ! -s var/secret-key ]; then
    (umask 077 && "$python" -c 'import secrets; print(secrets.token_urlsafe(60))' >var/secret-key)
fi

# Said here, not left to .env: the demo must never reach a database that matters.
export DEBUG=1 HTTPS=0 DATABASE_URL=sqlite:///var/portal.sqlite3
SECRET_KEY=$(cat var/secret-key)
export SECRET_KEY
export PORTAL_URL="http://127.0.0.1:$port"
export DJANGO_RUNSERVER_HIDE_WARNING=true

printf '%s\n' '==> Preparing the database var/portal.sqlite3'
"$python" manage.py migrate --verbosity 0
printf '%s\n' '==> Loading the demo portfolio'
"$python" manage.py load_demo
printf '\n  The portal:  http://127.0.0.1:%s/   (Ctrl-C ends it)\n\n' "$port"
"$python" manage.py demo_accounts
echo

# The worker provisions what is ordered; it ends with the server, however that ends.
"$python" manage.py run_worker --verbosity 0 &
worker=$!
"$python" manage.py runserver "127.0.0.1:$port" --noreload &
server=$!
# shellcheck disable=SC2329 # called by the traps
end() {
    trap - EXIT INT TERM HUP
    kill "$server" "$worker" 2>/dev/null || true
    wait "$server" "$worker" 2>/dev/null || true
}
trap end EXIT
trap 'end; exit 130' INT
trap 'end; exit 143' TERM HUP
# Whichever ends first takes the other along.
while kill -0 "$server" 2>/dev/null && kill -0 "$worker" 2>/dev/null; do sleep 1; done
