#!/bin/sh
# Compare the front ends and networks of CLAP with laion_clap and of aiSFX with aisfx, in a virtual environment, and run
# the tests of the export tool that need torch.
#
#   sh packaging/parity.sh [--write-golden]
#
# The environment is kept in $BOWERBIRD_PARITY_VENV, or created in a temporary folder. --write-golden also writes the
# reference values of the ordinary tests. Exit status: 1 if a vector differs from the reference or a test fails, 2 if the
# package index cannot be reached, 3 if the environment cannot be set up for another reason.
set -eu
cd "$(dirname "$0")/.."
. packaging/setup.sh

began=$(date +%s)
case "${1:-}" in
"" | --write-golden) ;;
*)
    say "Usage: sh packaging/parity.sh [--write-golden]"
    exit 3
    ;;
esac

environment="${BOWERBIRD_PARITY_VENV:-}"
if [ -z "$environment" ]; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    environment="$scratch/venv"
fi

# Messages of pip when it has given up on an index, but not when it retries.
unreachable='Retry\(total=0|Max retries exceeded|Could not fetch URL|Read timed out|HTTP error 5[0-9][0-9]'

install() { # requirements...
    run_pip install --constraint requirements.lock "$@"
}

fetch() { # requirements with hashes...
    run_pip download --no-deps --require-hashes --only-binary :all: --dest "$environment" "$@"
}

run_pip() { # arguments...
    PIP_DISABLE_PIP_VERSION_CHECK=1 "$environment/bin/python" -m pip "$@" --quiet \
        2>"$environment/pip.log" && return 0
    grep '^ERROR' "$environment/pip.log" | tail -n 5 >&2
    if grep -Eq "$unreachable" "$environment/pip.log"; then
        say "Cannot reach the package index. Check the connection and try again."
        return 2
    fi
    say "The packages cannot be installed. See the messages of pip above."
    return 3
}

requirements=models/export/requirements.txt
further=models/export/parity-requirements.txt
card=models/aisfx.toml
of_package() { # field
    sed -n "/^\[source\.package\]/,/^\[files\]/s/^$1 = \"\(.*\)\"\$/\1/p" "$card"
}
wheel=$(of_package wheel)
stamp="$environment/.bowerbird-parity"
facts=$(cat packaging/parity.sh requirements.lock "$requirements" "$further" "$card" | cksum)
if [ "$(cat "$stamp" 2>/dev/null)" != "$facts" ]; then
    python=$(find_python) || exit 3
    say "Setting up the reference with $($python --version); this takes a few minutes."
    "$python" -m venv "$environment" || exit 3
    rm -f "$stamp"
    # torch first, so that the other packages fit it. An index may offer it with CUDA only (gigabytes); PIP_INDEX_URL and
    # PIP_EXTRA_INDEX_URL can name another index.
    install "$(grep '^torch==' "$requirements")"
    install --requirement "$requirements" --requirement "$further"
    # Without their dependencies: an older numpy, image and dataset libraries, and torch with CUDA, none of which is used.
    install --no-deps "laion-clap==1.1.7" "torchaudio==2.11.0" "torchlibrosa==0.1.0"
    # aisfx pins old versions of numpy and librosa. Its wheel is kept: weights are imported from it.
    aisfx="$(of_package name)==$(of_package version) --hash=sha256:$(of_package sha256)"
    printf '%s\n' "$aisfx" >"$environment/aisfx.txt"
    fetch --requirement "$environment/aisfx.txt"
    install --no-deps "$environment/$wheel"
    # The compiled part needs CUDA and would not load; the Python part of torchaudio is all that is used.
    rm -f "$environment"/lib/python3*/site-packages/torchaudio/lib/*.so
    printf '%s' "$facts" >"$stamp"
    say "Set up in $(($(date +%s) - began)) s."
fi

status=0
"$environment/bin/python" -W ignore models/export/aisfx_comparison.py "$environment/$wheel" "$@" || status=1
"$environment/bin/python" -W ignore models/export/parity_comparison.py "$@" || status=1
# pyproject.toml has options for plugins that are not installed here.
PYTHONPATH=app "$environment/bin/python" -m pytest -q -p no:cacheprovider -c /dev/null --rootdir . tests/export || status=1
say "Took $(($(date +%s) - began)) s."
exit "$status"
