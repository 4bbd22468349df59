"""The user's studies: their raters' progress, their reports, and sending them to others."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from bowerbird.base.errors import BowerbirdError
from bowerbird.base.text import printable
from bowerbird.gui.listening.studies_texts import StudyRow, bundle_text, report_text, study_row
from bowerbird.gui.queries import Queries
from bowerbird.gui.translation import translate
from bowerbird.jobs.control import Control
from bowerbird.jobs.progress import Progress, Report
from bowerbird.jobs.runner import JobRunner, Work
from bowerbird.listening import bundles
from bowerbird.listening.overview import overview_of
from bowerbird.listening.report.files import report_study
from bowerbird.listening.store import StudyFolder, open_study, user_studies
from bowerbird.listening.texts import merge_sentences, responses_text

StudyVerb: TypeAlias = Literal["rate", "report", "export", "export_ratings", "merge", "show"]


class StudiesView(Protocol):
    """What the presenter asks of the window."""

    def show_studies(self, rows: Sequence[StudyRow]) -> None:
        """Show every study."""

    def show_studies_job(self, job: Progress | None, message: str | None, error: str | None) -> None:
        """Show the running job, or the result of the last one."""

    def open_file(self, path: Path) -> None:
        """Open a file or folder with its default application."""


@dataclass(frozen=True, slots=True)
class _Result:
    """The result of a job: a sentence, and a file to open."""

    message: str
    file: Path | None = None


class StudiesPresenter:
    """Lists studies and runs one job with them at a time.

    Parameters
    ----------
    view : StudiesView
    queries : Queries
        A thread for short work.
    jobs : JobRunner
        A thread for long work.
    rate : callable
        Opens the rating window on a study.
    """

    def __init__(
        self, view: StudiesView, *, queries: Queries, jobs: JobRunner, rate: Callable[[StudyFolder], object]
    ) -> None:
        self._view = view
        self._queries = queries
        self._jobs = jobs
        self._rate = rate
        self._folders: dict[str, Path] = {}
        self._is_open = False

    # Actions

    def opened(self) -> None:
        """Show the studies: the dialog was opened."""
        self._is_open = True
        if not self._jobs.is_running:
            self._view.show_studies_job(None, None, None)
        self.refresh()

    def closed(self) -> None:
        """Stop refreshing: the dialog was closed. A running job continues."""
        self._is_open = False

    def refresh(self) -> None:
        """Read the studies again while the dialog is open."""
        if self._is_open:
            self._queries.run("studies", _read_rows, done=self._show_rows, failed=self._show_error)

    def rate(self, name: str) -> None:
        """Rate a study."""
        path = self._folders[name]

        def opened(folder: StudyFolder) -> None:
            try:
                self._rate(folder)
            except BowerbirdError as error:
                self._show_error(str(error))

        # Opening a study reads all of it, to check its hash.
        self._queries.run("open study", lambda: open_study(path), done=opened, failed=self._show_error)

    def show_folder(self, name: str) -> None:
        """Show the folder of a study."""
        self._view.open_file(self._folders[name])

    def report(self, name: str) -> None:
        """Write the report of a study, then open it."""
        path = self._folders[name]

        def work() -> _Result:
            written = report_study(open_study(path))
            return _Result(report_text(written), written.path)

        self._start(translate("Studies", "Computing the report"), work)

    def export(self, name: str, out: Path) -> None:
        """Pack a study into a bundle for raters elsewhere."""
        path = self._folders[name]

        def work() -> _Result:
            folder = open_study(path)
            bundles.write_bundle(folder, out)
            return _Result(bundle_text(out.name, folder, out.stat().st_size))

        self._start(translate("Studies", "Exporting the study"), work)

    def export_ratings(self, name: str, out: Path) -> None:
        """Pack the ratings that were given here, to be sent back."""
        path = self._folders[name]

        def work() -> _Result:
            responses = bundles.write_responses(open_study(path), out)
            text = translate("Studies", "{file} contains {responses}.")
            return _Result(text.format(file=printable(out.name), responses=responses_text(responses)))

        self._start(translate("Studies", "Exporting ratings"), work)

    def merge(self, name: str, files: Sequence[Path]) -> None:
        """Merge ratings that were given elsewhere."""
        path = self._folders[name]

        def work(control: Control, report: Report) -> _Result:
            folder = open_study(path)
            sentences: list[str] = []
            for number, file in enumerate(files):
                control.check()
                activity = translate("Studies", "Merging {file}").format(file=printable(file.name))
                report(Progress(activity, number, len(files)))
                sentences += merge_sentences(file.name, bundles.merge(folder, file))
            return _Result(printable(" ".join(sentences)))

        self._start_job(translate("Studies", "Merging ratings"), work)

    def open_bundle(self, path: Path) -> None:
        """Add a study from a bundle."""

        def work() -> _Result:
            title = printable(bundles.open_bundle(path).study.design.title)
            return _Result(translate("Studies", "“{title}” was added.").format(title=title))

        self._start(translate("Studies", "Opening the bundle"), work)

    def cancel(self) -> None:
        """Cancel the running job."""
        self._jobs.cancel()

    # Jobs

    def _start(self, activity: str, work: Callable[[], _Result]) -> None:
        def job(control: Control, report: Report) -> _Result:
            report(Progress(activity))
            control.check()
            return work()

        self._start_job(activity, job)

    def _start_job(self, activity: str, work: Work) -> None:
        if self._jobs.start(activity, work, progressed=self._show_progress, ended=self._ended):
            self._show_progress(Progress(activity))

    def _ended(self, result: _Result | None, error: str | None) -> None:
        self._view.show_studies_job(None, result.message if result is not None else None, error)
        if result is not None and result.file is not None:
            self._view.open_file(result.file)
        self.refresh()

    def _show_progress(self, progress: Progress) -> None:
        self._view.show_studies_job(progress, None, None)

    def _show_error(self, sentence: str) -> None:
        self._view.show_studies_job(None, None, sentence)

    def _show_rows(self, found: Sequence[tuple[Path, StudyRow]]) -> None:
        self._folders = {row.name: path for path, row in found}
        self._view.show_studies([row for _, row in found])


def _read_rows() -> list[tuple[Path, StudyRow]]:
    found = []
    for path in user_studies():
        try:
            folder = open_study(path)
            found.append((path, study_row(folder, overview_of(folder))))
        except BowerbirdError as error:
            found.append((path, StudyRow(path.name, printable(path.name), error=str(error))))
    return found
