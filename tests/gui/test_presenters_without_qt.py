"""Presenters are plain Python: they are imported where there is no Qt at all."""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
APP = ROOT / "app"

WITHOUT_QT = """
import sys
for name in ("PySide6", "shiboken6"):
    sys.modules[name] = None
import importlib
for name in sys.argv[1:]:
    importlib.import_module(name)
"""


def plain_modules():
    """The modules that the import contract keeps free of Qt."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    return next(entry for entry in contracts if entry["name"].startswith("Presenters"))["source_modules"]


def test_every_presenter_is_kept_free_of_qt():
    gui = APP / "bowerbird" / "gui"
    presenters = {
        ".".join(path.relative_to(APP).with_suffix("").parts)
        for pattern in ("*_presenter.py", "*_state.py", "*_rows.py", "*_texts.py", "*_fields.py")
        for path in gui.rglob(pattern)
        if path.stem != "window_state"
    }
    assert presenters <= set(plain_modules())


def test_presenters_are_imported_without_qt():
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT_QT, *plain_modules()],
        env={"PYTHONPATH": str(APP)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


def test_the_window_itself_is_not_imported_without_qt():
    run = subprocess.run(
        [sys.executable, "-c", WITHOUT_QT, "bowerbird.gui.shell.window"],
        env={"PYTHONPATH": str(APP)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "ModuleNotFoundError" in run.stderr
