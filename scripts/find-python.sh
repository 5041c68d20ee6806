#!/bin/sh
# Prints the path of a Python that can run the portal: 3.12 or newer, with venv and pip.
#
# A name in PATH proves nothing: a version manager's shim answers to python3.12
# and then fails. So every candidate is run and asked. $PYTHON, where set, is the
# only candidate. Where none fits, it says on standard error what to install.
set -u

without_venv=''
too_old=''

# Succeeds, after printing the interpreter's own path, when "$1" fits.
fits() {
    [ -n "$1" ] || return 1
    answer=$("$1" -I -c '
import sys
if sys.version_info < (3, 12):
    print("old", sys.version.split()[0]); sys.exit()
try:
    import ctypes, ensurepip, sqlite3, ssl, venv
except ImportError as missing:
    print("incomplete", "%d.%d" % sys.version_info[:2], missing.name); sys.exit()
print("fits", sys.executable)
' 2>/dev/null) || return 1
    case "$answer" in
        'fits '*) printf '%s\n' "${answer#fits }"; exit 0 ;;
        'incomplete '*) without_venv="$without_venv
  $1: Python ${answer#incomplete } is missing" ;;
        'old '*) too_old="$too_old
  $1: Python ${answer#old }" ;;
    esac
    return 1
}

if [ -n "${PYTHON:-}" ]; then
    fits "$PYTHON"
else
    for version in 3.14 3.13 3.12; do
        fits "$(command -v "python$version" 2>/dev/null)"
    done
    fits "$(command -v python3 2>/dev/null)"
    fits "$(command -v python 2>/dev/null)"
    data="${XDG_DATA_HOME:-$HOME/.local/share}"
    for version in 3.14 3.13 3.12; do
        for candidate in \
            "${PYENV_ROOT:-$HOME/.pyenv}/versions/$version"*/bin/python3 \
            "${ASDF_DATA_DIR:-$HOME/.asdf}/installs/python/$version"*/bin/python3 \
            "${MISE_DATA_DIR:-$data/mise}/installs/python/$version"*/bin/python3 \
            "${UV_PYTHON_INSTALL_DIR:-$data/uv/python}/cpython-$version"*/bin/python3 \
            /usr/bin/"python$version" \
            /usr/local/bin/"python$version" \
            /opt/homebrew/bin/"python$version" \
            /usr/local/opt/"python@$version"/bin/"python$version" \
            /home/linuxbrew/.linuxbrew/bin/"python$version" \
            /Library/Frameworks/Python.framework/Versions/"$version"/bin/python3 \
            /opt/python/*"$version"*/bin/python3 \
            /opt/python*"$version"*/bin/python3 \
            "$HOME/.nix-profile/bin/python$version"; do
            [ -x "$candidate" ] && fits "$candidate"
        done
    done
    for base in "${CONDA_PREFIX:-}" "$HOME/miniconda3" "$HOME/miniforge3" "$HOME/anaconda3" \
        "$HOME/mambaforge" /opt/conda /opt/miniconda3 /opt/anaconda3; do
        [ -n "$base" ] || continue
        for candidate in "$base"/bin/python3 "$base"/envs/*/bin/python3; do
            [ -x "$candidate" ] && fits "$candidate"
        done
    done
    for candidate in /opt/*/bin/python3 /usr/local/*/bin/python3; do
        [ -x "$candidate" ] && fits "$candidate"
    done
fi

{
    if [ -n "${PYTHON:-}" ]; then
        echo "PYTHON=$PYTHON is not a Python 3.12 or newer with the modules venv and ensurepip."
    else
        echo 'The portal needs Python 3.12 or newer, and none was found.'
    fi
    [ -z "$too_old" ] || printf 'Too old:%s\n' "$too_old"
    [ -z "$without_venv" ] || printf 'New enough but incomplete:%s\n' "$without_venv"
    cat <<'END'

Install one of these and run the same command again:
  Debian 13, Ubuntu 24.04 or newer:  sudo apt install python3 python3-venv
  Fedora:                            sudo dnf install python3.13
  macOS with Homebrew:               brew install python@3.13
  anywhere, with uv:                 uv python install 3.13
  anywhere, with pyenv:              pyenv install 3.13
On Debian and Ubuntu the modules venv and ensurepip stand in a package of their
own: python3-venv, or python3.13-venv for Python 3.13.
A Python in an unusual place:        make setup PYTHON=/path/to/python3.13
END
} >&2
exit 1
