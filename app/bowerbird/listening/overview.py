"""The overview of a study: its length, and the progress of its raters."""

import math
from dataclasses import dataclass

from bowerbird.listening.plan import estimated_minutes, plan_pages
from bowerbird.listening.response_store import FILE_NAME, ResponseStore
from bowerbird.listening.store import StudyFolder


@dataclass(frozen=True, slots=True)
class RaterProgress:
    """The progress of a rater.

    Attributes
    ----------
    pseudonym : str
    n_done : int
        Pages.
    n_pages : int
        Of this rater's own plan; raters may have a few more or fewer.
    """

    pseudonym: str
    n_done: int
    n_pages: int

    @property
    def is_done(self) -> bool:
        """Whether every page is completed."""
        return self.n_done >= self.n_pages


@dataclass(frozen=True, slots=True)
class StudyOverview:
    """A study in numbers.

    Attributes
    ----------
    n_queries : int
        Without training queries.
    n_pages : int
        For the first rater; others have about as many.
    minutes : float
        Per rater.
    n_sittings : int
        Sessions per rater, with a break between them.
    raters : tuple of RaterProgress
        In order of joining.
    """

    n_queries: int
    n_pages: int
    minutes: float
    n_sittings: int
    raters: tuple[RaterProgress, ...]


def overview_of(folder: StudyFolder) -> StudyOverview:
    """Return the overview of a study; its file of ratings is not created when it does not exist.

    Raises
    ------
    CatalogueError
        When the ratings cannot be read.
    """
    design = folder.study.design
    minutes = estimated_minutes(folder.study)
    raters: tuple[RaterProgress, ...] = ()
    if (folder.path / FILE_NAME).exists():
        with ResponseStore(folder.path) as store:
            responses = store.responses()
        done: dict[str, set[int | None]] = {rater.id: set() for rater in responses.raters}
        for event in responses.events:
            if event.kind == "completed" and event.rater_id in done:
                done[event.rater_id].add(event.page)
        raters = tuple(
            RaterProgress(
                rater.pseudonym, len(done[rater.id]), len(plan_pages(folder.study, rater_number=rater.number))
            )
            for rater in responses.raters
        )
    return StudyOverview(
        n_queries=sum(not query.is_training for query in design.queries),
        n_pages=len(plan_pages(folder.study, rater_number=0)),
        minutes=minutes,
        n_sittings=max(1, math.ceil(minutes / design.break_after_min)),
        raters=raters,
    )
