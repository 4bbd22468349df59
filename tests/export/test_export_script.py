"""What `export.sh` and `parity.sh` install and how they fail, with a fake Python that records its arguments."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from bowerbird.encoders.weights.cards import read_card

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "models" / "export"
PYTHON = """#!/bin/sh
echo "$*" >>"$NOTES"
case "$*" in
"-m venv "*) mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
"-m pip "*) [ ! -e "$NOTES.fails" ] || { cat "$NOTES.fails" >&2; exit 1; } ;;
*_comparison.py*) [ ! -e "$NOTES.differs" ] || case "$*" in *"$(cat "$NOTES.differs")"_comparison*) exit 2 ;; esac ;;
esac
"""

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the scripts are for sh")


class Place:
    """A copy of the script with its requirements, and the arguments of its Python."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.notes = root / "notes"
        self.requirements = root / "requirements.txt"
        for name in ("export.sh", self.requirements.name):
            shutil.copy(SOURCE / name, root)
        self.python = root / "python"
        self.python.write_text(PYTHON)
        self.python.chmod(0o755)

    def run(self) -> tuple[int, str]:
        return self._run(self.root / "export.sh", "some.pt", "folder")

    def compare(self) -> tuple[int, str]:
        return self._run(ROOT / "packaging" / "parity.sh")

    def _run(self, script: Path, *arguments: str) -> tuple[int, str]:
        self.notes.write_text("")
        names = {
            "NOTES": self.notes,
            "PYTHON": self.python,
            "BOWERBIRD_EXPORT_ENV": self.root / "env",
            "BOWERBIRD_PARITY_VENV": self.root / "env",
        }
        done = subprocess.run(
            ["sh", str(script), *arguments],
            env={**os.environ, **{name: str(path) for name, path in names.items()}},
            capture_output=True,
            check=False,
        )
        return done.returncode, self.notes.read_text()


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_the_environment_is_made_once(place: Place) -> None:
    assert place.run()[1].count("-m pip install") == 2
    assert place.run() == (0, f"{place.root / 'export.py'} some.pt folder\n")


def test_changed_requirements_are_installed(place: Place) -> None:
    place.run()
    place.requirements.write_text(place.requirements.read_text().replace("numpy==", "numpy==1"))
    assert place.run()[1].count("-m pip install") == 2
    assert "pip" not in place.run()[1]


def test_an_installation_that_failed_is_begun_again(place: Place) -> None:
    fails = place.root / "notes.fails"
    fails.touch()
    code, asked = place.run()
    assert code != 0
    assert "some.pt" not in asked
    fails.unlink()
    assert place.run()[1].count("-m pip install") == 2


def test_the_comparison_runs_the_tests_that_need_torch_too(place: Place) -> None:
    code, asked = place.compare()
    assert code == 0
    assert asked.count("-m pip install") == 4
    assert asked.count("-m pip download --no-deps --require-hashes") == 1
    package = read_card(ROOT / "models" / "aisfx.toml").source.package
    assert package is not None
    wanted = f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n"
    assert (place.root / "env" / "aisfx.txt").read_text() == wanted
    assert f"-m pip install --constraint requirements.lock --no-deps {place.root / 'env' / package.wheel}" in asked
    assert asked.count("_comparison.py") == 2
    assert "tests/export" in asked.splitlines()[-1]
    assert "-m pip" not in place.compare()[1]


@pytest.mark.parametrize("name", ["parity", "aisfx"])
def test_a_comparison_that_ends_badly_is_never_taken_for_a_lack_of_packages(place: Place, name: str) -> None:
    (place.root / "notes.differs").write_text(name)
    assert place.compare()[0] == 1


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("WARNING: Retrying (Retry(total=0, connect=None)) after connection broken by 'NewConnectionError'", 2),
        ("ERROR: HTTPSConnectionPool(host='a', port=443): Max retries exceeded with url: /simple/torch/", 2),
        ("ERROR: Cannot install torch because these package versions have conflicting dependencies.", 3),
        ("WARNING: Retrying (Retry(total=4, connect=None)) after\nERROR: No matching distribution found", 3),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", 3),
    ],
)
def test_only_an_index_out_of_reach_excuses_the_comparison(place: Place, said: str, code: int) -> None:
    (place.root / "notes.fails").write_text(f"{said}\n")
    assert place.compare()[0] == code
