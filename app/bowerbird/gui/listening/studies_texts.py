"""What the list of studies says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from bowerbird.base.text import count_text, printable
from bowerbird.listening.overview import StudyOverview
from bowerbird.listening.report.files import WrittenReport
from bowerbird.listening.store import StudyFolder
from bowerbird.listening.study import TrialKind

_N_SENTENCES: Final = 2
"""Of the report, shown beside the list."""

_TRIALS: Final[Mapping[TrialKind, str]] = {"grade": "graded", "preference": "by preference", "abx": "by ABX"}


@dataclass(frozen=True, slots=True)
class StudyRow:
    """A study in the list.

    Attributes
    ----------
    name : str
        Of its folder.
    title : str
    facts : str
        Queries, systems, and how long rating takes.
    raters : str
        The progress of each.
    error : str or None
        Why the study cannot be used.
    has_ratings : bool
    """

    name: str
    title: str
    facts: str = ""
    raters: str = ""
    error: str | None = None
    has_ratings: bool = False


def study_row(folder: StudyFolder, overview: StudyOverview) -> StudyRow:
    """Return the row of a study."""
    design = folder.study.design
    sessions = f" in {overview.n_sittings} sessions" if overview.n_sittings > 1 else ""
    facts = [
        printable(folder.path.name),
        f"{count_text(overview.n_queries, 'query', 'queries')} {_TRIALS[design.kind]}",
        ", ".join(system.name for system in design.systems),
        f"{overview.minutes:.0f} min per rater{sessions}",
    ]
    raters = [
        f"{printable(rater.pseudonym)} done"
        if rater.n_done >= overview.n_pages
        else f"{printable(rater.pseudonym)} {rater.n_done:,} of {overview.n_pages:,} pages"
        for rater in overview.raters
    ]
    return StudyRow(
        folder.path.name,
        printable(design.title) + (" (pilot)" if design.is_pilot else ""),
        " · ".join(facts),
        " · ".join(raters) or "No ratings yet",
        has_ratings=bool(raters),
    )


def report_text(report: WrittenReport) -> str:
    """Return the main findings, and where the report is."""
    findings = " ".join(report.results.sentences[:_N_SENTENCES])
    return printable(f"{findings} The report is in {report.path.parent}.")


def bundle_text(name: str, folder: StudyFolder, n_bytes: int) -> str:
    """Return what a bundle contains."""
    excerpts = count_text(len(folder.study.items), "excerpt", "excerpts")
    return f"{printable(name)} contains {excerpts}, {n_bytes / 1e6:.1f} MB."
