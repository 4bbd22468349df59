"""Making a study, from the design to the files on disk."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bowerbird.base.errors import StudyError
from bowerbird.base.files import os_reason
from bowerbird.base.paths import studies_path
from bowerbird.jobs.control import Control
from bowerbird.jobs.progress import Progress, Report, ignore
from bowerbird.library.library import Library
from bowerbird.listening.build import build_study
from bowerbird.listening.overview import StudyOverview, overview_of
from bowerbird.listening.plan import same_results
from bowerbird.listening.store import StudyFolder
from bowerbird.listening.study import StudyDesign
from bowerbird.listening.systems.queries import rank_study


@dataclass(frozen=True, slots=True)
class MadeStudy:
    """A study that can be rated, its overview, and sentences about what was left out."""

    folder: StudyFolder
    overview: StudyOverview
    notes: tuple[str, ...]


def make_study(
    library: Library,
    design: StudyDesign,
    *,
    labels: Mapping[Path, Sequence[str]],
    control: Control,
    report: Report = ignore,
) -> MadeStudy:
    """Run every system once, and build the study under its name among the user's studies.

    Parameters
    ----------
    library : Library
    design : StudyDesign
        Checked.
    labels : mapping of Path to sequence of str
        Classes of sounds by absolute path; may be empty.
    control : Control
    report : callable

    Raises
    ------
    StudyError, QueryError, EncoderError, CatalogueError
        When it cannot be made.
    Cancelled
        When the job was cancelled; nothing is left.
    """
    folder = studies_path() / design.name
    if folder.exists():
        raise StudyError(f"A study named {design.name} already exists in {folder}. Choose another name.")
    report(Progress("Reading the library"))
    joined = {path: ", ".join(classes) for path, classes in labels.items()}
    ranked = rank_study(library, design, labels=joined, control=control, report=report)
    try:
        studies_path().mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StudyError(f"Cannot create {studies_path()} ({os_reason(error)}). Check its permissions.") from error
    built = build_study(ranked, folder, control=control, report=report)
    return MadeStudy(built.folder, overview_of(built.folder), (*built.notes, *same_results(built.folder.study)))


def free_name(stem: str) -> str:
    """Return a name that no study has yet: stem-1, stem-2, ..."""
    number = 1
    while (studies_path() / f"{stem}-{number}").exists():
        number += 1
    return f"{stem}-{number}"
