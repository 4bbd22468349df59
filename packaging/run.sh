#!/bin/sh
# Set up Bowerbird once, then run the window, or a demonstration in the terminal if there is no display.
#
#   sh packaging/run.sh             with the demo sounds
#   sh packaging/run.sh FOLDER...   with your own folders
set -eu

# Relative folders refer to the folder from which this script was started.
for folder in "$@"; do
    shift
    case "$folder" in
        /* | -*) ;;
        *) folder="$PWD/$folder" ;;
    esac
    set -- "$@" "$folder"
done
cd "$(dirname "$0")/.."
. packaging/setup.sh

environment="${BOWERBIRD_VENV:-$PWD/.venv}"
if [ ! -e "$environment/.bowerbird" ]; then
    set_up_system
fi
set_up_environment "$environment" ""

if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || [ "$(uname)" = Darwin ]; then
    if [ $# -eq 0 ]; then
        set -- --demo
    fi
    exec "$environment/bin/python" -m bowerbird "$@"
fi
status=0
"$environment/bin/python" -m bowerbird demo "$@" || status=$?
if [ "$status" -eq 1 ]; then # done, though some sounds were rejected: they were named
    status=0
fi
exit "$status"
