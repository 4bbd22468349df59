"""The rating window with its real player, in a separate process: the sound server is set by the environment.

Run as a program it opens the study in a folder, continues to the first page as a new or returning rater, reports that,
presses the key that each line of input names, and closes at the end.
"""

import json
import sys
import threading
from pathlib import Path

from gui_heard import Hands
from PySide6.QtCore import Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from bowerbird.gui.listening.rating_application import RatingApplication
from bowerbird.gui.listening.rating_state import StepState
from bowerbird.listening.store import open_study


def main() -> int:
    """Open the window and press keys."""
    qt = QApplication(["bowerbird"])
    qt.setStyle("Fusion")
    program = RatingApplication(open_study(Path(sys.argv[1])), pseudonym="heron")
    window, presenter = program.window, program.presenter
    hands = Hands()
    threading.Thread(target=hands.listen, daemon=True).start()
    tick = QTimer(interval=20)

    def go_to_the_page() -> None:
        shown = window._stack.currentWidget()
        if shown is window.raters:
            presenter.join("heron", {}, has_consented=True)
        elif shown is window.step and isinstance(window.step._state, StepState):
            QTest.keyClick(window, Qt.Key.Key_Return)
        elif window.isActiveWindow():
            tick.stop()
            hands.asked.connect(press)
            tell("ready")

    def tell(what: str) -> None:
        state = window.trial._state
        assert state is not None
        order = [slot.item_id for slot in presenter._current.page.slots] if presenter._current.page else []
        grades = [stimulus.grade for stimulus in state.stimuli]
        heard = [stimulus.sound.is_listened for stimulus in state.stimuli]
        told = {"what": what, "page": state.number, "order": order, "grades": grades, "heard": heard}
        print(json.dumps(told), flush=True)

    def press(name: str) -> None:
        QTest.keyClick(window, getattr(Qt.Key, f"Key_{name}"))
        tell(name)

    tick.timeout.connect(go_to_the_page)
    hands.finished.connect(window.close)
    program.start(is_windowed=True)
    window.activateWindow()
    tick.start()
    code = qt.exec()
    leaked = [thread.name for thread in threading.enumerate() if thread.name.startswith("bowerbird-")]
    if leaked:
        raise SystemExit(f"leaked: {leaked}")
    return code


if __name__ == "__main__":
    sys.exit(main())
