#!/bin/sh
# Train the ear on a folder of labelled clips, and write the result into models/:
#
#     models/train/train.sh FOLDER OUT [--epochs N] [--seed N]
#
# FOLDER holds labels.csv and the clips that it lists. OUT is a folder for the checkpoint, the loss curve and the cache; run
# again with the same OUT, an interrupted training resumes. Without a GPU it takes two cores about half an hour. The first
# run installs the dependencies into a virtual environment, `.venv-train` or the folder named by BOWERBIRD_TRAIN_ENV.
set -eu

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
env=${BOWERBIRD_TRAIN_ENV:-.venv-train}

if [ ! -e "$env/ready" ]; then
    "${PYTHON:-python3}" -m venv "$env"
    # torch first and alone: an index may offer it with CUDA only (gigabytes); PIP_EXTRA_INDEX_URL can name another index.
    "$env/bin/python" -m pip install --quiet "$(grep '^torch==' "$here/ear/requirements.txt")"
    "$env/bin/python" -m pip install --quiet --requirement "$here/ear/requirements.txt"
    : >"$env/ready"
fi

folder=$1
out=$2
shift 2
PYTHONPATH="$here/../../app:$here" OMP_WAIT_POLICY=passive OPENBLAS_NUM_THREADS=1
export PYTHONPATH OMP_WAIT_POLICY OPENBLAS_NUM_THREADS
"$env/bin/python" -m ear.train "$folder" "$out" "$@"
"$env/bin/python" -m ear.finish "$folder" "$out" "$here/.."
