"""The listening tests of the main window: their dialogs and presenters are made and connected here."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from bowerbird.base.errors import BowerbirdError
from bowerbird.gui.listening.comparing_presenter import ComparePresenter
from bowerbird.gui.listening.comparing_view import CompareProxy
from bowerbird.gui.listening.studies_presenter import StudiesPresenter
from bowerbird.gui.listening.studies_view import StudiesProxy
from bowerbird.gui.listening.study_design_presenter import StudyDesignPresenter
from bowerbird.gui.listening.study_design_view import DesignProxy
from bowerbird.gui.shell.event_bridge import QueryThread
from bowerbird.gui.shell.window import MainWindow
from bowerbird.jobs.runner import JobRunner
from bowerbird.library.library import Library
from bowerbird.listening.store import StudyFolder
from bowerbird.playback.player import Player

if TYPE_CHECKING:
    from bowerbird.gui.listening.rating_application import RatingApplication


class Listening:
    """The dialogs for studies, new studies and comparisons, and the rating window.

    Parameters
    ----------
    window : MainWindow
    library : Library
    player : Player
        Of the main window.
    post : callable
        Carries events from any thread to `handle` in the window's thread.
    labels : str or None
        Path of the labels file, as in the settings.
    """

    def __init__(
        self,
        window: MainWindow,
        library: Library,
        player: Player,
        post: Callable[[object], None],
        *,
        labels: str | None,
    ) -> None:
        self._window = window
        self._player = player
        self._labels = Path(labels) if labels else None
        self.queries = QueryThread()
        names = ("studies", "new-study", "blind-test")
        self._jobs = tuple(JobRunner(post, name=name) for name in names)
        self._rating: RatingApplication | None = None
        self.design_dialog = DesignProxy(window, lambda: self.design)
        self.studies_dialog = StudiesProxy(window, lambda: self.studies, self.design_dialog.open)
        self.compare_dialog = CompareProxy(window, lambda: self.comparing)
        self.studies = StudiesPresenter(self.studies_dialog, queries=self.queries, jobs=self._jobs[0], rate=self.rate)
        self.design = StudyDesignPresenter(
            self.design_dialog,
            library,
            queries=self.queries,
            jobs=self._jobs[1],
            selected=window.chosen_paths,
            typed=window.search.text,
            made=self.studies.refresh,
            rate=self._rate_new,
            labels=self._labels,
            labels_chosen=self._labels_designed,
        )
        self.comparing = ComparePresenter(
            self.compare_dialog,
            library,
            output=player,
            queries=self.queries,
            jobs=self._jobs[2],
            rate=self._rate_new,
            made=self.studies.refresh,
            labels=self._labels,
            labels_chosen=self._labels_compared,
        )
        self.handlers: dict[str, Callable[[], object]] = {
            "studies": self.studies_dialog.open,
            "new_study": self.design_dialog.open,
            "compare": self.compare_dialog.open,
        }

    @property
    def labels(self) -> str | None:
        """Path of the labels file, as in the settings."""
        return str(self._labels) if self._labels is not None else None

    @property
    def is_rating(self) -> bool:
        """Whether the rating window is open."""
        return self._rating is not None and self._rating.window.isVisible()

    def handle(self, event: object) -> None:
        """Handle an event, in the window's thread."""
        for jobs in self._jobs:
            jobs.handle(event)
        self.comparing.handle(event)

    def rate(self, folder: StudyFolder) -> None:
        """Open the rating window unless it is open.

        Raises
        ------
        CatalogueError
            When another program rates this study, or the ratings cannot be opened.
        """
        if self._rating is not None and self.is_rating:
            self._rating.window.activateWindow()
            return
        from bowerbird.gui.listening.rating_application import open_rating  # noqa: PLC0415 - most sessions never rate

        self._player.stop()
        self._rating = open_rating(folder, on_closed=self._rated)

    def close(self) -> None:
        """Close every window, and end every thread."""
        if self._rating is not None and self.is_rating:
            self._rating.window.close()
        for dialog in (self.studies_dialog, self.design_dialog, self.compare_dialog):
            dialog.close()
        for jobs in self._jobs:
            jobs.close()
        self.queries.close(lambda: None)

    def _rate_new(self, folder: StudyFolder) -> None:
        try:
            self.rate(folder)
        except BowerbirdError as error:
            self._window.complain(str(error))

    def _rated(self) -> None:
        if self._rating is not None and not self.is_rating:  # another one may have been opened since
            self._rating.window.deleteLater()
            self._rating = None
        self.studies.refresh()
        self.comparing.rated()

    def _labels_designed(self, path: Path | None) -> None:
        self._labels = path
        self.comparing.labels_changed(path)

    def _labels_compared(self, path: Path | None) -> None:
        self._labels = path
        self.design.labels_changed(path)
