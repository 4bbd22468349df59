"""The environments of other tools agree with `requirements.lock`: pip refuses two versions where both apply."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
FILES = sorted(ROOT.glob("models/**/*requirements.txt"))


def pinned(file: Path) -> dict[str, str]:
    """Return the packages that a requirements file gives an exact version, by their normalised names."""
    pairs = re.findall(r"^([A-Za-z0-9._-]+)==(\S+)", file.read_text(encoding="utf-8"), flags=re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): version for name, version in pairs}


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_a_package_has_one_version_in_all_requirements(file: Path) -> None:
    locked = pinned(ROOT / "requirements.lock")
    assert locked
    differing = {
        name: (version, locked[name]) for name, version in pinned(file).items() if locked.get(name, version) != version
    }
    assert differing == {}


def test_every_tool_with_an_environment_of_its_own_is_compared() -> None:
    assert {file.relative_to(ROOT).as_posix() for file in FILES} == {
        "models/export/parity-requirements.txt",
        "models/export/requirements.txt",
        "models/train/ear/requirements.txt",
    }
