"""Sounds that a real mouse drags to the window of another program."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Queue
from threading import Thread

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

import numpy as np
import soundfile
from gui_stage import Stage
from PySide6.QtCore import Qt

pytestmark = [
    pytest.mark.skipif(os.environ["QT_QPA_PLATFORM"] != "xcb", reason="a mouse needs an X server"),
    pytest.mark.skipif(not shutil.which("xdotool"), reason="xdotool, which moves the mouse, is not installed"),
]

OTHER_PROGRAM = """
import sys
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication, QWidget

class Target(QWidget):
    def dragEnterEvent(self, event):
        event.acceptProposedAction()
    def dropEvent(self, event):
        event.acceptProposedAction()
        print("\\t".join(url.toLocalFile() for url in event.mimeData().urls()), flush=True)

app = QApplication([])
target = Target()
target.setAcceptDrops(True)
target.setGeometry(1210, 100, 220, 500)
target.show()
QTimer.singleShot(0, lambda: print("ready", flush=True))
app.exec()
"""


@pytest.fixture
def other_program() -> "Iterator[Queue[str]]":
    """Open another program's window on the right of the screen; return the queue of the files that it gets."""
    process = subprocess.Popen([sys.executable, "-c", OTHER_PROGRAM], stdout=subprocess.PIPE, text=True)
    told: Queue[str] = Queue()
    assert process.stdout is not None
    output = process.stdout

    def read() -> None:
        for line in output:
            told.put(line.rstrip("\n"))

    reading = Thread(target=read)
    reading.start()
    assert told.get(timeout=60) == "ready"
    yield told
    process.terminate()
    process.wait()
    reading.join()
    output.close()


@pytest.fixture
def drag_out(stage: Stage, other_program: "Queue[str]") -> Callable[[str], list[Path]]:
    """Drag a row to the other program with the mouse; return the files that it got."""

    def drag(name: str) -> list[Path]:
        index = stage.model.index(stage.row(name), 0)
        start = stage.table.viewport().mapToGlobal(stage.table.visualRect(index).center())
        end_x, end_y = 1320, 350
        moves = ["mousemove", str(start.x()), str(start.y()), "sleep", "0.1", "mousedown", "1"]
        for step in range(1, 11):
            x, y = start.x() + step * (end_x - start.x()) // 10, start.y() + step * (end_y - start.y()) // 10
            moves += ["sleep", "0.05", "mousemove", str(x), str(y)]
        moves += ["sleep", "0.5", "mousemove", str(end_x + 2), str(end_y), "sleep", "0.5", "mouseup", "1"]
        for _ in range(10):  # a busy machine may answer after the button was released, and nothing is dropped
            with subprocess.Popen(["xdotool", *moves]) as mouse:
                while mouse.poll() is None:
                    stage.qtbot.wait(50)
            stage.qtbot.wait(500)
            if not other_program.empty():
                break
        return [Path(path) for path in other_program.get(timeout=1).split("\t")]

    return drag


def test_the_selected_sounds_arrive_as_their_own_files_and_are_remembered(
    stage: Stage, sounds: Path, drag_out: Callable[[str], list[Path]]
):
    stage.click_row("Kick 1.wav")
    stage.qtbot.keyClick(stage.table, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    assert drag_out("Kick 1.wav") == sorted(sounds.rglob("Kick [12].wav"))
    stage.window.shelf.open_text("Dragged")
    stage.until(lambda: set(stage.names) == {"Kick 1.wav", "Kick 2.wav"})


def test_a_reversed_sound_arrives_as_a_file_that_is_reversed(
    stage: Stage, sounds: Path, drag_out: Callable[[str], list[Path]]
):
    stage.click_row("Kick 1.wav")
    stage.trigger("reverse")
    (rendered,) = drag_out("Kick 1.wav")
    original, _ = soundfile.read(next(sounds.rglob("Kick 1.wav")), always_2d=True)
    samples, _ = soundfile.read(rendered, always_2d=True)
    assert rendered.name == "Kick 1 reversed.wav"
    np.testing.assert_array_equal(samples, original[::-1])
