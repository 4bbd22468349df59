"""A second start brings the first window to the front, whatever has become of former ones."""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtNetwork import QLocalSocket
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

from bowerbird.gui.shell import single_window
from bowerbird.gui.shell.single_window import StartListener, listener_or_answer

START = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication
from bowerbird.gui.shell.single_window import hand_over
QCoreApplication([])
codes = {"shown": 10, "absent": 11, "silent": 12}
sys.exit(codes[hand_over(Path(sys.argv[1]), [Path(folder) for folder in sys.argv[2:]])])
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


class FirstWindow:
    """A window that answers further starts."""

    def __init__(self, qtbot: QtBot, library: Path) -> None:
        self.qtbot = qtbot
        self.library = library
        self.window = QWidget()
        self.added: list[Sequence[Path]] = []
        listener = listener_or_answer(library, [])
        assert isinstance(listener, StartListener)
        self.listener = listener
        listener.attach(self.window, self.added.append)

    def start_again(self, library: Path, *folders: str) -> int:
        """Start another process, and return its exit code."""
        other = subprocess.Popen([sys.executable, "-c", START, str(library), *folders])
        self.qtbot.waitUntil(lambda: other.poll() is not None, timeout=20_000)
        return int(other.wait())

    def close(self) -> None:
        """Close the window and everything that belongs to it."""
        self.listener.close()
        self.window.deleteLater()
        QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


@pytest.fixture
def first(qtbot: QtBot, tmp_path: Path) -> Iterator[FirstWindow]:
    made = FirstWindow(qtbot, tmp_path / "library")
    yield made
    made.close()


def test_a_second_start_shows_the_first_window_and_hands_over_its_folders(first: FirstWindow):
    first.window.showMinimized()
    assert first.start_again(first.library, "/sounds/a", "/sounds/é b") == 10
    assert first.added == [[Path("/sounds/a"), Path("/sounds/é b")]]
    assert first.window.isVisible()
    assert not first.window.windowState() & Qt.WindowState.WindowMinimized


def test_without_folders_none_are_added(first: FirstWindow):
    assert first.start_again(first.library) == 10
    assert first.added == []


def test_another_library_has_a_window_of_its_own(first: FirstWindow, tmp_path: Path):
    assert first.start_again(tmp_path / "other") == 11
    assert not first.window.isVisible()


def test_the_socket_of_a_window_that_was_killed_is_taken_over(qtbot: QtBot, tmp_path: Path):
    name = single_window._name(tmp_path / "library")
    subprocess.run([sys.executable, "-c", KILLED, name], check=True)
    first = FirstWindow(qtbot, tmp_path / "library")
    assert first.start_again(first.library) == 10
    first.close()


@pytest.mark.parametrize("line", [b"no json\n", b"{}\n", b"[1, null]\n", b"[" * 5000 + b"\n"])
def test_a_message_that_cannot_be_read_only_shows_the_window(first: FirstWindow, line: bytes):
    socket = QLocalSocket()
    socket.connectToServer(single_window._name(first.library))
    assert socket.waitForConnected(5000)
    socket.write(line)
    first.qtbot.waitUntil(socket.canReadLine, timeout=20_000)
    assert first.added == []
    assert first.window.isVisible()


def test_a_window_that_does_not_answer_is_left_alone(tmp_path: Path, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(single_window, "_WAIT_MS", 50)
    silent = StartListener(tmp_path)
    assert silent.is_listening
    assert listener_or_answer(tmp_path, []) == "silent"
    assert single_window.hand_over(tmp_path, []) == "silent", "it can still be reached"
    silent.close()


def test_a_start_that_comes_while_the_window_is_being_made_is_answered_then(qtbot: QtBot, tmp_path: Path):
    listener = listener_or_answer(tmp_path, [])
    assert isinstance(listener, StartListener)
    other = subprocess.Popen([sys.executable, "-c", START, str(tmp_path), "/sounds"])
    qtbot.waitUntil(listener._server.hasPendingConnections, timeout=20_000)
    added: list[Sequence[Path]] = []
    window = QWidget()
    listener.attach(window, added.append)
    qtbot.waitUntil(lambda: other.poll() is not None, timeout=20_000)
    assert (other.wait(), added) == (10, [[Path("/sounds")]])
    listener.close()
    window.deleteLater()
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete.value)


def test_a_library_has_one_window_however_it_is_written(first: FirstWindow, tmp_path: Path):
    assert first.start_again(tmp_path / "other" / ".." / "library") == 10
