"""Events of indexing, which the command line and the window each show in their own way.

The names of these classes and their fields are the events that `bowerbird index --json` prints.
"""

from dataclasses import dataclass
from typing import TypeAlias

from bowerbird.base.text import count_text


@dataclass(frozen=True, slots=True)
class FolderListed:
    """A folder was scanned to its end.

    Attributes
    ----------
    folder : str
    n_found, n_new, n_changed, n_missing, n_ignored : int
        Sounds present; new and changed ones among them; sounds that are gone; files that are not sounds.
    """

    folder: str
    n_found: int
    n_new: int
    n_changed: int
    n_missing: int
    n_ignored: int


@dataclass(frozen=True, slots=True)
class FolderUnreachable:
    """A folder, or part of it, could not be scanned; nothing in it was marked missing."""

    folder: str
    reason: str

    @property
    def sentence(self) -> str:
        """What happened and what to do."""
        return (
            f"Cannot read {self.folder}: {self.reason}. Connect its drive or check its permissions, then rescan. "
            "Its sounds stay in the library."
        )


@dataclass(frozen=True, slots=True)
class FileIgnored:
    """A file is not a sound, by its name and its first bytes."""

    path: str


@dataclass(frozen=True, slots=True)
class SoundsListed:
    """Scanning continues: the number of sounds so far."""

    folder: str
    n_found: int


@dataclass(frozen=True, slots=True)
class SoundRejected:
    """A sound cannot be used, with the reason.

    Attributes
    ----------
    path, reason : str
    is_known : bool
        Whether it was rejected by an earlier run and has not changed since.
    """

    path: str
    reason: str
    is_known: bool = False


@dataclass(frozen=True, slots=True)
class SoundNotEncoded:
    """A further encoder cannot embed a sound, with the reason; everything else about it stays."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class EncoderReady:
    """Searches use an encoder from now on: its embeddings are complete.

    Attributes
    ----------
    name : str
    n_left : int
        Number of sounds that could not be embedded because their drives are not connected.
    """

    name: str
    n_left: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Analysis continues.

    Attributes
    ----------
    n_done, n_total : int
        Sounds of this run.
    per_second : float
        Recent rate.
    left_s : float or None
        Estimate of the time left; None while there is no estimate.
    activity : str
        What is done besides analysis, in English, or the name of the further encoder that embeds; "" for analysis.
    """

    n_done: int
    n_total: int
    per_second: float
    left_s: float | None
    activity: str = ""


@dataclass(frozen=True, slots=True)
class BatchRecorded:
    """Sounds were committed: their rows can be read again."""

    n_sounds: int


@dataclass(frozen=True, slots=True)
class IndexingFinished:
    """The run has ended.

    Attributes
    ----------
    n_sounds : int
        Present sounds in the folders of this run.
    n_analysed, n_copies : int
        Sounds analysed by this run, and copies of known content that needed no analysis.
    n_encoded : int
        Sounds embedded by a further encoder in this run.
    n_rejected : int
        Present sounds that are rejected, by this run or an earlier one, or could not be read now.
    n_unreachable : int
        Folders, or parts of them, that could not be scanned.
    seconds : float
    is_cancelled : bool
    n_faulty : int
        Sounds that could not be analysed because of a fault of the program.
    """

    n_sounds: int
    n_analysed: int
    n_copies: int
    n_rejected: int
    n_unreachable: int
    seconds: float
    is_cancelled: bool
    n_encoded: int = 0
    n_faulty: int = 0

    @property
    def fault_sentence(self) -> str | None:
        """What to say about faults of the program; None without any."""
        if not self.n_faulty:
            return None
        sounds = count_text(self.n_faulty)
        return (
            f"{sounds} could not be analysed because of a fault in Bowerbird; details are in the log. "
            f"{'It' if self.n_faulty == 1 else 'They'} will be tried again with the next version."
        )


Event: TypeAlias = (
    FolderListed
    | FolderUnreachable
    | FileIgnored
    | SoundsListed
    | SoundRejected
    | SoundNotEncoded
    | EncoderReady
    | Progress
    | BatchRecorded
    | IndexingFinished
)
