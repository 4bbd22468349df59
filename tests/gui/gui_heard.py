"""The real window with its real player, in a process of its own: the sound server is fixed by the environment.

Run as a program it adds the folder that it is given, then presses the key that each line names, and closes at the end.
"""

import sys
import threading
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from bowerbird.base import paths
from bowerbird.base.settings import load_settings
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.gui.shell.application import Application
from bowerbird.library.library import Library


class Hands(QObject):
    """Presses keys that another thread names."""

    asked = Signal(str)
    finished = Signal()

    def listen(self) -> None:
        for line in sys.stdin:
            self.asked.emit(line.strip())
        self.finished.emit()


def main() -> int:
    """Open the window and obey."""
    qt = QApplication(["bowerbird"])
    qt.setStyle("Fusion")
    program = Application(
        Library.open(paths.library_path()), load_settings(paths.settings_path()), encoder_named(DEFAULT_ENCODER)
    )
    window = program.window
    hands = Hands()
    threading.Thread(target=hands.listen, daemon=True).start()
    tick = QTimer(interval=20)

    def tell_when_filled() -> None:
        if window.model.rowCount() and not program.indexing.is_running and window.isActiveWindow():
            tick.stop()
            window.focus_search()
            hands.asked.connect(press)
            print("ready", flush=True)

    def press(name: str) -> None:
        QTest.keyClick(QApplication.focusWidget(), getattr(Qt.Key, f"Key_{name}"))
        print(f"pressed {name}", flush=True)

    tick.timeout.connect(tell_when_filled)
    hands.finished.connect(window.close)
    program.start([Path(sys.argv[1])])
    window.activateWindow()
    tick.start()
    code = qt.exec()
    leaked = [thread.name for thread in threading.enumerate() if thread.name.startswith("bowerbird-")]
    if leaked:
        raise SystemExit(f"leaked: {leaked}")
    return code


if __name__ == "__main__":
    sys.exit(main())
