"""A new study, field by field: defaults that hold at once, what is wrong beside its field, and the freezing."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Protocol

from bowerbird.base.errors import StudyError
from bowerbird.base.text import count_text, printable
from bowerbird.domain.query import parse_text
from bowerbird.gui.browse.browsing_presenter import Queries
from bowerbird.gui.encoders.encoder_texts import JobState
from bowerbird.gui.listening.study_design_fields import with_value
from bowerbird.gui.listening.study_design_texts import DesignState, estimate_text, problems_of, shown_paths, sounds_text
from bowerbird.gui.listening.study_making import MadeStudy, free_name, labels_of, make_study
from bowerbird.gui.listening.system_rows import SystemList
from bowerbird.jobs.background import Background
from bowerbird.listening.design import design_yaml, read_design
from bowerbird.listening.store import StudyFolder
from bowerbird.listening.study import (
    GRADES,
    ChoiceOfQueries,
    Comparison,
    Construct,
    Scale,
    StudyDesign,
    System,
)
from bowerbird.listening.systems.choices import SystemChoices, system_choices

_N_QUERIES: Final = 10
"""Of three systems they take about one sitting."""

_TITLE: Final = "A listening test"


class DesignView(Protocol):
    """What the presenter asks of the window."""

    def show_design(self, state: DesignState) -> None:
        """Show every field."""

    def show_design_job(self, job: JobState | None, complaint: str) -> None:
        """Show what goes on, or what went wrong."""

    def show_created(self, sentence: str, notes: Sequence[str]) -> None:
        """Say that the study is ready, and offer to rate it."""

    def close_design(self) -> None:
        """Put the sheet away."""


class StudyDesignPresenter:
    """Holds the design while it is made.

    Parameters
    ----------
    view : DesignView
    library : Path
    queries : Queries
        A thread for what takes a moment.
    background : Background
        A thread for the freezing.
    selected : callable
        Returns the paths of the selected sounds.
    typed : callable
        Returns the words in the search box.
    made : callable
        Told of a study that was frozen.
    rate : callable
        Opens the rating window on a study.
    labels : str
        Path of the labels file; "" for none.
    remember_labels : callable
        Told of another labels file.
    """

    def __init__(
        self,
        view: DesignView,
        library: Path,
        *,
        queries: Queries,
        background: Background,
        selected: Callable[[], Sequence[Path]],
        typed: Callable[[], str],
        made: Callable[[], object],
        rate: Callable[[StudyFolder], object],
        labels: str = "",
        remember_labels: Callable[[str], object] = lambda _path: None,
    ) -> None:
        self._view = view
        self._library = library
        self._queries = queries
        self._background = background
        self._selected = selected
        self._typed = typed
        self._made = made
        self._rate = rate
        self._labels = labels
        self._remember_labels = remember_labels
        self._choices = SystemChoices((), 0, ())
        self._lines = SystemList(self._choices)
        self._design: StudyDesign | None = None
        self._is_planned = False
        self._frozen: StudyFolder | None = None

    @property
    def design(self) -> StudyDesign | None:
        """The design as it stands; None before the library was looked at."""
        return self._design

    # Opening

    def opened(self) -> None:
        """Look what the library has; a design that was begun stays, unless it was frozen."""
        if self._frozen is not None:
            self._design = self._frozen = None
        if not self._background.is_running:
            self._view.show_design_job(None, "")
        self._queries.run("systems", lambda: system_choices(self._library), done=self._looked, failed=self._complain)

    def _looked(self, choices: SystemChoices) -> None:
        if self._design is None or len(choices.encoders) != len(self._choices.encoders):
            self._choices = choices
            self._begin()
        self._choices = choices
        self._show()

    def _begin(self) -> None:
        """Make a design that is good as it is."""
        self._lines = SystemList(self._choices)
        self._is_planned = False
        self._frozen = None
        self._design = StudyDesign(free_name("study"), _TITLE, ())
        n_queries = max(1, min(_N_QUERIES, self._choices.n_sounds // 3))
        self._design = with_value(self._design, "choice.n_queries", n_queries)
        self._follow_systems()

    # Fields

    def change(self, path: str, value: Any) -> None:
        """Take what was written or chosen in a field; what hangs on it follows."""
        assert self._design is not None
        before = self._design
        self._design = with_value(before, path, value)
        if path == "construct":
            how = self._design.choice.how
            if value == "matches_words":
                self._ask(how="words")
            elif how == "words":
                self._ask(how="stratified")
        if path == "choice.how":
            self._ask(how=value)
        self._follow_construct(before.construct)
        self._follow_systems()
        self._show()

    def take_selection(self) -> None:
        """Let the sounds that are selected now be the queries."""
        self.change("choice.how", "sounds")

    def _ask(self, *, how: ChoiceOfQueries) -> None:
        assert self._design is not None
        choice = replace(self._design.choice, how=how)
        typed = parse_text(self._typed())[0]
        if how == "words" and not choice.words and typed:
            choice = replace(choice, words=(typed,))
        if how == "sounds":
            choice = replace(choice, sounds=tuple(str(path) for path in self._selected()))
        construct: Construct = self._design.construct
        if (how == "words") != (construct == "matches_words"):
            construct = "matches_words" if how == "words" else "sounds_alike"
        self._design = replace(self._design, choice=choice, construct=construct)
        self._lines.ask_words(is_words=how == "words")

    def _follow_construct(self, before: Construct) -> None:
        """Let the grades' words be those of the construct, unless somebody wrote others."""
        design = self._design
        if design is not None and design.construct != before and design.scale.grades == GRADES[before]:
            self._design = replace(design, scale=Scale(GRADES[design.construct], design.scale.has_slider))

    # Systems

    def tick(self, key: int, is_ticked: bool) -> None:
        """Compare a system, or leave it out."""
        self._lines.tick(key, is_ticked=is_ticked)
        self._systems_changed()

    def add_variant(self, key: int) -> None:
        """Put a variant of an encoder below it."""
        self._lines.add_variant(key)
        self._systems_changed()

    def add_ranking(self, path: Path) -> None:
        """Compare with what was computed elsewhere."""
        self._lines.add_ranking(path)
        self._systems_changed()

    def change_system(self, key: int, system: System) -> None:
        """Take a variant as it is written now; planned comparisons follow its name."""
        before = {line.key: line.system.name for line in self._lines.lines}
        self._lines.change(key, system)
        after = {line.key: line.system.name for line in self._lines.lines}
        if self._design is not None and before[key] != after[key]:
            renamed = {before[key]: after[key]}
            planned = tuple(
                Comparison(renamed.get(pair.first, pair.first), renamed.get(pair.second, pair.second))
                for pair in self._design.planned
            )
            self._design = replace(self._design, planned=planned)
        self._systems_changed()

    def remove_system(self, key: int) -> None:
        """Take a variant away."""
        self._lines.remove(key)
        self._systems_changed()

    def plan(self, planned: Sequence[Comparison]) -> None:
        """Say which comparisons the study is made for."""
        assert self._design is not None
        self._is_planned = True
        self._design = replace(self._design, planned=tuple(planned))
        self._show()

    def _systems_changed(self) -> None:
        self._follow_systems()
        self._show()

    def _follow_systems(self) -> None:
        assert self._design is not None
        systems = self._lines.asked
        names = [system.name for system in systems]
        planned = tuple(pair for pair in self._design.planned if pair.first in names and pair.second in names)
        if not self._is_planned:
            plain = [line.system.name for line in self._lines.lines if line.is_ticked and not line.is_variant]
            pair = [name for name in plain if name in names][:2]
            pair = pair if len(pair) == 2 else names[:2]
            planned = (Comparison(*pair),) if len(pair) == 2 else ()
        self._design = replace(self._design, systems=systems, planned=planned)

    # Files

    def choose_labels(self, path: Path | None) -> None:
        """Spread queries over classes of a file, or no longer."""

        def chosen(file: str) -> None:
            self._labels = file
            self._remember_labels(file)
            self._view.show_design_job(None, "")
            self._show()

        def work() -> str:
            labels_of(str(path) if path else "")
            return str(path) if path else ""

        self._queries.run("labels", work, done=chosen, failed=self._complain)

    def labels_changed(self, labels: str) -> None:
        """Take up the labels file that was chosen elsewhere."""
        self._labels = labels
        self._show()

    def open_design(self, path: Path) -> None:
        """Take up a design from a file; what a frozen study has besides is left."""
        self._queries.run("design", lambda: read_design(path), done=self._take, failed=self._complain)

    def _take(self, design: StudyDesign) -> None:
        self._lines = SystemList(self._choices, design.systems)
        self._lines.ask_words(is_words=design.choice.how == "words")
        self._design = replace(design, queries=())
        self._is_planned = True
        self._view.show_design_job(None, "")
        self._follow_systems()
        self._show()

    def save_design(self, path: Path) -> None:
        """Write the design to a file."""
        assert self._design is not None
        text = design_yaml(self._design)

        def work() -> None:
            try:
                path.write_text(text, encoding="utf-8")
            except OSError as error:
                reason = (error.strerror or str(error)).lower()
                raise StudyError(f"`{path}` cannot be written ({reason}). Choose another place.") from error

        self._queries.run("save", work, done=lambda _: self._view.show_design_job(None, ""), failed=self._complain)

    # Freezing

    def freeze(self) -> None:
        """Make the study."""
        state = self._state()
        if state is None or not state.can_create:
            return
        design, labels = state.design, self._labels
        begun = self._background.start(
            lambda tell: make_study(self._library, design, labels=labels, tell=tell),
            told=lambda text, share: self._view.show_design_job(JobState(text, share), ""),
            ended=self._ended,
        )
        if begun:
            self._view.show_design_job(JobState("Reading the library", 0.0), "")

    def cancel(self) -> None:
        """Stop; nothing of the study is left."""
        if self._background.is_running:
            self._background.cancel()
            self._view.show_design_job(JobState("Stopping"), "")

    def _ended(self, frozen: MadeStudy | None, complaint: str) -> None:
        self._view.show_design_job(None, complaint)
        if frozen is None:
            self._show()
            return
        self._frozen = frozen.folder
        self._made()
        title = printable(frozen.folder.study.design.title)
        pages = count_text(frozen.overview.n_pages, "page", "pages")
        minutes = count_text(max(1, round(frozen.overview.minutes)), "minute", "minutes")
        self._view.show_created(f"“{title}” is frozen: {pages}, about {minutes} a rater.", frozen.notes)

    def rate(self) -> None:
        """Rate what was made."""
        folder = self._frozen
        self.done()
        if folder is not None:
            self._rate(folder)

    def done(self) -> None:
        """Put the sheet away; the next one is new."""
        self._design = None
        self._frozen = None
        self._view.close_design()

    # What is seen

    def _complain(self, sentence: str) -> None:
        self._view.show_design_job(None, sentence)

    def _show(self) -> None:
        state = self._state()
        if state is not None and self._frozen is None:
            self._view.show_design(state)

    def _state(self) -> DesignState | None:
        design = self._design
        if design is None:
            return None
        problems = dict(problems_of(design, self._choices))
        if self._lines.has_fault:
            problems.setdefault("systems", "A system cannot be as it is written.")
        return DesignState(
            design=design,
            lines=self._lines.lines,
            shown=shown_paths(design),
            problems=problems,
            question_hint=replace(design, question="").asked,
            sounds=sounds_text(design),
            labels=printable(Path(self._labels).name) if self._labels else "",
            estimate="" if problems else estimate_text(design, self._choices),
            can_create=not problems,
        )
