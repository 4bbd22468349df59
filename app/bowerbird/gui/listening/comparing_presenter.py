"""Comparing the results of several systems for one query side by side, and in a blind test."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from bowerbird.base.text import printable
from bowerbird.benchmark.labels import labels_by_path
from bowerbird.domain.query import parse_query
from bowerbird.gui.listening.system_rows import SystemList, SystemRow
from bowerbird.gui.queries import Queries
from bowerbird.gui.translation import QT_TRANSLATE_NOOP, translate
from bowerbird.jobs.control import Control
from bowerbird.jobs.progress import Progress, Report
from bowerbird.jobs.runner import JobRunner
from bowerbird.library.library import Library
from bowerbird.listening.making import MadeStudy, free_name, make_study
from bowerbird.listening.report.files import report_study
from bowerbird.listening.store import StudyFolder
from bowerbird.listening.study import System
from bowerbird.listening.systems.choices import SystemChoices, system_choices
from bowerbird.listening.systems.side_by_side import MAX_COLUMNS, ResultColumn, one_query_design, side_by_side
from bowerbird.playback.events import CannotPlay, Started, Stopped

NO_QUERY: Final = QT_TRANSLATE_NOOP("Compare", "Select a sound or enter words, then compare systems.")


@dataclass(frozen=True, slots=True)
class ComparedQuery:
    """The query of all columns: a sound, or words."""

    sound: Path | None = None
    words: str = ""

    @property
    def text(self) -> str:
        """The query as it is shown."""
        return printable(self.sound.name) if self.sound is not None else f"“{self.words}”"


@dataclass(frozen=True, slots=True, eq=False)
class CompareState:
    """What the dialog shows.

    Attributes
    ----------
    query : ComparedQuery
    other : ComparedQuery or None
        Another query to switch to.
    system_rows : tuple of SystemRow
    has_systems : bool
        Whether a system is selected.
    columns : tuple of ResultColumn
    labels : str or None
        Name of the labels file.
    remark : str or None
        Why there are no results.
    is_busy : bool
        Whether a search is running.
    can_rate : bool
    verdict : str or None
        The result of a blind test of this query.
    """

    query: ComparedQuery
    other: ComparedQuery | None
    system_rows: tuple[SystemRow, ...]
    has_systems: bool
    columns: tuple[ResultColumn, ...]
    labels: str | None
    remark: str | None
    is_busy: bool
    can_rate: bool
    verdict: str | None = None


class CompareView(Protocol):
    """What the presenter asks of the window."""

    def show_columns(self, state: CompareState) -> None:
        """Show the query and every column."""

    def show_compare_job(self, job: Progress | None, error: str | None) -> None:
        """Show the running job, or the error of the last one."""

    def show_playing(self, path: Path | None) -> None:
        """Mark the sound that is playing, or none."""

    def complain(self, sentence: str) -> None:
        """Show an error in the main window."""


class Output(Protocol):
    """Plays sounds."""

    def play(self, path: Path) -> None:
        """Play a sound."""

    def stop(self) -> None:
        """Stop playback."""

    @property
    def is_playing(self) -> bool:
        """Whether a sound is playing or about to."""


class ComparePresenter:
    """Searches with several systems at once.

    Parameters
    ----------
    view : CompareView
    library : Library
    output : Output
    queries : Queries
        A thread for searches.
    jobs : JobRunner
        A thread for the blind test.
    rate : callable
        Opens the rating window on a study.
    made : callable
        Called when a study was created.
    labels : Path or None
        The labels file.
    labels_chosen : callable
        Receives another labels file, or None.
    """

    def __init__(
        self,
        view: CompareView,
        library: Library,
        *,
        output: Output,
        queries: Queries,
        jobs: JobRunner,
        rate: Callable[[StudyFolder], object],
        made: Callable[[], object],
        labels: Path | None = None,
        labels_chosen: Callable[[Path | None], object] = lambda _path: None,
    ) -> None:
        self._view = view
        self._library = library
        self._output = output
        self._queries = queries
        self._jobs = jobs
        self._rate = rate
        self._made = made
        self._labels = labels
        self._labels_chosen = labels_chosen
        self._query = ComparedQuery()
        self._other: ComparedQuery | None = None
        self._systems: SystemList | None = None
        self._encoders: tuple[str, ...] = ()
        self._columns: tuple[ResultColumn, ...] = ()
        self._answered: tuple[ComparedQuery, tuple[System, ...]] | None = None
        self._is_busy = False
        self._latest = 0
        self._is_open = False
        self._playing: Path | None = None
        self._blind: StudyFolder | None = None
        self._verdict: str | None = None

    # Actions

    def open(self, sound: Path | None, words: str, *, prefers_words: bool) -> bool:
        """Search by a sound or by words; return whether there is a query."""
        by_sound = ComparedQuery(sound) if sound is not None else None
        words = parse_query(words).typed  # filters do not apply here
        by_words = ComparedQuery(None, words) if words else None
        query, other = (by_words, by_sound) if prefers_words else (by_sound, by_words)
        if query is None:
            query, other = other, None
        if query is None:
            self._view.complain(translate("Compare", NO_QUERY))
            return False
        self._query, self._other = query, other
        self._is_open = True
        self._columns = ()
        self._is_busy = True
        self._queries.run(
            "systems", lambda: system_choices(self._library), done=self._library_read, failed=self._show_error
        )
        return True

    def closed(self) -> None:
        """Stop playback: the dialog was closed."""
        self._is_open = False
        if self._playing is not None:
            self._output.stop()

    def switch_query(self) -> None:
        """Search by the other query."""
        if self._other is not None:
            self._query, self._other = self._other, self._query
            self._search()

    def play(self, path: Path) -> None:
        """Play a sound."""
        self._output.play(path)

    def toggle(self, path: Path | None) -> None:
        """Stop playback, or play a sound."""
        if self._output.is_playing:
            self._output.stop()
        elif path is not None:
            self._output.play(path)

    def stop(self) -> bool:
        """Stop playback; return whether a sound was playing."""
        was_playing = self._output.is_playing
        self._output.stop()
        return was_playing

    # Systems

    def check_system(self, key: int, is_checked: bool) -> None:
        """Select or deselect a system."""
        self._change(lambda systems: systems.check(key, is_checked=is_checked))

    def add_variant(self, key: int) -> None:
        """Add a variant of an encoder below it."""
        self._change(lambda systems: systems.add_variant(key))

    def change_system(self, key: int, system: System) -> None:
        """Change a variant."""
        self._change(lambda systems: systems.change(key, system))

    def remove_system(self, key: int) -> None:
        """Remove a variant."""
        self._change(lambda systems: systems.remove(key))

    def add_ranking(self, path: Path) -> None:
        """Add a file of rankings."""
        self._change(lambda systems: systems.add_ranking(path))

    def _change(self, change: Callable[[SystemList], None]) -> None:
        if self._systems is not None:
            change(self._systems)
            self._search()

    # Labels

    def choose_labels(self, path: Path | None) -> None:
        """Mark the classes in a file that results share with the query, or none."""

        def chosen(_: object) -> None:
            self._view.show_compare_job(None, None)
            self._labels_chosen(path)
            self.labels_changed(path)

        self._queries.run("labels", lambda: labels_by_path(path), done=chosen, failed=self._show_error)

    def labels_changed(self, path: Path | None) -> None:
        """Use the labels file that was chosen elsewhere."""
        self._labels = path
        if self._is_open:
            self._answered = None
            self._search()

    # Searching

    def _library_read(self, choices: SystemChoices) -> None:
        names = tuple(encoder.name for encoder in choices.encoders)
        if self._systems is None or names != self._encoders:
            self._encoders = names
            self._systems = SystemList(choices, has_random=False)
        self._answered = None
        self._search()

    def _search(self) -> None:
        assert self._systems is not None
        self._systems.set_query_kind(has_words=self._query.sound is None)
        systems, query, labels = self._systems.selected, self._query, self._labels
        if self._answered == (query, systems):
            self._show()
            return
        self._latest = number = self._latest + 1
        if not 1 <= len(systems) <= MAX_COLUMNS or self._systems.has_problem:
            self._columns, self._is_busy, self._answered = (), False, None
            self._show()
            return
        self._is_busy = True
        self._show()
        self._queries.run(
            "side by side",
            lambda: side_by_side(
                self._library, systems, sound=query.sound, words=query.words, labels=labels_by_path(labels)
            ),
            done=lambda columns: self._found(number, (query, systems), columns),
            failed=lambda sentence: self._failed(number, sentence),
        )

    def _found(
        self, number: int, search: tuple[ComparedQuery, tuple[System, ...]], columns: tuple[ResultColumn, ...]
    ) -> None:
        if number == self._latest:
            if search != self._answered:
                self._verdict = None
            self._columns, self._is_busy, self._answered = columns, False, search
            self._view.show_compare_job(self._job, None)
            self._show()

    def _failed(self, number: int, sentence: str) -> None:
        if number == self._latest:
            self._columns, self._is_busy, self._answered = (), False, None
            self._show()
            self._show_error(sentence)

    # Blind test

    def rate_blind(self) -> None:
        """Create a study with this query alone, and rate it."""
        if self._answered is None or self._jobs.is_running:
            return
        query, systems = self._answered
        design = one_query_design(free_name("blind"), systems, sound=query.sound, words=query.words)
        labels = self._labels
        self._output.stop()
        self._jobs.start(
            translate("Compare", "Creating the blind test"),
            lambda control, report: make_study(
                self._library, design, labels=labels_by_path(labels), control=control, report=report
            ),
            progressed=lambda progress: self._view.show_compare_job(progress, None),
            ended=self._created,
        )
        self._view.show_compare_job(self._job, None)
        self._show()

    def cancel(self) -> None:
        """Cancel creating the blind test."""
        self._jobs.cancel()

    @property
    def _job(self) -> Progress | None:
        return Progress(translate("Compare", "Creating the blind test")) if self._jobs.is_running else None

    def _created(self, made: MadeStudy | None, error: str | None) -> None:
        self._view.show_compare_job(None, error)
        self._show()
        if made is not None:
            self._made()
            self._blind = made.folder
            self._rate(made.folder)

    def rated(self) -> None:
        """Show the result of the blind test: the rating window was closed."""
        folder, self._blind = self._blind, None
        if folder is None or self._jobs.is_running:
            return

        def work(control: Control, report: Report) -> str:
            report(Progress(translate("Compare", "Computing the result")))
            control.check()
            return _verdict(folder)

        self._jobs.start(translate("Compare", "Computing the result"), work, ended=self._evaluated)

    def _evaluated(self, verdict: str | None, error: str | None) -> None:
        self._verdict = verdict
        self._view.show_compare_job(None, error)
        self._show()

    # View

    def handle(self, event: object) -> None:
        """Handle an event of the player, in the window's thread."""
        match event:
            case Started():
                self._playing = event.path
                self._show_playing()
            case Stopped() if event.path == self._playing:
                self._playing = None
                self._show_playing()
            case CannotPlay() if self._is_open:
                self._show_error(event.sentence)
            case _:
                pass

    def _show_playing(self) -> None:
        if self._is_open:
            self._view.show_playing(self._playing)

    def _show_error(self, sentence: str) -> None:
        self._view.show_compare_job(self._job, sentence)

    def _show(self) -> None:
        if self._systems is None or not self._is_open:
            return
        has_results = any(column.results for column in self._columns)
        self._view.show_columns(
            CompareState(
                query=self._query,
                other=self._other,
                system_rows=self._systems.rows,
                has_systems=bool(self._systems.selected),
                columns=self._columns,
                labels=printable(self._labels.name) if self._labels is not None else None,
                remark=self._remark(len(self._systems.selected)),
                is_busy=self._is_busy,
                can_rate=self._answered is not None and has_results and not self._jobs.is_running,
                verdict=self._verdict,
            )
        )

    def _remark(self, n_systems: int) -> str | None:
        if not self._encoders:
            return translate("Compare", "The library has no indexed sounds yet. Add a folder first.")
        if not n_systems:
            return translate("Compare", "Select a system to see its results.")
        if n_systems > MAX_COLUMNS:
            text = translate("Compare", "{n} systems do not fit side by side. Select at most {most}.")
            return text.format(n=n_systems, most=MAX_COLUMNS)
        return None


def _verdict(folder: StudyFolder) -> str:
    """Return the mean grades of a test with one query.

    Raises
    ------
    StudyError
        When there are no ratings.
    """
    results = report_study(folder).results
    means = [(figures.system, figures.mean_grade.value) for figures in results.everybody.systems]
    known = ", ".join(f"{system} {mean:.1f}" for system, mean in means if mean is not None)
    if not known:
        return translate("Compare", "No sound was graded.")
    text = translate("Compare", "Mean grade, 0 to {best}: {grades}. The report under Studies has details.")
    return text.format(best=len(results.gains) - 1, grades=known)
