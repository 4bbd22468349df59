#!/bin/sh
# Print every figure of the README and of app/DECISIONS.md about search: on labelled sounds, then on generated ones.
#
#   sh packaging/figures.sh DIR [WORK]      DIR has audio/labels.csv and the sounds that it names
#
# Libraries are made in a temporary folder. With WORK, they are kept for the next time. Takes about 40 minutes on two
# cores, half of it for a library of 1,000,000 generated sounds, which needs 14 GB of disk.
set -eu
[ "$#" -ge 1 ] && [ -f "$1/audio/labels.csv" ] || {
    echo "Name the folder with audio/labels.csv: sh packaging/figures.sh DIR [WORK]" >&2
    exit 2
}
shared=$(cd "$1" && pwd)
work=${2:-}
if [ -z "$work" ]; then
    work=$(mktemp -d)
    trap 'rm -rf "$work"' EXIT
fi
mkdir -p "$work"
work=$(cd "$work" && pwd)
cd "$(dirname "$0")/.."
. packaging/setup.sh

environment="${BOWERBIRD_VENV:-$PWD/.venv}"
set_up_environment "$environment" dev
python="$environment/bin/python"
export BOWERBIRD_HOME="$work/home"
step() { printf '\n== %s\n' "$*"; }

step "the labelled sounds"
code=0
"$environment/bin/bowerbird" index "$shared/audio" --library "$work/labelled" >"$work/index.log" 2>&1 || code=$?
tail -n 1 "$work/index.log"
[ "$code" -le 1 ] # 1: some of the odd files were rejected

step "100,000 generated sounds"
if [ ! -e "$work/names" ]; then
    "$python" - "$work/names.part" <<'END'
import sys
from pathlib import Path

sys.path.insert(0, "tests/benchmarks")
from generated import make_library

from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named

make_library(Path(sys.argv[1]), 100_000, encoder_named(DEFAULT_ENCODER))
END
    mv "$work/names.part" "$work/names"
fi

for name in searches words bands names_and_meaning copies robustness moments evaluate; do
    step "measure_$name.py"
    "$python" "tests/benchmarks/measure_$name.py" --library "$work/labelled" --shared "$shared"
done
step "measure_names.py"
"$python" tests/benchmarks/measure_names.py --library "$work/names"
step "measure_million.py"
"$python" tests/benchmarks/measure_million.py --big "$work/million"
