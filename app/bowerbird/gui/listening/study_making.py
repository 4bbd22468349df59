"""From a design to a study that can be rated: ask the library, freeze, say how far it is."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bowerbird.base.errors import StudyError
from bowerbird.base.paths import studies_path
from bowerbird.benchmark.labels import labels_by_path
from bowerbird.jobs.background import Tell
from bowerbird.listening.build import freeze
from bowerbird.listening.overview import StudyOverview, overview_of
from bowerbird.listening.plan import same_results
from bowerbird.listening.store import StudyFolder
from bowerbird.listening.study import StudyDesign
from bowerbird.listening.systems.queries import rank_study

_ASKING_SHARE = 0.2
"""Of the whole work, a guess: to cut an excerpt takes longer than to rank the library."""


@dataclass(frozen=True, slots=True)
class MadeStudy:
    """A study that can be rated, what it will ask of raters, and what is worth saying."""

    folder: StudyFolder
    overview: StudyOverview
    notes: tuple[str, ...]


def make_study(library: Path, design: StudyDesign, *, labels: str, tell: Tell) -> MadeStudy:
    """Run every system once and freeze the study under its name.

    Parameters
    ----------
    library : Path
    design : StudyDesign
        Checked.
    labels : str
        Path of a labels file; "" for none.
    tell : Tell

    Raises
    ------
    StudyError, QueryError, EncoderError, CatalogueError
        When it cannot be made.
    """
    folder = studies_path() / design.name
    if folder.exists():
        raise StudyError(f"There is a study {design.name} already, in {folder}. Choose another name.")
    tell("Reading the library", 0.0)
    named = {path: ", ".join(some) for path, some in labels_of(labels).items()}

    def asking(n_done: int, n_total: int) -> None:
        tell(f"{n_done:,} of {n_total:,} queries asked", _ASKING_SHARE * n_done / max(1, n_total))

    def cutting(n_done: int, n_total: int) -> None:
        share = _ASKING_SHARE + (1.0 - _ASKING_SHARE) * n_done / max(1, n_total)
        tell(f"{n_done:,} of {n_total:,} excerpts cut", share)

    ranked = rank_study(library, design, labels=named, progress=asking)
    try:
        studies_path().mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise StudyError(f"{studies_path()} cannot be made ({reason}). Check its place.") from error
    frozen = freeze(ranked, folder, progress=cutting)
    assert frozen is not None  # who cancels does so by what `tell` raises
    notes = (*frozen.notes, *same_results(frozen.folder.study))
    return MadeStudy(frozen.folder, overview_of(frozen.folder), notes)


def labels_of(file: str) -> Mapping[Path, Sequence[str]]:
    """Return every labelled sound's classes by its absolute path; nothing where no file is named.

    Raises
    ------
    QueryError
        When the file cannot be read.
    """
    return labels_by_path(Path(file) if file else None)


def free_name(stem: str) -> str:
    """Return a name that no study here has: stem-1, stem-2, ..."""
    number = 1
    while (studies_path() / f"{stem}-{number}").exists():
        number += 1
    return f"{stem}-{number}"
