"""A file is shown in the file manager with the file selected, or at least its folder."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

from bowerbird.gui.shell import reveal

KICK = Path("/s/Drums & co/Kick 1.wav")


class Desktop:
    """In place of a desktop: what it was asked for."""

    def __init__(self, *, has_file_manager: bool = True) -> None:
        self.has_file_manager = has_file_manager
        self.ran: list[object] = []
        self.shown: list[str] = []
        self.opened: list[Path] = []

    def run(self, command: object) -> None:
        if not self.has_file_manager:
            raise FileNotFoundError(2, "no such program")
        self.ran.append(command)

    def show_items(self, uris, *, failed) -> None:
        if self.has_file_manager:
            self.shown += uris
        else:
            failed()

    def select(self, platform: str) -> None:
        reveal.select(KICK, platform=platform, run=self.run, show_items=self.show_items, open_folder=self.opened.append)


def test_linux_asks_the_file_manager_by_its_interface():
    desktop = Desktop()
    desktop.select("linux")
    assert desktop.shown == ["file:///s/Drums%20%26%20co/Kick%201.wav"]
    assert (desktop.ran, desktop.opened) == ([], [])


def test_windows_and_macos_start_their_file_managers():
    desktop = Desktop()
    desktop.select("win32")
    desktop.select("darwin")
    assert desktop.ran == [f'explorer /select,"{KICK}"', ["open", "-R", str(KICK)]]
    assert desktop.opened == []


@pytest.mark.parametrize("platform", ["linux", "win32", "darwin"])
def test_without_a_file_manager_that_selects_the_folder_is_opened(platform: str):
    desktop = Desktop(has_file_manager=False)
    desktop.select(platform)
    assert desktop.opened == [KICK.parent]


FAKE_FILE_MANAGER = """
import sys
from pathlib import Path
from PySide6.QtCore import QCoreApplication, QTimer
from bowerbird.gui.shell import reveal

application = QCoreApplication([])
reveal.open_folder = lambda path: (print("opened", path), application.quit())
reveal.reveal(Path("/s/Kick 1.wav"))
QTimer.singleShot(10_000, application.quit)
application.exec()
"""


@pytest.mark.skipif(
    not sys.platform.startswith("linux") or shutil.which("dbus-run-session") is None, reason="needs a D-Bus daemon"
)
def test_a_desktop_without_the_interface_opens_the_folder():
    """On a real bus that nobody serves."""
    ran = subprocess.run(
        ["dbus-run-session", "--", sys.executable, "-c", FAKE_FILE_MANAGER],
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )
    assert ran.stdout == "opened /s\n", ran.stderr
