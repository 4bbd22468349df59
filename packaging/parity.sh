#!/bin/sh
# Compares the CLAP front end and the exported network with laion_clap's own, in an environment of its own.
#
#   sh packaging/parity.sh [--write-golden]
#
# The environment goes into $BOWERBIRD_PARITY_VENV and stays, or into a temporary folder and goes. Exit status 1 means
# that a vector is too far from the reference. --write-golden also writes what the ordinary tests compare with.
set -eu
cd "$(dirname "$0")/.."
. packaging/setup.sh

began=$(date +%s)
case "${1:-}" in
"" | --write-golden) ;;
*)
    say "Usage: sh packaging/parity.sh [--write-golden]"
    exit 2
    ;;
esac

environment="${BOWERBIRD_PARITY_VENV:-}"
if [ -z "$environment" ]; then
    scratch=$(mktemp -d)
    trap 'rm -rf "$scratch"' EXIT
    environment="$scratch/venv"
fi

# torch comes first: whatever else is asked for must fit it. Where the index has it with CUDA only, that is gigabytes;
# PIP_INDEX_URL and PIP_EXTRA_INDEX_URL may name another.
install() { # requirements...
    PIP_DISABLE_PIP_VERSION_CHECK=1 "$environment/bin/python" -m pip install --quiet "$@" 2>"$environment/pip.log" && return 0
    grep -i error "$environment/pip.log" | tail -n 3 >&2
    say "The packages could not be installed. Check the connection and start again; the last lines of pip say why:"
    tail -n 5 "$environment/pip.log" >&2
    return 2
}

stamp="$environment/.bowerbird-parity"
facts=$(cksum <packaging/parity.sh)
if [ "$(cat "$stamp" 2>/dev/null)" != "$facts" ]; then
    python=$(find_python)
    say "Setting up the reference with $($python --version); this takes a few minutes."
    "$python" -m venv "$environment"
    rm -f "$stamp"
    install "torch==2.13.0"
    install "ftfy" "librosa" "numpy>=2" "onnx" "onnxruntime" "platformdirs" "regex" "safetensors" "tqdm" "transformers"
    # Their own requirements ask for an older numpy, pictures, data sets and a torch with CUDA, none of which is used.
    install --no-deps "laion-clap==1.1.7" "torchaudio==2.11.0" "torchlibrosa==0.1.0"
    printf '%s' "$facts" >"$stamp"
    say "Set up in $(($(date +%s) - began)) s."
fi

status=0
"$environment/bin/python" -W ignore models/export/parity_comparison.py "$@" || status=$?
say "Took $(($(date +%s) - began)) s."
exit "$status"
