#!/bin/sh
# Train the ear on a folder of labelled clips, and write it to where it ships from:
#
#     models/train/train.sh FOLDER OUT [--epochs N] [--seed N]
#
# FOLDER holds labels.csv and the clips that it names. OUT is a folder for the checkpoint, the curve and the cache; started
# again with the same OUT, the training goes on where it broke off. Without a GPU it takes two cores about half an hour.
# On the first run, what it needs is installed in an environment of its own, in `.venv-train` or in the folder that
# BOWERBIRD_TRAIN_ENV names.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
env=${BOWERBIRD_TRAIN_ENV:-.venv-train}

if [ ! -e "$env/ready" ]; then
    "${PYTHON:-python3}" -m venv "$env"
    # torch comes first: where the index has it with CUDA only, that is gigabytes, and PIP_EXTRA_INDEX_URL may name another.
    "$env/bin/python" -m pip install --quiet "$(grep '^torch==' "$here/ear/requirements.txt")"
    "$env/bin/python" -m pip install --quiet --requirement "$here/ear/requirements.txt"
    : >"$env/ready"
fi

folder=$1
out=$2
shift 2
PYTHONPATH="$here/../../app" OMP_WAIT_POLICY=passive OPENBLAS_NUM_THREADS=1
export PYTHONPATH OMP_WAIT_POLICY OPENBLAS_NUM_THREADS
"$env/bin/python" "$here/ear/train.py" "$folder" "$out" "$@"
"$env/bin/python" "$here/ear/finish.py" "$folder" "$out" "$here/.."
