"""Classifies failures: defects of a file, temporary failures, and bugs in Bowerbird."""

import logging
from collections.abc import Iterable
from dataclasses import dataclass, field

from bowerbird.library.indexing.worker import Outcome

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Failures:
    """The failures of a batch.

    Attributes
    ----------
    rejected : list of (Outcome, str)
        Faults of the file, with the reason: recorded, and not tried again until the file changes.
    postponed : list of (Outcome, str)
        Faults of the moment, such as a drive that was pulled out: shown, and tried again at the next run.
    faulty : list of Outcome
        Faults of the program: in the log, and tried again by the next version.
    """

    rejected: list[tuple[Outcome, str]] = field(default_factory=list)
    postponed: list[tuple[Outcome, str]] = field(default_factory=list)
    faulty: list[Outcome] = field(default_factory=list)


def sort_outcomes(outcomes: Iterable[Outcome]) -> Failures:
    """Sort the failures among outcomes, and write faults of the program to the log."""
    failures = Failures()
    for outcome in outcomes:
        if outcome.fault is not None:
            logger.error("a sound could not be analysed because of a fault: %s\n%s", outcome.path, outcome.fault)
            failures.faulty.append(outcome)
        elif outcome.failure is not None:
            (failures.postponed if outcome.is_temporary else failures.rejected).append((outcome, outcome.failure))
    return failures
