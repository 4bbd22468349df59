"""The studies that are here: how far their raters are, their reports, and how they travel."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal, Protocol, TypeAlias

from bowerbird.base.errors import BowerbirdError, StudyError
from bowerbird.base.text import count_text, printable
from bowerbird.gui.browse.browsing_presenter import Queries
from bowerbird.gui.encoders.encoder_texts import JobState
from bowerbird.jobs.background import Background, Tell
from bowerbird.listening import bundles
from bowerbird.listening.overview import StudyOverview, overview_of
from bowerbird.listening.response_store import ResponseStore
from bowerbird.listening.store import StudyFolder, open_study, studies_here
from bowerbird.listening.study import TrialKind

REPORT_NAME: Final = "report"

StudyVerb: TypeAlias = Literal["rate", "report", "export", "export_ratings", "merge", "show"]

if TYPE_CHECKING:
    from bowerbird.listening.report.files import Report

_N_SENTENCES: Final = 2
"""Of the report, beside the list; the page has the rest."""

_TRIALS: Final[dict[TrialKind, str]] = {"grade": "graded", "preference": "preferred", "abx": "told apart"}


@dataclass(frozen=True, slots=True)
class StudyRow:
    """A study in the list.

    Attributes
    ----------
    name : str
        Of its folder.
    title : str
    facts : str
        What it asks, of what, and how long that takes.
    raters : str
        How far they are.
    complaint : str
        Why it cannot be used; "" else.
    has_ratings : bool
    """

    name: str
    title: str
    facts: str = ""
    raters: str = ""
    complaint: str = ""
    has_ratings: bool = False


class StudiesView(Protocol):
    """What the presenter asks of the window."""

    def show_studies(self, rows: Sequence[StudyRow]) -> None:
        """Show every study."""

    def show_studies_job(self, job: JobState | None, said: str, complaint: str) -> None:
        """Show what goes on, what was done, or what went wrong."""

    def open_file(self, path: Path) -> None:
        """Open a file or folder with what the system has for it."""


@dataclass(frozen=True, slots=True)
class _Done:
    """What a piece of work came to: a sentence, and a file to open."""

    said: str
    file: Path | None = None


class StudiesPresenter:
    """Lists studies and does what is asked with them, one thing at a time.

    Parameters
    ----------
    view : StudiesView
    queries : Queries
        A thread for what takes a moment.
    background : Background
        A thread for what takes longer.
    rate : callable
        Opens the rating window on a study.
    """

    def __init__(
        self,
        view: StudiesView,
        *,
        queries: Queries,
        background: Background,
        rate: Callable[[StudyFolder], object],
    ) -> None:
        self._view = view
        self._queries = queries
        self._background = background
        self._rate = rate
        self._folders: dict[str, Path] = {}
        self._is_open = False

    # What people ask

    def opened(self) -> None:
        """The studies are looked at."""
        self._is_open = True
        if not self._background.is_running:
            self._say("")
        self.refresh()

    def closed(self) -> None:
        """The studies are looked at no more; work goes on."""
        self._is_open = False

    def refresh(self) -> None:
        """Read anew what is here, where somebody would see it."""
        if self._is_open:
            self._queries.run("studies", _look, done=self._looked, failed=self._complain)

    def rate(self, name: str) -> None:
        """Rate a study."""
        self._with(name, self._rate)

    def show_folder(self, name: str) -> None:
        """Show where a study lies."""
        self._view.open_file(self._folders[name])

    def report(self, name: str) -> None:
        """Work out the report, then open it."""
        path = self._folders[name]

        def work(tell: Tell) -> _Done:
            tell("Working out the report")
            report = write_report(open_study(path))
            first = " ".join(report.results.sentences[:_N_SENTENCES])
            return _Done(printable(f"{first} The report is in {report.path.parent}."), report.path)

        self._start("Working out the report", work)

    def export(self, name: str, out: Path) -> None:
        """Pack a study for raters elsewhere."""
        path = self._folders[name]

        def work(tell: Tell) -> _Done:
            folder = open_study(path)
            tell("Packing the study")
            bundles.write_bundle(folder, out)
            size = f"{out.stat().st_size / 1e6:.1f} MB"
            return _Done(f"{printable(out.name)} holds {len(folder.study.items):,} excerpts, {size}.")

        self._start("Packing the study", work)

    def export_ratings(self, name: str, out: Path) -> None:
        """Pack what was answered here, to be sent back."""
        path = self._folders[name]

        def work(tell: Tell) -> _Done:
            tell("Packing the ratings")
            answers = bundles.write_answers(open_study(path), out)
            n_answers = len(answers.final_ratings()) + len(answers.final_choices())
            raters = count_text(len(answers.raters), "rater", "raters")
            return _Done(f"{printable(out.name)} holds {count_text(n_answers, 'answer', 'answers')} of {raters}.")

        self._start("Packing the ratings", work)

    def merge(self, name: str, files: Sequence[Path]) -> None:
        """Join ratings that came back."""
        path = self._folders[name]

        def work(tell: Tell) -> _Done:
            folder = open_study(path)
            said = []
            for number, file in enumerate(files):
                tell(f"Joining {printable(file.name)}", number / len(files))
                said.append(merged_text(file.name, bundles.merge(folder, file)))
            return _Done(" ".join(said))

        self._start("Joining ratings", work)

    def open_bundle(self, path: Path) -> None:
        """Take in a study that somebody sent."""

        def work(tell: Tell) -> _Done:
            tell("Opening the study")
            return _Done(f"“{printable(bundles.open_bundle(path).study.design.title)}” is here.")

        self._start("Opening the study", work)

    def cancel(self) -> None:
        """Stop at the next step."""
        self._background.cancel()

    # Doing

    def _with(self, name: str, act: Callable[[StudyFolder], object]) -> None:
        """Open a study elsewhere, its whole content is read, then act on it here."""
        path = self._folders[name]

        def opened(folder: StudyFolder) -> None:
            try:
                act(folder)
            except BowerbirdError as error:
                self._complain(str(error))

        self._queries.run("open study", lambda: open_study(path), done=opened, failed=self._complain)

    def _start(self, text: str, work: Callable[[Tell], _Done]) -> None:
        begun = self._background.start(
            work,
            told=lambda told, share: self._view.show_studies_job(JobState(told, share), "", ""),
            ended=self._ended,
        )
        if begun:
            self._view.show_studies_job(JobState(text), "", "")

    def _ended(self, done: Any, complaint: str) -> None:
        if complaint:
            self._complain(complaint)
        else:
            self._say(done.said if done is not None else "")
        if done is not None and done.file is not None:
            self._view.open_file(done.file)
        self.refresh()

    def _say(self, said: str) -> None:
        self._view.show_studies_job(None, said, "")

    def _complain(self, sentence: str) -> None:
        self._view.show_studies_job(None, "", sentence)

    def _looked(self, found: Sequence[tuple[Path, StudyRow]]) -> None:
        self._folders = {row.name: path for path, row in found}
        self._view.show_studies([row for _, row in found])


def write_report(folder: StudyFolder) -> "Report":
    """Work out a study's report and write it.

    Raises
    ------
    StudyError
        When nobody has rated yet, or it cannot be written.
    """
    from bowerbird.listening.report import files as report_files  # noqa: PLC0415 - its statistics take a while to load

    with ResponseStore(folder.path) as file:
        answers = file.responses()
    if not answers.raters:
        raise StudyError("Nobody has rated yet. Rate it first, or merge ratings that came back.")
    return report_files.write_report(folder, answers, folder.path / REPORT_NAME)


def _look() -> list[tuple[Path, StudyRow]]:
    found = []
    for path in studies_here():
        try:
            folder = open_study(path)
            found.append((path, row_of(folder, overview_of(folder))))
        except BowerbirdError as error:
            found.append((path, StudyRow(path.name, printable(path.name), complaint=str(error))))
    return found


def row_of(folder: StudyFolder, overview: StudyOverview) -> StudyRow:
    """Word a study."""
    design = folder.study.design
    sittings = f" in {overview.n_sittings} sittings" if overview.n_sittings > 1 else ""
    facts = [
        printable(folder.path.name),
        f"{count_text(overview.n_queries, 'query', 'queries')} {_TRIALS[design.kind]}",
        ", ".join(system.name for system in design.systems),
        f"{overview.minutes:.0f} min a rater{sittings}",
    ]
    raters = [
        f"{printable(rater.pseudonym)} is done"
        if rater.n_done >= overview.n_pages
        else f"{printable(rater.pseudonym)} {rater.n_done:,} of {overview.n_pages:,} pages"
        for rater in overview.raters
    ]
    return StudyRow(
        folder.path.name,
        printable(design.title) + (" (pilot)" if design.is_pilot else ""),
        " · ".join(facts),
        " · ".join(raters) or "Nobody has rated yet",
        has_ratings=bool(raters),
    )


def merged_text(name: str, merged: bundles.MergeResult) -> str:
    """Say what joining a file came to."""
    raters = count_text(merged.n_raters, "new rater", "new raters")
    answers = count_text(merged.n_answers, "new answer", "new answers")
    said = [f"{printable(name)}: {raters}, {answers}, {merged.n_known:,} were here already."]
    if merged.n_conflicts:
        said.append(f"{merged.n_conflicts:,} disagree with answers in the same place; both were kept.")
    said += [f"Somebody is called {before} here: the other one is {after} now." for before, after in merged.renamed]
    return printable(" ".join(said))


def verdict_of(folder: StudyFolder) -> str:
    """Say what listeners gave each system in a test of one query.

    Raises
    ------
    StudyError
        When nobody has rated it.
    """
    results = write_report(folder).results
    best = len(results.gains) - 1
    means = [(system.system, system.mean_grade.value) for system in results.everybody.systems]
    said = ", ".join(f"{system} {mean:.1f}" for system, mean in means if mean is not None)
    return f"By ear, of {best}: {said}. More in its report, under Studies." if said else "Nothing was graded."
