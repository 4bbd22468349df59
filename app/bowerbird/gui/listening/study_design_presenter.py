"""Designing a new study: defaults that work at once, problems shown beside their fields, and creating the study."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Protocol

from bowerbird.base.errors import StudyError
from bowerbird.base.files import os_reason, write_atomic
from bowerbird.base.text import printable
from bowerbird.benchmark.labels import labels_by_path
from bowerbird.domain.query import parse_query
from bowerbird.gui.listening.study_design_fields import with_value
from bowerbird.gui.listening.study_design_texts import (
    DEFAULT_TITLE,
    DesignState,
    created_text,
    estimate_text,
    problems_of,
    shown_paths,
    sounds_text,
)
from bowerbird.gui.listening.system_rows import SystemList
from bowerbird.gui.queries import Queries
from bowerbird.gui.translation import translate
from bowerbird.jobs.progress import Progress
from bowerbird.jobs.runner import JobRunner
from bowerbird.library.library import Library
from bowerbird.listening.design import design_yaml, read_design
from bowerbird.listening.making import MadeStudy, free_name, make_study
from bowerbird.listening.store import StudyFolder
from bowerbird.listening.study import GRADES, ChoiceOfQueries, Comparison, Construct, Scale, StudyDesign, System
from bowerbird.listening.systems.choices import SystemChoices, system_choices

_N_QUERIES: Final = 10
"""With three systems they take about one session."""


class DesignView(Protocol):
    """What the presenter asks of the window."""

    def show_design(self, state: DesignState) -> None:
        """Show every field."""

    def show_design_job(self, job: Progress | None, error: str | None) -> None:
        """Show the running job, or the error of the last one."""

    def show_created(self, sentence: str, notes: Sequence[str]) -> None:
        """Show that the study was created, and offer to rate it."""

    def close_design(self) -> None:
        """Close the dialog."""


class StudyDesignPresenter:
    """Edits the design of a new study, and creates the study.

    Parameters
    ----------
    view : DesignView
    library : Library
    queries : Queries
        A thread for short work.
    jobs : JobRunner
        A thread for creating the study.
    selected : callable
        Returns the paths of the sounds selected in the main window.
    typed : callable
        Returns the text of the search box.
    made : callable
        Called when a study was created.
    rate : callable
        Opens the rating window on a study.
    labels : Path or None
        The labels file.
    labels_chosen : callable
        Receives another labels file, or None.
    """

    def __init__(
        self,
        view: DesignView,
        library: Library,
        *,
        queries: Queries,
        jobs: JobRunner,
        selected: Callable[[], Sequence[Path]],
        typed: Callable[[], str],
        made: Callable[[], object],
        rate: Callable[[StudyFolder], object],
        labels: Path | None = None,
        labels_chosen: Callable[[Path | None], object] = lambda _path: None,
    ) -> None:
        self._view = view
        self._library = library
        self._queries = queries
        self._jobs = jobs
        self._selected = selected
        self._typed = typed
        self._made = made
        self._rate = rate
        self._labels = labels
        self._labels_chosen = labels_chosen
        self._choices = SystemChoices((), 0, ())
        self._systems = SystemList(self._choices)
        self._design: StudyDesign | None = None
        self._is_planned = False
        self._created: StudyFolder | None = None

    @property
    def design(self) -> StudyDesign | None:
        """The current design; None before the library was read."""
        return self._design

    # Opening

    def opened(self) -> None:
        """Read the library; an unfinished design is kept until its study is created."""
        if self._created is not None:
            self._design = self._created = None
        if not self._jobs.is_running:
            self._view.show_design_job(None, None)
        self._queries.run(
            "systems", lambda: system_choices(self._library), done=self._library_read, failed=self._show_error
        )

    def _library_read(self, choices: SystemChoices) -> None:
        if self._design is None or len(choices.encoders) != len(self._choices.encoders):
            self._choices = choices
            self._start_design()
        self._choices = choices
        self._show()

    def _start_design(self) -> None:
        """Start a design with defaults that need no change."""
        self._systems = SystemList(self._choices)
        self._is_planned = False
        self._created = None
        self._design = StudyDesign(free_name("study"), DEFAULT_TITLE, ())
        n_queries = max(1, min(_N_QUERIES, self._choices.n_sounds // 3))
        self._design = with_value(self._design, "choice.n_queries", n_queries)
        self._update_systems()

    # Fields

    def change(self, path: str, value: Any) -> None:
        """Change a field, and the fields that depend on it."""
        assert self._design is not None
        before = self._design
        self._design = with_value(before, path, value)
        if path == "construct":
            how = self._design.choice.how
            if value == "matches_words":
                self._set_query_choice("words")
            elif how == "words":
                self._set_query_choice("stratified")
        if path == "choice.how":
            self._set_query_choice(value)
        self._update_grades(before.construct)
        self._update_systems()
        self._show()

    def use_selection(self) -> None:
        """Use the sounds that are selected in the main window as queries."""
        self.change("choice.how", "sounds")

    def _set_query_choice(self, how: ChoiceOfQueries) -> None:
        assert self._design is not None
        choice = replace(self._design.choice, how=how)
        typed = parse_query(self._typed()).typed
        if how == "words" and not choice.words and typed:
            choice = replace(choice, words=(typed,))
        if how == "sounds":
            choice = replace(choice, sounds=tuple(str(path) for path in self._selected()))
        construct: Construct = self._design.construct
        if (how == "words") != (construct == "matches_words"):
            construct = "matches_words" if how == "words" else "sounds_alike"
        self._design = replace(self._design, choice=choice, construct=construct)
        self._systems.set_query_kind(has_words=how == "words")

    def _update_grades(self, before: Construct) -> None:
        """Use the default grades of the construct, unless the user edited the grades."""
        design = self._design
        if design is not None and design.construct != before and design.scale.grades == GRADES[before]:
            self._design = replace(design, scale=Scale(GRADES[design.construct], design.scale.has_slider))

    # Systems

    def check_system(self, key: int, is_checked: bool) -> None:
        """Select or deselect a system."""
        self._systems.check(key, is_checked=is_checked)
        self._systems_changed()

    def add_variant(self, key: int) -> None:
        """Add a variant of an encoder below it."""
        self._systems.add_variant(key)
        self._systems_changed()

    def add_ranking(self, path: Path) -> None:
        """Add a file of rankings."""
        self._systems.add_ranking(path)
        self._systems_changed()

    def change_system(self, key: int, system: System) -> None:
        """Change a variant; planned comparisons follow its name."""
        before = {row.key: row.system.name for row in self._systems.rows}
        self._systems.change(key, system)
        after = {row.key: row.system.name for row in self._systems.rows}
        if self._design is not None and before[key] != after[key]:
            renamed = {before[key]: after[key]}
            planned = tuple(
                Comparison(renamed.get(pair.first, pair.first), renamed.get(pair.second, pair.second))
                for pair in self._design.planned
            )
            self._design = replace(self._design, planned=planned)
        self._systems_changed()

    def remove_system(self, key: int) -> None:
        """Remove a variant."""
        self._systems.remove(key)
        self._systems_changed()

    def plan(self, planned: Sequence[Comparison]) -> None:
        """Set the planned comparisons."""
        assert self._design is not None
        self._is_planned = True
        self._design = replace(self._design, planned=tuple(planned))
        self._show()

    def _systems_changed(self) -> None:
        self._update_systems()
        self._show()

    def _update_systems(self) -> None:
        assert self._design is not None
        systems = self._systems.selected
        names = [system.name for system in systems]
        planned = tuple(pair for pair in self._design.planned if pair.first in names and pair.second in names)
        if not self._is_planned:
            plain = [row.system.name for row in self._systems.rows if row.is_checked and not row.is_variant]
            pair = [name for name in plain if name in names][:2]
            pair = pair if len(pair) == 2 else names[:2]
            planned = (Comparison(*pair),) if len(pair) == 2 else ()
        self._design = replace(self._design, systems=systems, planned=planned)

    # Files

    def choose_labels(self, path: Path | None) -> None:
        """Spread queries over the classes in a file, or over folders."""

        def chosen(_: object) -> None:
            self._labels = path
            self._labels_chosen(path)
            self._view.show_design_job(None, None)
            self._show()

        self._queries.run("labels", lambda: labels_by_path(path), done=chosen, failed=self._show_error)

    def labels_changed(self, path: Path | None) -> None:
        """Use the labels file that was chosen elsewhere."""
        self._labels = path
        self._show()

    def open_design(self, path: Path) -> None:
        """Read a design from a file; the queries of a built study are dropped."""
        self._queries.run("design", lambda: read_design(path), done=self._use, failed=self._show_error)

    def _use(self, design: StudyDesign) -> None:
        self._systems = SystemList(self._choices, design.systems)
        self._systems.set_query_kind(has_words=design.choice.how == "words")
        self._design = replace(design, queries=())
        self._is_planned = True
        self._view.show_design_job(None, None)
        self._update_systems()
        self._show()

    def save_design(self, path: Path) -> None:
        """Write the design to a file."""
        assert self._design is not None
        text = design_yaml(self._design)

        def work() -> None:
            try:
                write_atomic(path, text)
            except OSError as error:
                sentence = translate("New study", "Cannot write “{path}” ({reason}). Choose another folder.")
                raise StudyError(sentence.format(path=path, reason=os_reason(error))) from error

        self._queries.run("save", work, done=lambda _: self._view.show_design_job(None, None), failed=self._show_error)

    # Creating

    def create(self) -> None:
        """Create the study."""
        state = self._state()
        if state is None or not state.can_create:
            return
        design, labels = state.design, self._labels
        is_started = self._jobs.start(
            translate("New study", "Creating the study"),
            lambda control, report: make_study(
                self._library, design, labels=labels_by_path(labels), control=control, report=report
            ),
            progressed=lambda progress: self._view.show_design_job(progress, None),
            ended=self._ended,
        )
        if is_started:
            self._view.show_design_job(Progress(translate("New study", "Reading the library")), None)

    def cancel(self) -> None:
        """Cancel creating the study; nothing of it is left."""
        if self._jobs.is_running:
            self._jobs.cancel()
            self._view.show_design_job(Progress(translate("New study", "Cancelling")), None)

    def _ended(self, made: MadeStudy | None, error: str | None) -> None:
        self._view.show_design_job(None, error)
        if made is None:
            self._show()
            return
        self._created = made.folder
        self._made()
        sentence = created_text(made.folder, n_pages=made.overview.n_pages, minutes=made.overview.minutes)
        self._view.show_created(sentence, made.notes)

    def rate(self) -> None:
        """Rate the study that was created."""
        folder = self._created
        self.done()
        if folder is not None:
            self._rate(folder)

    def done(self) -> None:
        """Close the dialog; the next design starts from the defaults."""
        self._design = None
        self._created = None
        self._view.close_design()

    # View

    def _show_error(self, sentence: str) -> None:
        self._view.show_design_job(None, sentence)

    def _show(self) -> None:
        state = self._state()
        if state is not None and self._created is None:
            self._view.show_design(state)

    def _state(self) -> DesignState | None:
        design = self._design
        if design is None:
            return None
        problems = dict(problems_of(design, self._choices))
        if self._systems.has_problem:
            problems.setdefault("systems", translate("New study", "A system is not valid. See its row."))
        return DesignState(
            design=design,
            system_rows=self._systems.rows,
            shown=shown_paths(design),
            problems=problems,
            question_hint=replace(design, question="").shown_question,
            sounds=sounds_text(design),
            labels=printable(self._labels.name) if self._labels is not None else None,
            estimate=None if problems else estimate_text(design, self._choices),
        )
