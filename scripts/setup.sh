#!/bin/sh
# Makes everything that a checkout needs and git does not hold: .venv/ with the
# pinned packages, static/vendor/ and the compiled translations.
#
#   scripts/setup.sh portal        what the portal needs to run
#   scripts/setup.sh development   that, and what tests, lint and benchmarks need
#
# Safe to run again: what is there already is left alone, and what an interrupted
# run left half done is made afresh.
set -eu

layer=${1:-development}
cd "$(dirname "$0")/.."
unset PYTHONHOME PYTHONPATH
export PIP_USER=0 PIP_DISABLE_PIP_VERSION_CHECK=1

say() { printf '==> %s\n' "$*"; }

# One line that differs whenever the file, the Python or the checkout's place does.
# A virtual environment holds absolute paths, so a moved checkout needs a new one.
fingerprint() { printf '%s %s %s\n' "$(cksum <"$1")" "$(.venv/bin/python -V)" "$PWD"; }

is_done() { [ -f ".venv/stamps/$1" ] && [ "$(cat ".venv/stamps/$1")" = "$(fingerprint "$2")" ]; }

mark_done() { fingerprint "$2" >".venv/stamps/$1"; }

# Whether this process is a set-up: after a restart its number may be any other's. Where there is no ps to ask,
# it is taken for one.
is_set_up() {
    kill -0 "$1" 2>/dev/null || return 1
    command -v ps >/dev/null 2>&1 || return 0
    case "$(ps -o args= -p "$1" 2>/dev/null)" in *scripts/setup.sh*) return 0 ;; esac
    return 1
}

# pip can't tell a package that it was interrupted in from a whole one.
discard_unfinished() {
    [ -f .venv/unfinished ] || return 0
    other=$(cat .venv/unfinished)
    if [ -n "$other" ] && is_set_up "$other"; then
        echo "Another set-up (process $other) is at work in this checkout: wait for it to end." >&2
        exit 1
    fi
    say 'The last set-up was interrupted: starting afresh'
    rm -rf .venv
}

make_environment() {
    if [ -f .venv/place ] && [ "$(cat .venv/place)" = "$PWD" ] && .venv/bin/python -m pip --version >/dev/null 2>&1; then
        return 0
    fi
    python=$(sh scripts/find-python.sh)
    say "Making .venv with $("$python" -V) ($python)"
    rm -rf .venv
    "$python" -m venv .venv
    mkdir -p .venv/stamps
    # As an editable install would: tools started from .venv/bin find the portal's packages.
    site=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    printf '%s\n' "$PWD" >"$site/checkout.pth"
    printf '%s\n' "$PWD" >.venv/place
}

install_packages() {
    requirements=requirements/$layer.txt
    # The development packages contain the portal's.
    is_done development requirements/development.txt && return 0
    is_done "$layer" "$requirements" && return 0
    say "Installing the packages of $requirements (some minutes the first time)"
    printf '%s\n' "$$" >.venv/unfinished
    # A pipe's status is that of its last command, so pip's is carried past sed by a file.
    {
        .venv/bin/python -m pip install --require-hashes --only-binary :all: -r "$requirements" && : >.venv/installed
    } | sed -n -e 's/^ *Downloading /    /p' -e 's/^ *Using cached /    /p'
    rm .venv/installed
    mark_done "$layer" "$requirements"
    rm -f .venv/unfinished
}

discard_unfinished
make_environment
install_packages
.venv/bin/python -m scripts.assets
.venv/bin/python -m scripts.messages compile

# What a checkout needs for `.venv/bin/python manage.py …`; a production installation has no such file.
if [ ! -e .env ]; then
    (umask 077 && .venv/bin/python -c 'import secrets
print("# Made by `make setup` for this checkout; .env.example says what else may stand here.")
print("DEBUG=1")
print("SECRET_KEY=" + secrets.token_urlsafe(60))' >.env)
fi
mkdir -p var
