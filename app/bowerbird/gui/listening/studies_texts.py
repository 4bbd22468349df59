"""What the list of studies says."""

from dataclasses import dataclass
from typing import Final

from bowerbird.base.text import count_text, printable
from bowerbird.gui.translation import translate
from bowerbird.listening.overview import RaterProgress, StudyOverview
from bowerbird.listening.report.files import WrittenReport
from bowerbird.listening.store import StudyFolder
from bowerbird.listening.study import TrialKind

_N_SENTENCES: Final = 2
"""Of the report, shown beside the list."""


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
    queries = count_text(overview.n_queries, translate("Studies", "query"), translate("Studies", "queries"))
    facts = [
        printable(folder.path.name),
        _trials_text(design.kind).format(queries=queries),
        ", ".join(system.name for system in design.systems),
        _length_text(overview),
    ]
    raters = [_rater_text(rater) for rater in overview.raters]
    title = printable(design.title)
    return StudyRow(
        folder.path.name,
        translate("Studies", "{title} (pilot)").format(title=title) if design.is_pilot else title,
        " · ".join(facts),
        " · ".join(raters) or translate("Studies", "No ratings yet"),
        has_ratings=bool(raters),
    )


def _trials_text(kind: TrialKind) -> str:
    match kind:
        case "grade":
            return translate("Studies", "{queries} · ratings")
        case "preference":
            return translate("Studies", "{queries} · preference")
        case "abx":
            return translate("Studies", "{queries} · ABX")


def _length_text(overview: StudyOverview) -> str:
    minutes = f"{overview.minutes:.0f}"
    if overview.n_sittings > 1:
        text = translate("Studies", "{minutes} min per rater in {sessions} sessions")
        return text.format(minutes=minutes, sessions=overview.n_sittings)
    return translate("Studies", "{minutes} min per rater").format(minutes=minutes)


def _rater_text(rater: RaterProgress) -> str:
    alias = printable(rater.pseudonym)
    if rater.is_done:
        return translate("Studies", "{alias} done").format(alias=alias)
    return translate("Studies", "{alias} {n} of {total} pages").format(
        alias=alias, n=f"{rater.n_done:,}", total=f"{rater.n_pages:,}"
    )


def report_text(report: WrittenReport) -> str:
    """Return the main findings, and where the report is."""
    findings = " ".join(report.results.sentences[:_N_SENTENCES])
    where = translate("Studies", "The report is in {folder}.").format(folder=report.path.parent)
    return printable(f"{findings} {where}")


def bundle_text(name: str, folder: StudyFolder, n_bytes: int) -> str:
    """Return what a bundle contains."""
    excerpts = count_text(len(folder.study.items), translate("Studies", "excerpt"), translate("Studies", "excerpts"))
    return translate("Studies", "{file} contains {excerpts}, {size} MB.").format(
        file=printable(name), excerpts=excerpts, size=f"{n_bytes / 1e6:.1f}"
    )
