"""What a study is and how far its raters are, in a few figures: for lists of studies."""

import math
from dataclasses import dataclass

from bowerbird.listening.plan import estimated_minutes, plan_pages
from bowerbird.listening.response_store import FILE_NAME, ResponseStore
from bowerbird.listening.store import StudyFolder


@dataclass(frozen=True, slots=True)
class RaterProgress:
    """How far a rater is."""

    pseudonym: str
    n_done: int


@dataclass(frozen=True, slots=True)
class StudyOverview:
    """A study in figures.

    Attributes
    ----------
    n_queries : int
        Without those of the training pages.
    n_pages : int
        Of the first rater; others have about as many.
    minutes : float
        That a rater needs.
    n_sittings : int
        As breaks are proposed.
    raters : tuple of RaterProgress
        In the order in which they began.
    """

    n_queries: int
    n_pages: int
    minutes: float
    n_sittings: int
    raters: tuple[RaterProgress, ...]


def overview_of(folder: StudyFolder) -> StudyOverview:
    """Look at a study and its ratings; no file of ratings is made where there is none.

    Raises
    ------
    CatalogueError
        When the ratings cannot be read.
    """
    design = folder.study.design
    minutes = estimated_minutes(folder.study)
    raters: tuple[RaterProgress, ...] = ()
    if (folder.path / FILE_NAME).exists():
        with ResponseStore(folder.path) as file:
            answers = file.responses()
        done: dict[str, set[int | None]] = {rater.id: set() for rater in answers.raters}
        for event in answers.events:
            if event.kind == "completed" and event.rater_id in done:
                done[event.rater_id].add(event.page)
        raters = tuple(RaterProgress(rater.pseudonym, len(done[rater.id])) for rater in answers.raters)
    return StudyOverview(
        n_queries=sum(not query.is_training for query in design.queries),
        n_pages=len(plan_pages(folder.study, rater_number=0)),
        minutes=minutes,
        n_sittings=max(1, math.ceil(minutes / design.break_after_min)),
        raters=raters,
    )
