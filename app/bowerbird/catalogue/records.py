"""What the catalogue stores, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from bowerbird.base.errors import RejectionCode
from bowerbird.domain.metadata import Metadata
from bowerbird.domain.peaks import Bins, Peaks
from bowerbird.domain.sounds import Vectors
from bowerbird.domain.windows import WindowUse
from bowerbird.ranking.fingerprints import StoredFingerprint

EncoderRole: TypeAlias = Literal["wanted", "searched"]


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder the user added.

    Attributes
    ----------
    id : int
    path : Path
    is_watched : bool
        Whether changes in it are recognised while the program runs.
    """

    id: int
    path: Path
    is_watched: bool = False


@dataclass(frozen=True, slots=True)
class FolderState:
    """Whether a folder can be read now, and its sounds.

    Attributes
    ----------
    folder : Folder
    is_connected : bool
        Whether its root can be read.
    n_sounds, n_missing : int
        Number of sounds, and of those that the last scan did not find.
    """

    folder: Folder
    is_connected: bool
    n_sounds: int
    n_missing: int


@dataclass(frozen=True, slots=True)
class FileStamp:
    """A file as it was scanned.

    Attributes
    ----------
    path : str
        Absolute.
    size_bytes : int
    mtime_ns : int
    """

    path: str
    size_bytes: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file as it was scanned last.

    Attributes
    ----------
    path : str
    size_bytes : int
    hash : bytes or None
        None where it was not computed.
    """

    path: str
    size_bytes: int
    hash: bytes | None


@dataclass(frozen=True, slots=True)
class ScannedCounts:
    """How many files of a scanned batch were new or changed."""

    n_new: int
    n_changed: int


@dataclass(frozen=True, slots=True)
class PendingSound:
    """A sound that is to be analysed."""

    id: int
    path: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class PendingContent:
    """A content that lacks embeddings of a further encoder.

    Attributes
    ----------
    id : int
    hash : bytes
    duration_s : float
    n_known : int
        Number of windows that an earlier run has embedded.
    sound_id : int
    path : str
        Of one sound that has this content.
    size_bytes : int
    """

    id: int
    hash: bytes
    duration_s: float
    n_known: int
    sound_id: int
    path: str
    size_bytes: int


@dataclass(frozen=True, slots=True, eq=False)
class EncodedWindows:
    """Embeddings of consecutive windows of one content.

    Attributes
    ----------
    content_id : int
    first_number : int
    spans : tuple of (float, float)
        Start and end in seconds.
    vectors : ndarray, shape (n_windows, n_dims), float32
    is_last : bool
        Whether these are the content's last windows.
    uses : tuple of WindowUse
        With the last windows: what every window of the content is used for, from number 0; all count where it is empty.
    """

    content_id: int
    first_number: int
    spans: tuple[tuple[float, float], ...]
    vectors: Vectors
    is_last: bool
    uses: tuple[WindowUse, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Analysis:
    """The result of analysing a sound's content.

    Attributes
    ----------
    hash : bytes
        16 bytes over the whole file.
    size_bytes : int
        Of the file.
    duration_s : float
    n_channels, rate_hz : int
    format, encoding : str
    lufs, true_peak_db : float
    metadata : Metadata
    metadata_version : int
        Of the reader of metadata.
    samples_hash : bytes or None
        16 bytes over the decoded audio; None where it was not computed.
    peaks : Peaks
    overview : ndarray, shape (n_columns, 2), int8
        The waveform in a table row.
    spans : tuple of (float, float)
        Start and end in seconds of each window.
    vectors : ndarray, shape (n_windows, n_dims), float32
    sounding_lufs : float or None
        None if it was not measured.
    is_counted : tuple of bool
        Which windows count in the embedding of the sound, their mean; all where it is empty.
    fingerprint : StoredFingerprint or None
        None if it was not measured.
    """

    hash: bytes
    size_bytes: int
    duration_s: float
    n_channels: int
    rate_hz: int
    format: str
    encoding: str
    lufs: float
    true_peak_db: float
    metadata: Metadata
    metadata_version: int
    samples_hash: bytes | None
    peaks: Peaks
    overview: Bins
    spans: tuple[tuple[float, float], ...]
    vectors: Vectors
    sounding_lufs: float | None = None
    is_counted: tuple[bool, ...] = ()
    fingerprint: StoredFingerprint | None = None


@dataclass(frozen=True, slots=True)
class StoredLoudness:
    """The loudness of a sound that was analysed; see `bowerbird.audio.loudness.Loudness`.

    Attributes
    ----------
    sounding_lufs : float or None
        None for sounds that an earlier version analysed.
    true_peak_db : float
    """

    sounding_lufs: float | None
    true_peak_db: float


@dataclass(frozen=True, slots=True, eq=False)
class SoundRow:
    """A sound as a list shows it.

    Attributes
    ----------
    id : int
    path : Path
    directory : str
        Below its folder, beginning with the folder's own name.
    duration_s, n_channels, rate_hz, format, encoding
        None until the sound was analysed.
    is_missing : bool
    content_id : int or None
    overview : ndarray, shape (n_columns, 2), int8, or None
    bpm : float or None
    root_key : str or None
    is_loop : bool or None
    category, subcategory : str or None
    lufs : float or None
    stars : int
        0 for none.
    is_favourite : bool
    tags : tuple of str
        The words that somebody gave it, in alphabetical order.
    """

    id: int
    path: Path
    name: str
    directory: str
    duration_s: float | None
    n_channels: int | None
    rate_hz: int | None
    format: str | None
    encoding: str | None
    is_missing: bool
    content_id: int | None
    overview: Bins | None
    bpm: float | None = None
    root_key: str | None = None
    is_loop: bool | None = None
    category: str | None = None
    subcategory: str | None = None
    lufs: float | None = None
    stars: int = 0
    is_favourite: bool = False
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ListedFile:
    """What a search needs to know of a sound.

    Attributes
    ----------
    id : int
    path : str
    duration_s : float or None
        None until the sound was analysed.
    """

    id: int
    path: str
    duration_s: float | None


@dataclass(frozen=True, slots=True)
class SoundDetails:
    """Properties of a sound beyond its row."""

    size_bytes: int
    lufs: float | None
    true_peak_db: float | None
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Annotations:
    """What people said about a sound.

    Attributes
    ----------
    audio_id : int
        Of the samples, to which annotations belong.
    stars : int
        1 to 5; 0 for none.
    is_favourite : bool
    note : str
    words : mapping of str to bool
        Tags, and words that were denied (False).
    collections : tuple of int
        Ids of the collections that it is in.
    """

    audio_id: int
    stars: int = 0
    is_favourite: bool = False
    note: str = ""
    words: Mapping[str, bool] = field(default_factory=dict)
    collections: tuple[int, ...] = ()

    @property
    def tags(self) -> tuple[str, ...]:
        """The tags, sorted."""
        return tuple(sorted(word for word, is_right in self.words.items() if is_right))

    @property
    def denied(self) -> tuple[str, ...]:
        """The words that were denied, sorted."""
        return tuple(sorted(word for word, is_right in self.words.items() if not is_right))


@dataclass(frozen=True, slots=True)
class Collection:
    """A named list of sounds.

    Attributes
    ----------
    id : int
    name : str
    n_sounds : int
        Number of its members that are in the library, copies counted once.
    """

    id: int
    name: str
    n_sounds: int = 0


EventKind: TypeAlias = Literal["played", "dragged", "queried"]


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """Something that was played, dragged or searched.

    Attributes
    ----------
    kind : {"played", "dragged", "queried"}
    sound_id : int or None
        Of one sound that has the samples now; None for a query.
    query : str or None
        What was searched, as it could be typed.
    at_s : float
        Seconds since 1970.
    """

    kind: EventKind
    sound_id: int | None
    query: str | None
    at_s: float


@dataclass(frozen=True, slots=True)
class StoredSearch:
    """A saved search: its name, and its state as JSON."""

    id: int
    name: str
    state: str


@dataclass(frozen=True, slots=True)
class AnnotatedSound:
    """A sound with annotations, for an exchange with other programs.

    Attributes
    ----------
    path : str
    hash : bytes
        Of the file.
    samples_hash : bytes or None
    annotations : Annotations
    """

    path: str
    hash: bytes
    samples_hash: bytes | None
    annotations: Annotations


@dataclass(frozen=True, slots=True)
class RejectedSound:
    """A sound that cannot be used, with the reason as a sentence that names it, and the class of the reason."""

    id: int
    path: Path
    reason: str
    code: RejectionCode = "damaged"


@dataclass(frozen=True, slots=True)
class RejectedGroup:
    """Sounds that cannot be used for reasons of one class.

    Attributes
    ----------
    code : RejectionCode
    reason, remedy : str
        What is wrong with all of them, and what to do.
    sounds : tuple of RejectedSound
        By path.
    """

    code: RejectionCode
    reason: str
    remedy: str
    sounds: tuple[RejectedSound, ...]


@dataclass(frozen=True, slots=True, eq=False)
class WindowVectors:
    """Embeddings of one encoder.

    Attributes
    ----------
    ids : ndarray, shape (n,), int64
        Of the windows, ascending.
    content_ids : ndarray, shape (n,), int64
    vectors : ndarray, shape (n, n_dims), float32
    """

    ids: npt.NDArray[np.int64]
    content_ids: npt.NDArray[np.int64]
    vectors: Vectors


@dataclass(frozen=True, slots=True)
class WindowSpan:
    """Where a window lies in its sound. Windows are numbered from 0; window n is -1 - n if the mean leaves it out."""

    start_s: float
    end_s: float
    number: int


WordLevel: TypeAlias = Literal["name", "whole", "inflected", "begun", "inside"]

WORD_LEVELS: Final[tuple[WordLevel, ...]] = ("name", "whole", "inflected", "begun", "inside")
"""How words are found, best first: they are the whole name; as typed or in another spelling; in another form; as
beginnings of words; in the middle of words."""


@dataclass(frozen=True, slots=True)
class WordMatch:
    """A sound that matches words of a query.

    Attributes
    ----------
    sound_id : int
    level : str
        How the words were found; the worst of them counts.
    fields : tuple of str
        Where they were found: name, folder, metadata.
    n_found, n_words : int
        How many words and phrases of the query were found, and how many there are.
    """

    sound_id: int
    level: WordLevel
    fields: tuple[str, ...]
    n_found: int
    n_words: int


@dataclass(frozen=True, slots=True, eq=False)
class NamedSounds:
    """All sounds that match every word of a query, best first; missing ones come last.

    Attributes
    ----------
    ids : ndarray, shape (n,), int64
    levels : ndarray, shape (n,), int8
        Indices of `WORD_LEVELS`.
    """

    ids: npt.NDArray[np.int64]
    levels: npt.NDArray[np.int8]

    @property
    def is_whole(self) -> npt.NDArray[np.bool_]:
        """Whether every word was found whole, as typed or in another form, shape (n,)."""
        return self.levels <= WORD_LEVELS.index("inflected")

    def whole_among(self, sound_ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return those of some sounds that have every word whole, in their order."""
        whole = self.ids[self.is_whole]
        is_whole = np.zeros(max(int(whole.max(initial=0)), int(sound_ids.max(initial=0))) + 1, np.bool_)
        is_whole[whole] = True  # unlike np.isin, this does not sort a million ids
        return sound_ids[is_whole[sound_ids]]


