#!/bin/sh
# Set up what the tests need, then run every check and test. Stop at the first failure.
set -eu
cd "$(dirname "$0")/.."
. packaging/setup.sh

root=$PWD
environment="${BOWERBIRD_VENV:-$root/.venv}"
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
step() { printf '\n== %s\n' "$*"; }

set_up_system test
set_up_environment "$environment" dev
bin="$environment/bin"
export BOWERBIRD_HOME="$scratch/home"

step "ruff"
"$bin/ruff" check .
"$bin/ruff" format --check .

step "mypy --strict"
"$bin/mypy"

step "import contracts"
"$bin/lint-imports"

step "the wheel, installed in a fresh environment with the sources out of reach"
"$bin/python" -m build --wheel --outdir "$scratch/dist" . >"$scratch/build.log" 2>&1 || {
    cat "$scratch/build.log"
    exit 1
}
wheel=$(ls "$scratch"/dist/bowerbird-*.whl)
for python in "$(find_python)" python3.12 python3.13; do
    "$python" -c 'import venv, ensurepip' >/dev/null 2>&1 || continue
    python=$(basename "$python")
    [ ! -e "$scratch/$python" ] || continue
    "$python" -m venv "$scratch/$python"
    pip_install "$scratch/$python" "$wheel" "pytest" "pytest-timeout" "pytest-xdist"
    (
        cd "$scratch"
        "$scratch/$python/bin/python" "$root/packaging/check_wheel.py" "$wheel"
    )
    last=$scratch/$python
done

step "the command line without Qt and sound output"
"$last/bin/python" -m pip uninstall --quiet --yes PySide6_Essentials shiboken6 sounddevice
pip_install "$last" hypothesis pyloudnorm
mkdir -p "$scratch/noqt/tests/encoders"
cp -R tests/cli tests/*.py "$scratch/noqt/tests/"
cp -R tests/encoders/tiny_clap tests/encoders/graphs "$scratch/noqt/tests/encoders/"
(
    cd "$scratch/noqt"
    BOWERBIRD_SHARED="$root/../shared" "$last/bin/python" -m pytest -q -n 2 -p no:cacheprovider --timeout 300 tests/cli
)

step "tests"
if command -v xvfb-run >/dev/null 2>&1; then
    QT_QPA_PLATFORM=xcb xvfb-run --auto-servernum --server-args="-screen 0 1440x900x24 -nolisten tcp" \
        "$bin/python" -m pytest -q -n 2
else
    say "xvfb-run is not installed. The window is tested without a screen."
    QT_QPA_PLATFORM=offscreen "$bin/python" -m pytest -q -n 2
fi
