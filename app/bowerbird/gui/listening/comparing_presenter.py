"""Several systems' answers to one query, side by side, and the way from there to a blind test."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

from bowerbird.base.text import printable
from bowerbird.domain.query import parse_text
from bowerbird.gui.browse.browsing_presenter import Queries
from bowerbird.gui.encoders.encoder_texts import JobState
from bowerbird.gui.listening.studies_presenter import verdict_of
from bowerbird.gui.listening.study_making import MadeStudy, free_name, labels_of, make_study
from bowerbird.gui.listening.system_rows import SystemList, SystemRow
from bowerbird.jobs.background import Background
from bowerbird.listening.store import StudyFolder
from bowerbird.listening.study import System
from bowerbird.listening.systems.choices import SystemChoices, system_choices
from bowerbird.listening.systems.side_by_side import MAX_COLUMNS, ResultColumn, one_query_design, side_by_side
from bowerbird.playback.events import CannotPlay, Started, Stopped

NOTHING_ASKED: Final = "Choose a sound, or type words, then compare systems."


@dataclass(frozen=True, slots=True)
class Asked:
    """What the columns answer: a sound, or words."""

    sound: Path | None = None
    words: str = ""

    @property
    def text(self) -> str:
        """It, as it is shown."""
        return printable(self.sound.name) if self.sound is not None else f"“{self.words}”"


@dataclass(frozen=True, slots=True, eq=False)
class CompareState:
    """What the window shows.

    Attributes
    ----------
    asked, other : Asked or None
        The query, and the one that could be asked instead.
    lines : tuple of SystemRow
    systems : str
        Those compared, by name.
    columns : tuple of ResultColumn
    labels : str
        Name of the labels file; "" for none.
    remark : str
        Why nothing is shown; "" else.
    is_busy : bool
        An answer is on its way.
    can_rate : bool
    verdict : str
        What a blind test of this query came to; "" where there was none.
    """

    asked: Asked
    other: Asked | None
    lines: tuple[SystemRow, ...]
    systems: str
    columns: tuple[ResultColumn, ...]
    labels: str
    remark: str
    is_busy: bool
    can_rate: bool
    verdict: str = ""


class CompareView(Protocol):
    """What the presenter asks of the window."""

    def show_columns(self, state: CompareState) -> None:
        """Show the query and every column."""

    def show_compare_job(self, job: JobState | None, complaint: str) -> None:
        """Show what goes on, or what went wrong."""

    def show_heard(self, path: Path | None) -> None:
        """Mark the sound that is heard, or none."""

    def complain(self, sentence: str) -> None:
        """Say in the window below what went wrong."""


class Output(Protocol):
    """What plays."""

    def play(self, path: Path) -> None:
        """Play from now on."""

    def stop(self) -> None:
        """Fall silent."""

    @property
    def is_playing(self) -> bool:
        """Whether something is heard, or about to be."""


class ComparePresenter:
    """Asks several systems one thing.

    Parameters
    ----------
    view : CompareView
    library : Path
    output : Output
    queries : Queries
        A thread for answers.
    background : Background
        A thread for the blind test.
    rate : callable
        Opens the rating window on a study.
    made : callable
        Told that a study was made.
    labels : str
        Path of the labels file; "" for none.
    remember_labels : callable
        Told of another labels file.
    """

    def __init__(
        self,
        view: CompareView,
        library: Path,
        *,
        output: Output,
        queries: Queries,
        background: Background,
        rate: Callable[[StudyFolder], object],
        made: Callable[[], object],
        labels: str = "",
        remember_labels: Callable[[str], object] = lambda _path: None,
    ) -> None:
        self._view = view
        self._library = library
        self._output = output
        self._queries = queries
        self._background = background
        self._rate = rate
        self._made = made
        self._labels = labels
        self._remember_labels = remember_labels
        self._asked = Asked()
        self._other: Asked | None = None
        self._lines: SystemList | None = None
        self._encoders: tuple[str, ...] = ()
        self._columns: tuple[ResultColumn, ...] = ()
        self._answered: tuple[Asked, tuple[System, ...]] | None = None
        self._is_busy = False
        self._latest = 0
        self._is_open = False
        self._heard: Path | None = None
        self._blind: StudyFolder | None = None
        self._verdict = ""

    # What people ask

    def open(self, sound: Path | None, words: str, *, prefers_words: bool) -> bool:
        """Ask about a sound or words; say whether there is anything to ask."""
        of_sound = Asked(sound) if sound is not None else None
        words = parse_text(words)[0]  # filters are for lists
        of_words = Asked(None, words) if words else None
        first, second = (of_words, of_sound) if prefers_words else (of_sound, of_words)
        if first is None:
            first, second = second, None
        if first is None:
            self._view.complain(NOTHING_ASKED)
            return False
        self._asked, self._other = first, second
        self._is_open = True
        self._columns = ()
        self._is_busy = True
        self._queries.run("systems", lambda: system_choices(self._library), done=self._looked, failed=self._complain)
        return True

    def closed(self) -> None:
        """Nobody looks any more."""
        self._is_open = False
        if self._heard is not None:
            self._output.stop()

    def ask_other(self) -> None:
        """Ask what could be asked instead."""
        if self._other is not None:
            self._asked, self._other = self._other, self._asked
            self._ask()

    def play(self, path: Path) -> None:
        """Play a sound."""
        self._output.play(path)

    def toggle(self, path: Path | None) -> None:
        """Stop what is heard, or play."""
        if self._output.is_playing:
            self._output.stop()
        elif path is not None:
            self._output.play(path)

    def stop(self) -> bool:
        """Fall silent; say whether something was heard."""
        was_playing = self._output.is_playing
        self._output.stop()
        return was_playing

    # Systems

    def tick(self, key: int, is_ticked: bool) -> None:
        """Compare a system, or leave it out."""
        self._change(lambda lines: lines.tick(key, is_ticked=is_ticked))

    def add_variant(self, key: int) -> None:
        """Put a variant of an encoder below it."""
        self._change(lambda lines: lines.add_variant(key))

    def change_system(self, key: int, system: System) -> None:
        """Take a variant as it is written now."""
        self._change(lambda lines: lines.change(key, system))

    def remove_system(self, key: int) -> None:
        """Take a variant away."""
        self._change(lambda lines: lines.remove(key))

    def add_ranking(self, path: Path) -> None:
        """Compare with what was computed elsewhere."""
        self._change(lambda lines: lines.add_ranking(path))

    def _change(self, change: Callable[[SystemList], None]) -> None:
        if self._lines is not None:
            change(self._lines)
            self._ask()

    # Labels

    def choose_labels(self, path: Path | None) -> None:
        """Mark shared labels of a file, or no longer."""
        file = str(path) if path else ""

        def chosen(_labels: Mapping[Path, Sequence[str]]) -> None:
            self._view.show_compare_job(None, "")
            self._remember_labels(file)
            self.labels_changed(file)

        self._queries.run("labels", lambda: labels_of(file), done=chosen, failed=self._complain)

    def labels_changed(self, labels: str) -> None:
        """Take up another labels file."""
        self._labels = labels
        if self._is_open:
            self._answered = None
            self._ask()

    # Asking

    def _looked(self, choices: SystemChoices) -> None:
        names = tuple(encoder.name for encoder in choices.encoders)
        if self._lines is None or names != self._encoders:
            self._encoders = names
            self._lines = SystemList(choices, has_random=False)
        self._answered = None
        self._ask()

    def _ask(self) -> None:
        assert self._lines is not None
        self._lines.ask_words(is_words=self._asked.sound is None)
        systems, asked, labels = self._lines.asked, self._asked, self._labels
        if self._answered == (asked, systems):
            self._show()
            return
        self._latest = number = self._latest + 1
        if not self._systems_fit:
            self._columns, self._is_busy, self._answered = (), False, None
            self._show()
            return
        self._is_busy = True
        self._show()
        self._queries.run(
            "side by side",
            lambda: side_by_side(
                self._library, systems, sound=asked.sound, words=asked.words, labels=labels_of(labels)
            ),
            done=lambda columns: self._take(number, (asked, systems), columns),
            failed=lambda sentence: self._failed(number, sentence),
        )

    def _take(self, number: int, asked: tuple[Asked, tuple[System, ...]], columns: tuple[ResultColumn, ...]) -> None:
        if number == self._latest:
            if asked != self._answered:
                self._verdict = ""
            self._columns, self._is_busy, self._answered = columns, False, asked
            self._view.show_compare_job(self._job, "")
            self._show()

    def _failed(self, number: int, sentence: str) -> None:
        if number == self._latest:
            self._columns, self._is_busy, self._answered = (), False, None
            self._show()
            self._complain(sentence)

    @property
    def _systems_fit(self) -> bool:
        n_systems = len(self._lines.asked) if self._lines is not None else 0
        return 1 <= n_systems <= MAX_COLUMNS and not (self._lines is not None and self._lines.has_fault)

    # Rating blind

    def rate_blind(self) -> None:
        """Make a study of this one query, and rate it."""
        if self._answered is None or self._background.is_running:
            return
        asked, systems = self._answered
        design = one_query_design(free_name("blind"), systems, sound=asked.sound, words=asked.words)
        labels = self._labels
        self._output.stop()
        self._background.start(
            lambda tell: make_study(self._library, design, labels=labels, tell=tell),
            told=lambda text, share: self._view.show_compare_job(JobState(text, share), ""),
            ended=self._made_study,
        )
        self._view.show_compare_job(self._job, "")
        self._show()

    def cancel(self) -> None:
        """Make no study after all."""
        self._background.cancel()

    @property
    def _job(self) -> JobState | None:
        return JobState("Making a blind test") if self._background.is_running else None

    def _made_study(self, frozen: MadeStudy | None, complaint: str) -> None:
        self._view.show_compare_job(None, complaint)
        self._show()
        if frozen is not None:
            self._made()
            self._blind = frozen.folder
            self._rate(frozen.folder)

    def rated(self) -> None:
        """The rating window closed: where it was for a blind test from here, say what it came to."""
        folder, self._blind = self._blind, None
        if folder is None or self._background.is_running:
            return
        self._background.start(
            lambda _: verdict_of(folder),
            told=lambda text, share: self._view.show_compare_job(JobState(text, share), ""),
            ended=self._judged,
        )

    def _judged(self, verdict: str | None, complaint: str) -> None:
        self._verdict = verdict or ""
        self._view.show_compare_job(None, complaint)
        self._show()

    # What comes back

    def handle(self, event: object) -> None:
        """Take an event of the player, in the window's thread."""
        match event:
            case Started():
                self._heard = event.path
                self._show_heard()
            case Stopped() if event.path == self._heard:
                self._heard = None
                self._show_heard()
            case CannotPlay() if self._is_open:
                self._complain(event.sentence)
            case _:
                pass

    def _show_heard(self) -> None:
        if self._is_open:
            self._view.show_heard(self._heard)

    def _complain(self, sentence: str) -> None:
        self._view.show_compare_job(self._job, sentence)

    def _show(self) -> None:
        if self._lines is None or not self._is_open:
            return
        systems: Sequence[System] = self._lines.asked
        self._view.show_columns(
            CompareState(
                asked=self._asked,
                other=self._other,
                lines=self._lines.lines,
                systems=", ".join(system.name for system in systems),
                columns=self._columns,
                labels=printable(Path(self._labels).name) if self._labels else "",
                remark=self._remark(systems),
                is_busy=self._is_busy,
                can_rate=self._can_rate,
                verdict=self._verdict,
            )
        )

    @property
    def _can_rate(self) -> bool:
        has_results = any(column.results for column in self._columns)
        return self._answered is not None and has_results and not self._background.is_running

    def _remark(self, systems: Sequence[Any]) -> str:
        if not self._encoders:
            return "The library has no analysed sound yet. Add a folder first."
        if not systems:
            return "Tick a system to see what it finds."
        if len(systems) > MAX_COLUMNS:
            return f"{len(systems)} systems do not fit side by side. Tick {MAX_COLUMNS} at most."
        return ""