@dataclass(frozen=True, slots=True)
class PresentContent:
    """A content that at least one present sound has.

    Attributes
    ----------
    id : int
    hash : str
        Hexadecimal.
    path : Path
        Of one sound that has it.
    directory : str
    duration_s : float
    """

    id: int
    hash: str
    path: Path
    directory: str
    duration_s: float


@dataclass(frozen=True, slots=True, eq=False)
class FoldableSounds:
    """Sounds and which of them are copies; arrays are parallel.

    Attributes
    ----------
    ids : ndarray, shape (n,), int64
    groups : ndarray, shape (n,), int64
        Equal for copies.
    qualities : ndarray, shape (n,), int64
        The copy with the smallest is shown for all.
    """

    ids: npt.NDArray[np.int64]
    groups: npt.NDArray[np.int64]
    qualities: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class AnalysedSounds:
    """Every usable, analysed sound, missing ones included, with what a map shows of it; arrays are parallel.

    Attributes
    ----------
    ids, content_ids : ndarray, shape (n,), int64
        Ascending by id.
    content_keys : ndarray, shape (n,), uint64
        End of the content's hash: the same in every library, and for every copy.
    directories, categories, tags : tuple of str
        Each once.
    directory_numbers, category_numbers, tag_numbers : ndarray, shape (n,), int32
        Positions in `directories`, `categories` and `tags`; -1 for no category or tag. Of several tags, the one that
        most contents have.
    durations_s, lufs : ndarray, shape (n,), float32
        NaN where not known.
    """

    ids: npt.NDArray[np.int64]
    content_ids: npt.NDArray[np.int64]
    content_keys: npt.NDArray[np.uint64]
    directories: tuple[str, ...]
    directory_numbers: npt.NDArray[np.int32]
    categories: tuple[str, ...]
    category_numbers: npt.NDArray[np.int32]
    tags: tuple[str, ...]
    tag_numbers: npt.NDArray[np.int32]
    durations_s: npt.NDArray[np.float32]
    lufs: npt.NDArray[np.float32]
