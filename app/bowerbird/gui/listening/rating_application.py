"""The composition root of the rating window, which opens from the main window or alone."""

import argparse
import os
import secrets
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from bowerbird.base import paths
from bowerbird.base.errors import BowerbirdError
from bowerbird.base.settings import load_settings
from bowerbird.catalogue.stores import process_lock
from bowerbird.gui.listening.rating_presenter import RatingPresenter
from bowerbird.gui.listening.rating_window import RatingWindow
from bowerbird.gui.shell import exceptions as boundary
from bowerbird.gui.shell import theme
from bowerbird.gui.shell.event_bridge import EventBridge
from bowerbird.gui.translation import use_translator
from bowerbird.listening.bundles import open_bundle
from bowerbird.listening.headphones import HeadphoneTrial, write_trials
from bowerbird.listening.response_store import ResponseStore
from bowerbird.listening.store import StudyFolder, study_named
from bowerbird.playback.player import Player


class RatingApplication:
    """The rating window with its player, store and presenter.

    Parameters
    ----------
    folder : StudyFolder
    pseudonym : str or None
        Alias of the rater, if known.
    clock_s : callable
        A monotonic clock.
    on_closed : callable or None
        Called when the window is closed and everything is stored.

    Raises
    ------
    CatalogueError
        When another window rates this study, or the ratings cannot be opened.
    """

    def __init__(
        self,
        folder: StudyFolder,
        *,
        pseudonym: str | None = None,
        clock_s: Callable[[], float] = time.monotonic,
        on_closed: Callable[[], object] | None = None,
    ) -> None:
        self._lock = ExitStack()
        self._lock.enter_context(process_lock(folder.path, "rating", target="this study"))
        try:
            self._store = ResponseStore(folder.path)
        except BowerbirdError:
            self._lock.close()
            raise
        self._on_closed = on_closed
        self._is_closed = False
        self._tones: tempfile.TemporaryDirectory[str] | None = None
        self._bridge = EventBridge()
        self._player = Player(post=self._bridge.post)
        self.window = window = RatingWindow(folder.study.design.title)
        self.presenter = RatingPresenter(
            window,
            folder,
            self._store,
            self._player,
            clock_s=clock_s,
            make_trials=self._make_trials,
            pseudonym=pseudonym,
        )
        self._connect()

    def start(self, *, is_windowed: bool = False) -> None:
        """Show the window, in full screen by default."""
        self._player.prepare()
        self.presenter.start()
        if is_windowed:
            self.window.show()
        else:
            self.window.showFullScreen()
        self.window.activateWindow()

    def _connect(self) -> None:
        window, presenter = self.window, self.presenter
        self._bridge.received.connect(self._handle)
        window.key_pressed.connect(presenter.key_pressed)
        window.key_released.connect(presenter.key_released)
        window.command.connect(presenter.do)
        window.join_requested.connect(
            lambda alias, background, has_consented: presenter.join(alias, background, has_consented=has_consented)
        )
        window.resume_requested.connect(presenter.resume_as)
        window.ticked.connect(presenter.tick)
        window.closing.connect(self._close)

    def _handle(self, events: list[object]) -> None:
        for event in events:
            self.presenter.handle(event)

    def _make_trials(self) -> Sequence[HeadphoneTrial]:
        if self._tones is None:
            self._tones = tempfile.TemporaryDirectory(prefix="bowerbird-")
        return write_trials(Path(self._tones.name), seed=secrets.randbits(32))

    def _close(self) -> None:
        """Stop playback, store everything and release the study. Idempotent."""
        if self._is_closed:
            return
        self._is_closed = True
        self.presenter.leave()
        self._player.close()
        self._store.close()
        self._lock.close()
        if self._tones is not None:
            self._tones.cleanup()
        if self._on_closed is not None:  # later, since the receiver may delete the window, which is still closing
            QTimer.singleShot(0, self._on_closed)


def open_rating(
    folder: StudyFolder,
    *,
    pseudonym: str | None = None,
    is_windowed: bool = False,
    on_closed: Callable[[], object] | None = None,
) -> RatingApplication:
    """Open the rating window. The caller must keep a reference until it is closed.

    Raises
    ------
    CatalogueError
        When another window rates this study, or the ratings cannot be opened.
    """
    program = RatingApplication(folder, pseudonym=pseudonym, on_closed=on_closed)
    program.start(is_windowed=is_windowed)
    return program


def rate_window(arguments: Sequence[str]) -> int:
    """Open the rating window alone, and return the exit code when it is closed."""
    parser = argparse.ArgumentParser(prog="bowerbird study rate", description="Take part in a listening test.")
    parser.add_argument("study", metavar="STUDY", help="name or folder of a study, or a bundle file")
    parser.add_argument("--rater", metavar="ALIAS", help="alias of the rater")
    parser.add_argument("--windowed", action="store_true", help="show a window instead of full screen")
    try:
        options = parser.parse_args(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        if os.environ.get("QT_QPA_PLATFORM") is None:
            print("The rating window needs a display. Run the command in a desktop session.", file=sys.stderr)  # noqa: T201
            return 2
    given = Path(options.study).expanduser()
    try:
        folder = open_bundle(given) if given.is_file() else study_named(options.study)
        boundary.log_qt()
        application = QApplication(["bowerbird"])
        use_translator(QApplication.translate)
        application.setApplicationName("Bowerbird")
        application.setDesktopFileName("bowerbird")
        application.setStyle("Fusion")
        chosen = load_settings(paths.settings_path()).theme
        theme.apply(application, chosen)
        application.styleHints().colorSchemeChanged.connect(lambda _: theme.apply(application, chosen))
        program = RatingApplication(folder, pseudonym=options.rater)
    except BowerbirdError as error:
        print(error, file=sys.stderr)  # noqa: T201 - before there is a window
        return 2
    boundary.show_uncaught(program.presenter)
    boundary.close_on_signals(program.window)
    program.start(is_windowed=options.windowed)
    return application.exec()
