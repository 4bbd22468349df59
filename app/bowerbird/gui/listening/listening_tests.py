"""Listening tests in the window: their lists, sheets and columns are made here and told of one another."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from bowerbird.base.errors import BowerbirdError
from bowerbird.gui.listening.comparing_presenter import ComparePresenter
from bowerbird.gui.listening.comparing_view import CompareFace
from bowerbird.gui.listening.studies_presenter import StudiesPresenter
from bowerbird.gui.listening.studies_view import StudiesFace
from bowerbird.gui.listening.study_design_presenter import StudyDesignPresenter
from bowerbird.gui.listening.study_design_view import DesignFace
from bowerbird.gui.shell.event_bridge import QueryThread
from bowerbird.gui.shell.window import MainWindow
from bowerbird.jobs.background import Background
from bowerbird.library.library import Library
from bowerbird.listening.store import StudyFolder
from bowerbird.playback.player import Player

if TYPE_CHECKING:
    from bowerbird.gui.listening.rating_application import RatingApplication


class Listening:
    """Studies, the making of one, systems side by side, and the rating window.

    Parameters
    ----------
    window : MainWindow
    library : Library
    player : Player
        The window's own.
    post : callable
        Carries events from any thread to `handle` in the window's.
    labels : str
        Path of the labels file; "" for none.
    """

    def __init__(
        self, window: MainWindow, library: Library, player: Player, post: Callable[[object], None], *, labels: str
    ) -> None:
        self._window = window
        self._player = player
        self.labels = labels
        self.queries = QueryThread()
        self._work = tuple(Background(post) for _ in range(3))
        self._rating: RatingApplication | None = None
        self.studies_face, self.design_face = StudiesFace(window), DesignFace(window)
        self.compare_face = CompareFace(window)
        self.studies = StudiesPresenter(
            self.studies_face, queries=self.queries, background=self._work[0], rate=self.rate
        )
        self.design = StudyDesignPresenter(
            self.design_face,
            library,
            queries=self.queries,
            background=self._work[1],
            selected=window.chosen_paths,
            typed=window.search.text,
            made=self.studies.refresh,
            rate=self._rate_new,
            labels=labels,
            remember_labels=self._labels_designed,
        )
        self.comparing = ComparePresenter(
            self.compare_face,
            library,
            output=player,
            queries=self.queries,
            background=self._work[2],
            rate=self._rate_new,
            made=self.studies.refresh,
            labels=labels,
            remember_labels=self._labels_compared,
        )
        self.studies_face.connect(self.studies, self.design_face.open)
        self.design_face.connect(self.design)
        self.compare_face.connect(self.comparing)
        self.handlers: dict[str, Callable[[], object]] = {
            "studies": self.studies_face.open,
            "new_study": self.design_face.open,
            "compare": self.compare_face.open,
        }

    @property
    def is_rating(self) -> bool:
        """Whether the rating window is open."""
        return self._rating is not None and self._rating.window.isVisible()

    def handle(self, event: object) -> None:
        """Take an event, in the window's thread."""
        for work in self._work:
            work.handle(event)
        self.comparing.handle(event)

    def rate(self, folder: StudyFolder) -> None:
        """Open the rating window; one is enough.

        Raises
        ------
        CatalogueError
            When another program rates this study, or the ratings cannot be opened.
        """
        if self._rating is not None and self.is_rating:
            self._rating.window.activateWindow()
            return
        from bowerbird.gui.listening.rating_application import open_rating  # noqa: PLC0415 - few starts come to it

        self._player.stop()
        self._rating = open_rating(folder, on_closed=self._rated)

    def close(self) -> None:
        """Close every window, and let every thread end."""
        if self._rating is not None and self.is_rating:
            self._rating.window.close()
        for face in (self.studies_face, self.design_face, self.compare_face):
            face.close()
        for work in self._work:
            work.close()
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

    def _labels_designed(self, labels: str) -> None:
        self.labels = labels
        self.comparing.labels_changed(labels)

    def _labels_compared(self, labels: str) -> None:
        self.labels = labels
        self.design.labels_changed(labels)
