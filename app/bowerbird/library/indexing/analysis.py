"""Analysing a file: it is decoded once, block by block, in bounded memory."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from bowerbird.audio.decode import BLOCK_FRAMES, mono_blocks, open_sound
from bowerbird.audio.fingerprint import FingerprintMeter
from bowerbird.audio.loudness import LoudnessMeter
from bowerbird.audio.metadata import reading
from bowerbird.audio.metadata.reading import read_metadata
from bowerbird.audio.mono import MonoMixer
from bowerbird.audio.resample import StreamResampler
from bowerbird.audio.samples import SamplesHash
from bowerbird.base.errors import AudioError, UnreachableError
from bowerbird.base.files import os_reason
from bowerbird.catalogue.records import Analysis
from bowerbird.domain.metadata import Metadata
from bowerbird.domain.peaks import OVERVIEW_COLUMNS, PeakMeter, reduce_to
from bowerbird.domain.query import Example
from bowerbird.domain.sounds import Samples, Vectors
from bowerbird.domain.windows import WindowUse, spans_within
from bowerbird.encoders.protocol import Encoder
from bowerbird.library.indexing.sound_windows import SoundWindow, SoundWindows
from bowerbird.ranking.fingerprints import StoredFingerprint, stored

N_HASH_BYTES = 16

_NOTHING: Final = np.zeros(0, np.float32)

N_WINDOWS_AT_ONCE = 16
"""Windows whose embeddings a worker sends together: a second or two of a large network's work."""


@dataclass(frozen=True, slots=True, eq=False)
class EncodedPart:
    """Embeddings of some consecutive windows of a sound.

    Attributes
    ----------
    vectors : ndarray, shape (n_windows, n_dims), float32
    spans : tuple of (float, float)
        Start and end of each window in seconds; the end may be beyond that of the sound.
    uses : tuple of WindowUse
        What every window of the sound is used for, those of earlier parts included: known with the last part, and empty
        before.
    is_last : bool
        Whether no windows follow.
    """

    vectors: Vectors
    spans: tuple[tuple[float, float], ...]
    uses: tuple[WindowUse, ...]
    is_last: bool


def content_hash(path: Path) -> bytes:
    """Return the 16-byte BLAKE2b hash of a file's content.

    Raises
    ------
    UnreachableError
        When the file cannot be read.
    """
    return _hash_and_size(path)[0]


def _hash_and_size(path: Path) -> tuple[bytes, int]:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=N_HASH_BYTES)).digest()
            return digest, file.tell()
    except OSError as error:
        raise UnreachableError(
            f"{path.name} cannot be read ({os_reason(error)}). Check its permissions and the drive."
        ) from error


