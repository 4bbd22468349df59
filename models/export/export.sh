#!/bin/sh
# Turn a LAION-CLAP checkpoint into a folder that `bowerbird models import` takes:
#
#     models/export/export.sh CHECKPOINT FOLDER --card ID [--tokenizer FILE]
#
# On the first run, and when `requirements.txt` has changed, what the tool needs is installed in an environment of its
# own, in `.venv-export` or in the folder that BOWERBIRD_EXPORT_ENV names. `--tiny FOLDER` remakes the small untrained
# model of the tests instead.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
env=${BOWERBIRD_EXPORT_ENV:-.venv-export}

facts=$(cksum <"$here/requirements.txt")
if [ "$(cat "$env/ready" 2>/dev/null)" != "$facts" ]; then
    rm -f "$env/ready"
    "${PYTHON:-python3}" -m venv "$env"
    # torch comes first: where the index has it with CUDA only, that is gigabytes, and PIP_EXTRA_INDEX_URL may name another.
    "$env/bin/python" -m pip install --quiet "$(grep '^torch==' "$here/requirements.txt")"
    "$env/bin/python" -m pip install --quiet --requirement "$here/requirements.txt"
    printf '%s' "$facts" >"$env/ready"
fi

if [ "${1:-}" = "--tiny" ]; then
    exec "$env/bin/python" "$here/untrained.py" tiny "$2"
fi
exec "$env/bin/python" "$here/export.py" "$@"
