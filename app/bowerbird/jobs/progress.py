"""How far a job is: one type for every job, whatever shows it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from bowerbird.base.text import bytes_text


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is.

    Attributes
    ----------
    activity : str
        What is being done, for people, such as "Cutting excerpts".
    n_done, n_total : int
        In units of `unit`; a total of 0 means that it is not known.
    unit : str
        Plural noun, such as "sounds" or "bytes"; "" where the numbers only give a share.
    """

    activity: str
    n_done: int = 0
    n_total: int = 0
    unit: str = ""

    @property
    def share(self) -> float | None:
        """The part that is done, in [0, 1]; None while the total is not known."""
        return min(1.0, self.n_done / self.n_total) if self.n_total else None

    @property
    def text(self) -> str:
        """The progress in words: "Importing", "Checking · 3 of 24 sounds", "Downloading · 120 MB of 622 MB"."""
        if not self.n_total or not self.unit:
            return self.activity
        if self.unit == "bytes":
            return f"{self.activity} · {bytes_text(self.n_done) or '0 MB'} of {bytes_text(self.n_total)}"
        return f"{self.activity} · {self.n_done:,} of {self.n_total:,} {self.unit}"


Report: TypeAlias = Callable[[Progress], None]
"""Receives progress in the job's own thread."""


def ignore(progress: Progress) -> None:
    """Receive progress that nobody looks at."""
