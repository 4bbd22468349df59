"""Presenters are plain Python: they are imported where there is no Qt at all."""

import subprocess
import sys
from pathlib import Path

import pytest

APP = Path(__file__).parents[2] / "app"

IMPORT_WITHOUT_QT = """
import sys
for name in ("PySide6", "shiboken6", "pyqtgraph"):
    sys.modules[name] = None
import bowerbird.gui.presenters.{name}
"""


@pytest.mark.parametrize(
    "name", ["browsing", "indexing", "playing", "models", "model_rows", "model_words", "words", "rating"]
)
def test_a_presenter_is_imported_without_qt(name: str):
    script = IMPORT_WITHOUT_QT.format(name=name)
    run = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": str(APP)}, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def test_the_window_itself_is_not_imported_without_qt():
    script = IMPORT_WITHOUT_QT.format(name="browsing") + "import bowerbird.gui.views.window"
    run = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": str(APP)}, capture_output=True, text=True, check=False
    )
    assert "ModuleNotFoundError" in run.stderr
