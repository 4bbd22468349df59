"""What happens while a library is indexed, as values that CLI and window show each in their own way."""

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class FolderListed:
    """A folder was walked to its end.

    Attributes
    ----------
    folder : str
    n_found, n_new, n_changed, n_missing, n_ignored : int
        Sounds present; of these, new and changed ones; sounds gone since; files that are no sounds.
    """

    folder: str
    n_found: int
    n_new: int
    n_changed: int
    n_missing: int
    n_ignored: int


@dataclass(frozen=True, slots=True)
class FolderUnreachable:
    """A folder, or part of it, could not be walked; nothing in it was marked missing.

    `sentence` says so with a remedy.
    """

    folder: str
    reason: str

    @property
    def sentence(self) -> str:
        """What happened and what to do."""
        return (
            f"{self.folder} could not be read: {self.reason}. Connect its drive or check its permissions, "
            "then look for changes; nothing of it was forgotten."
        )


@dataclass(frozen=True, slots=True)
class FileIgnored:
    """A file is no sound by its name and its first bytes."""

    path: str


@dataclass(frozen=True, slots=True)
class SoundsListed:
    """Listing goes on: so many sounds so far."""

    folder: str
    n_found: int


@dataclass(frozen=True, slots=True)
class SoundRejected:
    """A sound cannot be used, and why.

    Attributes
    ----------
    path, reason : str
    is_known : bool
        It was rejected by an earlier run, and has not changed since.
    """

    path: str
    reason: str
    is_known: bool = False


@dataclass(frozen=True, slots=True)
class SoundNotEncoded:
    """A sound has no vectors of a further encoder, and why; everything else about it stays."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class EncoderReady:
    """Searches use an encoder from now on: its vectors are complete.

    Attributes
    ----------
    name : str
    n_left : int
        Sounds that it could not be tried on, because their drives are away.
    """

    name: str
    n_left: int


@dataclass(frozen=True, slots=True)
class Progress:
    """Analysis goes on.

    Attributes
    ----------
    n_done, n_total : int
        Sounds of this run.
    per_second : float
        Recent rate.
    left_s : float or None
        Estimate of the time left; None while there is nothing to go by.
    activity : str
        Name of the further encoder whose vectors are found; "" for the analysis itself.
    """

    n_done: int
    n_total: int
    per_second: float
    left_s: float | None
    activity: str = ""


@dataclass(frozen=True, slots=True)
class BatchRecorded:
    """Sounds were committed: their rows may be read anew."""

    n_sounds: int


@dataclass(frozen=True, slots=True)
class IndexingFinished:
    """The run is over.

    Attributes
    ----------
    n_sounds : int
        Sounds in the folders of this run that are present.
    n_analysed, n_copies : int
        Of this run: analysed, and known by content so that nothing had to be done.
    n_encoded : int
        Of this run: given the vectors of a further encoder.
    n_rejected : int
        Present sounds that stand rejected, from this run or an earlier one, or could not be read now.
    n_unreachable : int
        Folders, or parts of them, that could not be walked.
    seconds : float
    is_cancelled : bool
    """

    n_sounds: int
    n_analysed: int
    n_copies: int
    n_rejected: int
    n_unreachable: int
    seconds: float
    is_cancelled: bool
    n_encoded: int = 0


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
