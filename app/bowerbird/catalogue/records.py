"""What the catalogue stores, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from bowerbird.domain.peaks import Bins, Peaks
from bowerbird.domain.sounds import Vectors

EncoderRole: TypeAlias = Literal["wanted", "searched"]


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder the user added."""

    id: int
    path: Path


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
    """

    content_id: int
    first_number: int
    spans: tuple[tuple[float, float], ...]
    vectors: Vectors
    is_last: bool


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
    metadata : mapping of str to str
    peaks : Peaks
    overview : ndarray, shape (n_columns, 2), int8
        The waveform in a table row.
    spans : tuple of (float, float)
        Start and end in seconds of each window.
    vectors : ndarray, shape (n_windows, n_dims), float32
    sounding_lufs : float or None
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
    metadata: Mapping[str, str]
    peaks: Peaks
    overview: Bins
    spans: tuple[tuple[float, float], ...]
    vectors: Vectors
    sounding_lufs: float | None = None


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


@dataclass(frozen=True, slots=True)
class SoundDetails:
    """Properties of a sound beyond its row."""

    size_bytes: int
    lufs: float | None
    true_peak_db: float | None
    metadata: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RejectedSound:
    """A sound that cannot be used, with the reason."""

    id: int
    path: Path
    reason: str


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
    """Where a window lies in its sound; windows are numbered from 0."""

    start_s: float
    end_s: float
    number: int


@dataclass(frozen=True, slots=True)
class WordMatch:
    """A sound that matches the words of a query.

    Attributes
    ----------
    sound_id : int
    bm25 : float
        Lower is better.
    texts : tuple of str
        The name, directory and metadata as they are searched.
    is_whole : bool
        Whether the last word was found whole, not only as a prefix.
    """

    sound_id: int
    bm25: float
    texts: tuple[str, str, str]
    is_whole: bool


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
