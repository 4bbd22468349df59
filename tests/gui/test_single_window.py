"""A second start brings the first window to the front, whatever has become of former ones."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from bowerbird.gui.shell import single_window
from bowerbird.gui.shell.single_window import Doorbell

START = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from bowerbird.gui.shell.single_window import hand_over
QCoreApplication([])
sys.exit(10 if hand_over(Path(sys.argv[1]), [Path(folder) for folder in sys.argv[2:]]) else 11)
"""


KILLED = """
import os, sys
from PySide6.QtCore import QCoreApplication
from PySide6.QtNetwork import QLocalServer
QCoreApplication([])
server = QLocalServer()
assert server.listen(sys.argv[1])
os._exit(0)
"""


class Front:
    """A window that can be rung for."""

    def __init__(self, qtbot: QtBot, library: Path) -> None:
        self.qtbot = qtbot
        self.library = library
        self.window = QWidget()
        self.added: list[Sequence[Path]] = []
        self.bell = Doorbell(library, self.window, self.added.append)

    def start_again(self, library: Path, *folders: str) -> int:
        """Start another process, and return its exit code."""
        other = subprocess.Popen([sys.executable, "-c", START, str(library), *folders])
        self.qtbot.waitUntil(lambda: other.poll() is not None, timeout=20_000)
        return int(other.wait())

    def close(self) -> None:
        """Close the window and everything that belongs to it."""
        self.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def front(qtbot: QtBot, tmp_path: Path) -> Iterator[Front]:
    made = Front(qtbot, tmp_path / "library")
    yield made
    made.close()


def test_a_second_start_shows_the_first_window_and_hands_over_its_folders(front: Front):
    front.window.showMinimized()
    assert front.start_again(front.library, "/sounds/a", "/sounds/é b") == 10
    assert front.added == [[Path("/sounds/a"), Path("/sounds/é b")]]
    assert front.window.isVisible()
    assert not front.window.windowState() & Qt.WindowState.WindowMinimized


def test_without_folders_none_are_added(front: Front):
    assert front.start_again(front.library) == 10
    assert front.added == []


def test_another_library_has_a_window_of_its_own(front: Front, tmp_path: Path):
    assert front.start_again(tmp_path / "other") == 11
    assert not front.window.isVisible()


def test_the_socket_of_a_window_that_was_killed_is_taken_over(qtbot: QtBot, tmp_path: Path):
    name = single_window._name(tmp_path / "library")
    dead = subprocess.run(
        [
            sys.executable,
            "-c",
            KILLED,
            name,
        ],
        check=True,
    )
    assert dead.returncode == 0
    front = Front(qtbot, tmp_path / "library")
    assert front.bell.is_waiting
    assert front.start_again(front.library) == 10
    front.close()


@pytest.mark.parametrize("line", [b"no json\n", b"{}\n", b"[1, null]\n", b"[" * 5000 + b"\n"])
def test_a_message_that_cannot_be_read_only_shows_the_window(front: Front, line: bytes):
    socket = QLocalSocket()
    socket.connectToServer(single_window._name(front.library))
    assert socket.waitForConnected(5000)
    socket.write(line)
    front.qtbot.waitUntil(socket.canReadLine, timeout=20_000)
    assert front.added == []
    assert front.window.isVisible()


def test_a_window_that_does_not_answer_is_not_waited_for_long(tmp_path: Path, qtbot: QtBot, monkeypatch):
    monkeypatch.setattr(single_window, "_WAIT_MS", 50)
    silent = QLocalServer()
    assert silent.listen(single_window._name(tmp_path))
    assert not single_window.hand_over(tmp_path, [])
    silent.close()
