#!/bin/sh
# Convert a LAION-CLAP checkpoint into a folder for `bowerbird models import`:
#
#     models/export/export.sh CHECKPOINT FOLDER --card ID [--tokenizer FILE]
#
# The first run, and any run after a change of requirements.txt, installs the dependencies into a virtual environment,
# `.venv-export` or the folder named by BOWERBIRD_EXPORT_ENV. `--tiny FOLDER` recreates the tiny untrained model of the
# tests instead.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
env=${BOWERBIRD_EXPORT_ENV:-.venv-export}

facts=$(cksum <"$here/requirements.txt")
if [ "$(cat "$env/ready" 2>/dev/null)" != "$facts" ]; then
    rm -f "$env/ready"
    "${PYTHON:-python3}" -m venv "$env"
    # torch first and alone: an index may offer it with CUDA only (gigabytes); PIP_EXTRA_INDEX_URL can name another index.
    "$env/bin/python" -m pip install --quiet "$(grep '^torch==' "$here/requirements.txt")"
    "$env/bin/python" -m pip install --quiet --requirement "$here/requirements.txt"
    printf '%s' "$facts" >"$env/ready"
fi

if [ "${1:-}" = "--tiny" ]; then
    exec "$env/bin/python" "$here/untrained.py" tiny "$2"
fi
exec "$env/bin/python" "$here/export.py" "$@"
