"""Runs the real window in a process of its own and prints what it measured as JSON. Started by the benchmarks."""

import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
from PySide6.QtCore import QElapsedTimer, QEventLoop, QTimer
from PySide6.QtWidgets import QApplication

from bowerbird.base import paths
from bowerbird.base.settings import load_settings
from bowerbird.domain.query import Query, parse_query
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.gui.browse import columns
from bowerbird.gui.shell.application import Application, keep_turns_short
from bowerbird.library.library import Library
from bowerbird.library.search.browsing import Listing

BEGAN = float(os.environ["BOWERBIRD_PROBE_BEGAN"])


def wait(qt: QApplication, is_true: Callable[[], bool], limit_s: float = 600) -> float:
    """Run the event loop until something is true; return the seconds it took."""
    began = time.perf_counter()
    while not is_true():
        qt.processEvents(QEventLoop.ProcessEventsFlag.WaitForMoreEvents)
        if time.perf_counter() - began > limit_s:
            sys.exit("the window did not get there")
    return time.perf_counter() - began


def start(qt: QApplication, program: Application) -> dict[str, object]:
    """Time from the start of the process to a shown list."""
    program.start([])
    shown = time.time() - BEGAN
    wait(qt, lambda: program.window.model.rowCount() > 0)
    qt.processEvents()
    filled = time.time() - BEGAN
    return {"shown_s": round(shown, 2), "interactive_s": round(filled, 2), "n_rows": program.window.model.rowCount()}


def settle(qt: QApplication, program: Application) -> None:
    """Wait until what a start sets off in the background is done."""
    answered: list[object] = []
    program._similar[0].run("settle", lambda: None, done=answered.append, failed=answered.append)
    wait(qt, lambda: bool(answered))


def scroll(qt: QApplication, program: Application) -> dict[str, object]:
    """Frames while scrolling through all rows, and keystrokes to a new list."""
    start(qt, program)
    settle(qt, program)
    table = program.window.table
    n_rows = program.window.model.rowCount()
    bar = table.verticalScrollBar()
    frames = []
    for i in range(300):
        bar.setValue(int(bar.maximum() * i / 300) if i % 3 else bar.value() + 84)
        began = time.perf_counter()
        table.viewport().repaint()
        frames.append((time.perf_counter() - began) * 1000)
    keys = []
    text = ""
    for letter in "kick deep soft":
        text += letter
        before = program.window._state
        began = time.perf_counter()
        program.window.search.setText(text)
        if letter != " ":
            wait(qt, lambda before=before: program.window._state is not before)
            keys.append((time.perf_counter() - began) * 1000)
    program.window.search.setText("")
    wait(qt, lambda: program.window.model.rowCount() == n_rows)
    sorts = {}
    for column, name in ((columns.DURATION, "length"), (columns.FOLDER, "folder"), (columns.NAME, "name")):
        before = program.window._state
        began = time.perf_counter()
        program.window.table.horizontalHeader().sectionClicked.emit(column)
        wait(qt, lambda before=before: program.window._state is not before)
        sorts[f"sort_{name}_ms"] = round((time.perf_counter() - began) * 1000, 1)
    return {
        "frame_median_ms": round(float(np.median(frames)), 2),
        "frame_max_ms": round(max(frames), 2),
        "frames_over_16_ms": sum(frame > 16 for frame in frames),
        "n_frames": len(frames),
        "keystroke_median_ms": round(float(np.median(keys)), 1),
        "keystroke_max_ms": round(max(keys), 1),
        **sorts,
    }


def index(qt: QApplication, program: Application) -> dict[str, object]:
    """Gaps between turns of the event loop while sounds are analysed."""
    program.start([Path(sys.argv[2])])
    clock = QElapsedTimer()
    gaps: list[float] = []
    tick = QTimer(interval=1)

    def turn() -> None:
        gaps.append(clock.nsecsElapsed() / 1e6)
        clock.restart()

    tick.timeout.connect(turn)
    wait(qt, lambda: program.indexing.is_running)
    clock.start()
    tick.start()
    while program.indexing.is_running:
        qt.processEvents()
    tick.stop()
    late = np.array(gaps)
    return {
        "longest_gap_ms": round(float(late.max()), 1),
        "turns_over_16_ms_per_cent": round(float((late > 16).mean() * 100), 2),
        "n_turns": len(gaps),
    }


def memory(qt: QApplication, program: Application) -> dict[str, object]:
    """Resident memory once both searching threads have found similar sounds and words."""
    started = start(qt, program)
    settle(qt, program)
    window = program.window
    window.table.select(0, is_quiet=True)
    before = window._state
    began = time.perf_counter()
    program._find_similar()
    wait(qt, lambda: window._state is not before and window._state.has_matches)
    similar_s = time.perf_counter() - began
    examples = list(window._state.examples)
    for queries, browsing in (program._lists, program._similar):
        for work in (partial(browsing.similar, examples, Query()), partial(browsing.meant, parse_query("deep rain"))):
            answered: list[object] = []
            queries.run("search", work, done=answered.append, failed=answered.append)
            wait(qt, lambda answered=answered: bool(answered))
            assert isinstance(answered[0], Listing), answered[0]
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    resident_mb, peak_mb = (
        next(int(line.split()[1]) for line in lines if line.startswith(name)) // 1000 for name in ("VmRSS", "VmHWM")
    )
    return {
        "window_list_s": started["interactive_s"],
        "window_similar_s": round(similar_s, 2),
        "window_resident_mb": resident_mb,
        "window_peak_mb": peak_mb,
    }


def main() -> None:
    """Run the task named on the command line."""
    qt = QApplication([])
    qt.setStyle("Fusion")
    settings = load_settings(paths.settings_path())
    program = Application(Library.open(paths.library_path()), settings, encoder_named(DEFAULT_ENCODER))
    keep_turns_short()
    result = {"start": start, "scroll": scroll, "index": index, "memory": memory}[sys.argv[1]](qt, program)
    program.window.close()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
