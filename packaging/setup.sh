# Set up what run.sh and test.sh need. Sourced from the root of the repository.
#
#   set_up_system [test]      system packages through apt, if that needs no password
#   find_python               prints a Python of at least 3.11
#   set_up_environment DIR EXTRAS   a virtual environment with the package in it, once

say() { printf '%s\n' "$*" >&2; }

wanted_packages() {
    if [ "${1:-}" = test ]; then
        sed 's/#.*//' packaging/linux/packages.txt | tr -s ' \n' ' '
    else
        sed '/# test/d; s/#.*//' packaging/linux/packages.txt | tr -s ' \n' ' '
    fi
}

set_up_system() {
    command -v dpkg-query >/dev/null 2>&1 || return 0 # not Debian: the README says what is needed
    missing=""
    for package in $(wanted_packages "${1:-}"); do
        dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing="$missing $package"
    done
    [ -n "$missing" ] || return 0
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
            as_root="sudo"
        else
            say "Some system packages are missing. Install them with:"
            say "    sudo apt-get install$missing"
            return 0
        fi
    fi
    say "Installing system packages:$missing"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086 # words are meant
    log=$(mktemp)
    if ! { $as_root apt-get update -qq && $as_root apt-get install -y -qq --no-install-recommends $missing; } \
        >"$log" 2>&1; then
        tail -n 5 "$log" >&2
        say "Cannot install the system packages; continuing without them."
    fi
    rm -f "$log"
}

find_python() {
    for python in ${PYTHON:-} python3.11 python3.12 python3.13 python3; do
        if "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
            command -v "$python"
            return 0
        fi
    done
    say "Bowerbird needs Python 3.11 or newer with its venv module. Install python3 and python3-venv."
    return 2
}

pip_install() { # environment, requirements...
    environment="$1"
    shift
    # Distributed builds must not use instructions that only this processor has.
    HNSWLIB_NO_NATIVE=1 PIP_DISABLE_PIP_VERSION_CHECK=1 "$environment/bin/python" -m pip install --quiet \
        --constraint requirements.lock "$@"
}

set_up_environment() { # directory, extras
    stamp="$1/.bowerbird"
    facts="$2 $(cat pyproject.toml requirements.lock packaging/setup.sh | cksum)"
    if [ -x "$1/bin/python" ] && [ "$(cat "$stamp" 2>/dev/null)" = "$facts" ]; then
        return 0
    fi
    python=$(find_python) || return 2
    say "Setting up $1 with $($python --version); this takes a few minutes once."
    rm -f "$stamp"
    "$python" -m venv "$1" || return 2
    extras=$2
    if ! pip_install "$1" --editable ".[hnsw${extras:+,$extras}]" 2>"$1/pip.log"; then
        if ! pip_install "$1" --editable ".${extras:+[$extras]}" 2>"$1/pip.log"; then
            grep -i error "$1/pip.log" | tail -n 3 >&2
            say "Cannot install the packages. Check the connection and try again. Details are in $1/pip.log."
            return 2
        fi
        say "Cannot build hnswlib, which needs a C++ compiler. Large libraries will use exact search."
    fi
    printf '%s' "$facts" >"$stamp"
}
