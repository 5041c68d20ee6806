#!/bin/sh
# Writes requirements/*.txt and package-lock.json anew from pyproject.toml and package.json.
#
# The newest versions that pyproject.toml allows are taken: pass arguments for uv to
# ask for less, as in `make lock ARGS="--upgrade-package django"`.
# No registry's address gets into the files; the hashes are those of the packages.
set -eu

cd "$(dirname "$0")/.."
uv=.venv/bin/uv
[ -x "$uv" ] || .venv/bin/python -m pip install --quiet --require-hashes -r requirements/lock.txt

# compile FILE ARGUMENT...: the groups named by the arguments, for every platform
# and every Python from 3.12 on.
compile() {
    file=requirements/$1
    shift
    printf '==> %s\n' "$file"
    "$uv" pip compile --quiet --no-config --universal --python-version 3.12 \
        --generate-hashes --no-emit-index-url --only-binary :all: \
        --custom-compile-command 'make lock' --output-file "$file" "$@"
}

compile development.txt pyproject.toml --group production --group build --group test --group lint --group bench ${ARGS:---upgrade}
# The smaller sets are parts of the large one, version for version.
compile portal.txt pyproject.toml --constraints requirements/development.txt --group build
compile production.txt pyproject.toml --constraints requirements/development.txt --group production
compile lock.txt --group lock ${ARGS:---upgrade}

printf '%s\n' '==> package-lock.json'
.venv/bin/python -m scripts.assets lock