def _stamp(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError as error:
        raise UnreachableError(f"Cannot find {path.name}. Is the drive connected?") from error
    return found.st_size, found.st_mtime_ns


def _require_same(path: Path, stamp: tuple[int, int]) -> None:
    """Check that a file is as it was when it was hashed; otherwise the hash would stand for other samples."""
    if _stamp(path) != stamp:
        raise UnreachableError(f"{path.name} changed while it was read. Index again.")


def analyse(path: Path, encoder: Encoder) -> Analysis:
    """Hash a file, then decode it once for its peaks, loudness, metadata and embeddings.

    Raises
    ------
    AudioError
        When the file cannot be decoded to its end.
    UnreachableError
        When it cannot be read now, or changes meanwhile.
    """
    stamp = _stamp(path)
    digest, size_bytes = _hash_and_size(path)
    with open_sound(path) as reader:
        header = reader.header
        peak_meter = PeakMeter()
        loudness_meter = LoudnessMeter(header.rate_hz, header.n_channels)
        resampler = StreamResampler(header.rate_hz, encoder.rate_hz)
        mixer = MonoMixer(header.rate_hz, header.n_channels)
        cutter = SoundWindows(encoder.rate_hz, encoder.window_s)
        windows: list[SoundWindow] = []
        vectors: list[Samples] = []
        samples_hash = SamplesHash(header.rate_hz, header.n_channels)
        fingerprint_meter = FingerprintMeter(header.rate_hz)
        n_frames = 0
        for block in reader.blocks(BLOCK_FRAMES):
            n_frames += len(block)
            samples_hash.push(block)
            peak_meter.push(block)
            loudness_meter.push(block)
            mono = mixer.push(block)
            fingerprint_meter.push(mono)
            for window in cutter.push(resampler.push(mono)):
                vectors.extend(encoder.encode([window.samples]))
                windows.append(replace(window, samples=_NOTHING))
    if not n_frames:
        raise AudioError(f"{path.name} contains no audio. Re-export it.", code="no_audio")
    for tail in (cutter.push(resampler.finish()), cutter.finish()):
        for window in tail:
            vectors.extend(encoder.encode([window.samples]))
            windows.append(replace(window, samples=_NOTHING))
    _require_same(path, stamp)
    duration_s = n_frames / header.rate_hz
    uses = cutter.uses()
    recorded = [position for position, use in enumerate(uses) if use != "left out"]
    loudness = loudness_meter.finish()
    peaks = peak_meter.finish()
    return Analysis(
        hash=digest,
        size_bytes=size_bytes,
        duration_s=duration_s,
        n_channels=header.n_channels,
        rate_hz=header.rate_hz,
        format=header.format,
        encoding=header.encoding,
        lufs=loudness.integrated_lufs,
        true_peak_db=loudness.true_peak_db,
        metadata=read_metadata(path),
        metadata_version=reading.VERSION,
        samples_hash=samples_hash.finish(),
        peaks=peaks,
        overview=reduce_to(peaks.bins, OVERVIEW_COLUMNS),
        spans=spans_within([(windows[each].start_s, windows[each].end_s) for each in recorded], duration_s),
        vectors=np.stack([vectors[each] for each in recorded]).astype(np.float32, copy=False),
        sounding_lufs=loudness.sounding_lufs,
        is_counted=tuple(uses[each] == "counted" for each in recorded),
        fingerprint=stored(fingerprint_meter.finish()),
    )


def metadata_of_content(path: Path, *, content_hash: bytes) -> Metadata:
    """Return the metadata of a file that was analysed before.

    Raises
    ------
    UnreachableError
        When it cannot be read now, or its content has changed.
    """
    stamp = _stamp(path)
    _require_content(path, content_hash)
    metadata = read_metadata(path)
    _require_same(path, stamp)
    return metadata


def hash_samples(path: Path, *, content_hash: bytes) -> tuple[bytes, StoredFingerprint]:
    """Return the hash of a file's samples, see `SamplesHash`, and their fingerprint.

    Raises
    ------
    AudioError
        When the file cannot be decoded to its end.
    UnreachableError
        When it cannot be read now, or its content has changed.
    """
    stamp = _stamp(path)
    _require_content(path, content_hash)
    with open_sound(path) as reader:
        samples_hash = SamplesHash(reader.header.rate_hz, reader.header.n_channels)
        fingerprint_meter = FingerprintMeter(reader.header.rate_hz)
        mixer = MonoMixer(reader.header.rate_hz, reader.header.n_channels)
        for block in reader.blocks(BLOCK_FRAMES):  # the same blocks as in `analyse`, so they are mixed alike
            samples_hash.push(block)
            fingerprint_meter.push(mixer.push(block))
    _require_same(path, stamp)
    return samples_hash.finish(), stored(fingerprint_meter.finish())


def _require_content(path: Path, content_hash: bytes) -> None:
    if _hash_and_size(path)[0] != content_hash:
        raise UnreachableError(f"{path.name} has changed since it was analysed. Index again.")


def encode_windows(path: Path, encoder: Encoder, *, content_hash: bytes, n_known: int) -> Iterator[EncodedPart]:
    """Embed a file that was analysed before, some windows at a time.

    Known windows are decoded again but not embedded: interrupted or not, a run embeds the same samples.

    Parameters
    ----------
    path : Path
    encoder : Encoder
    content_hash : bytes
        Of the content that the embeddings are recorded for.
    n_known : int
        Number of windows to skip.

    Yields
    ------
    EncodedPart
        The last may have no windows.

    Raises
    ------
    AudioError
        When the file cannot be decoded to its end.
    UnreachableError
        When it cannot be read now, or its content has changed.
    """
    stamp = _stamp(path)
    _require_content(path, content_hash)
    vectors: list[Samples] = []
    windows: list[SoundWindow] = []
    cutter = SoundWindows(encoder.rate_hz, encoder.window_s)
    for number, window in enumerate(_windows(path, encoder, cutter)):
        if number < n_known:
            continue
        if len(vectors) == N_WINDOWS_AT_ONCE:
            _require_same(path, stamp)
            yield EncodedPart(np.stack(vectors), _spans(windows), (), is_last=False)
            vectors, windows = [], []
        vectors.extend(encoder.encode([window.samples]))
        windows.append(replace(window, samples=_NOTHING))
    _require_same(path, stamp)
    last = np.stack(vectors) if vectors else np.zeros((0, encoder.n_dims), np.float32)
    yield EncodedPart(last, _spans(windows), cutter.uses(), is_last=True)


def _spans(windows: Sequence[SoundWindow]) -> tuple[tuple[float, float], ...]:
    return tuple((window.start_s, window.end_s) for window in windows)


def _windows(path: Path, encoder: Encoder, cutter: SoundWindows) -> Iterator[SoundWindow]:
    """Decode a whole file into its windows exactly as `analyse` does."""
    with open_sound(path) as reader:
        resampler = StreamResampler(reader.header.rate_hz, encoder.rate_hz)
        mixer = MonoMixer(reader.rate_hz, reader.n_channels)
        for block in reader.blocks(BLOCK_FRAMES):
            yield from cutter.push(resampler.push(mixer.push(block)))
        yield from cutter.push(resampler.finish())
        yield from cutter.finish()


def encode_example(example: Example, encoder: Encoder) -> Vectors:
    """Decode and embed a file, or a region of it, that need not be in the library: the windows that count in its mean.

    At another speed, it is resampled to another rate and read at that of the encoder.

    Returns
    -------
    ndarray, shape (n_windows, n_dims), float32

    Raises
    ------
    AudioError
        When it cannot be decoded.
    """
    cutter = SoundWindows(encoder.rate_hz, encoder.window_s, has_events=False)
    vectors: list[Samples] = []
    start_s = example.start_s or 0.0
    rate_hz = round(encoder.rate_hz / example.speed)
    for block in mono_blocks(example.path, rate_hz=rate_hz, start_s=start_s, end_s=example.end_s):
        for window in cutter.push(block):
            vectors.extend(encoder.encode([window.samples]))
    for window in cutter.finish():
        vectors.extend(encoder.encode([window.samples]))
    return np.stack([vector for vector, use in zip(vectors, cutter.uses(), strict=True) if use == "counted"])
