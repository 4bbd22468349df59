#!/bin/sh
# Compares the CLAP front end and the exported network with laion_clap's own, in an environment of its own, and runs
# those tests of the export tool that need torch.
#
#   sh packaging/parity.sh [--write-golden]
#
# The environment goes into $BOWERBIRD_PARITY_VENV and stays, or into a temporary folder and goes. --write-golden also
# writes what the ordinary tests compare with. Exit status: 1 when a vector is too far from the reference or a test
# fails, 2 when the package index cannot be reached, 3 when the environment cannot be set up for any other reason.
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

# What pip says when it has given up on an index, and not when it only tried once more.
unreachable='Retry\(total=0|Max retries exceeded|Could not fetch URL|Read timed out|HTTP error 5[0-9][0-9]'

install() { # requirements...
    PIP_DISABLE_PIP_VERSION_CHECK=1 "$environment/bin/python" -m pip install --quiet --constraint requirements.lock \
        "$@" 2>"$environment/pip.log" && return 0
    grep '^ERROR' "$environment/pip.log" | tail -n 5 >&2
    if grep -Eq "$unreachable" "$environment/pip.log"; then
        say "The package index cannot be reached. Check the connection and start again."
        return 2
    fi
    say "The packages cannot be installed, and the connection is not why. Mend what pip says above."
    return 3
}

requirements=models/export/requirements.txt
further=models/export/parity-requirements.txt
stamp="$environment/.bowerbird-parity"
facts=$(cat packaging/parity.sh requirements.lock "$requirements" "$further" | cksum)
if [ "$(cat "$stamp" 2>/dev/null)" != "$facts" ]; then
    python=$(find_python) || exit 3
    say "Setting up the reference with $($python --version); this takes a few minutes."
    "$python" -m venv "$environment" || exit 3
    rm -f "$stamp"
    # torch comes first: whatever else is asked for must fit it. Where the index has it with CUDA only, that is
    # gigabytes; PIP_INDEX_URL and PIP_EXTRA_INDEX_URL may name another.
    install "$(grep '^torch==' "$requirements")"
    install --requirement "$requirements" --requirement "$further"
    # Their own requirements ask for an older numpy, pictures, data sets and a torch with CUDA, none of which is used.
    install --no-deps "laion-clap==1.1.7" "torchaudio==2.11.0" "torchlibrosa==0.1.0"
    # Its compiled half is for CUDA and would not load; without it, torchaudio does with Python, which is what is used.
    rm -f "$environment"/lib/python3*/site-packages/torchaudio/lib/*.so
    printf '%s' "$facts" >"$stamp"
    say "Set up in $(($(date +%s) - began)) s."
fi

status=0
"$environment/bin/python" -W ignore models/export/parity_comparison.py "$@" || status=1
# The options in pyproject.toml are for plugins that are not needed here.
PYTHONPATH=app "$environment/bin/python" -m pytest -q -p no:cacheprovider -c /dev/null --rootdir . tests/export || status=1
say "Took $(($(date +%s) - began)) s."
exit "$status"
