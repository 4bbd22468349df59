"""Changing the pitch or the tempo of a sound, each without the other, with Signalsmith Stretch.

The library processes whole sounds, aligned to the sample, and holds Python's lock meanwhile. So sounds are processed in
short segments that overlap, and are joined where their waveforms agree best: a sound starts soon, and no other thread
waits long.
"""

from collections.abc import Iterator
from typing import Final

import numpy as np

from bowerbird.base.errors import AudioError
from bowerbird.domain.sounds import Samples

FIRST_SEGMENT_S: Final = 0.5
SEGMENT_S: Final = 1.0
"""Of the source. Stereo takes about 24 ms per segment."""

OVERLAP_S: Final = 0.2
_SHIFT_S: Final = 0.01
_JOIN_S: Final = 0.04
_WORTH_MOVING: Final = 0.1
"""A segment is moved only if its correlation with the last one rises by this much, so that hits stay where they are."""


def stretched(
    blocks: Iterator[Samples], *, rate_hz: int, semitones: float = 0.0, tempo: float = 1.0
) -> Iterator[Samples]:
    """Change the pitch and the tempo of a sound.

    Parameters
    ----------
    blocks : iterator of ndarray, shape (n, n_channels), float32
    rate_hz : int
    semitones : float
        Change of the pitch; the length stays.
    tempo : float
        2 plays twice as fast; the pitch stays.

    Yields
    ------
    ndarray, shape (n, n_channels), float32
        The length is that of the source divided by the tempo, within a frame.

    Raises
    ------
    AudioError
        When python-stretch is not installed.
    """
    join = _Join(rate_hz, tempo)
    source: list[Samples] = []
    n_waiting = n_in = 0
    n_segment, n_overlap = round(FIRST_SEGMENT_S * rate_hz), round(OVERLAP_S * rate_hz)
    for block in blocks:
        source.append(block)
        n_waiting += len(block)
        n_in += len(block)
        while n_waiting >= n_segment + n_overlap:  # what is left is never shorter than an overlap
            joined = np.concatenate(source)
            yield join.push(_processed(joined[:n_segment], rate_hz, semitones, tempo), n_segment - n_overlap)
            source, n_waiting = [joined[n_segment - n_overlap :]], n_waiting - (n_segment - n_overlap)
            n_segment = round(SEGMENT_S * rate_hz)
    if n_waiting:
        yield join.finish(_processed(np.concatenate(source), rate_hz, semitones, tempo), round(n_in / tempo))


def _processed(segment: Samples, rate_hz: int, semitones: float, tempo: float) -> Samples:
    try:
        import python_stretch  # noqa: PLC0415 - there are systems without it
    except ImportError as error:
        raise AudioError(
            "Another pitch or tempo needs the package python-stretch, which is not installed. Install it with pip, or "
            "play the sound unchanged."
        ) from error
    stretch = python_stretch.Signalsmith.Stretch()
    stretch.preset(segment.shape[1], float(rate_hz))
    stretch.setTransposeSemitones(semitones)
    stretch.setTimeFactor(tempo)
    processed = np.asarray(stretch.process(np.ascontiguousarray(segment.T)), np.float32)
    return np.ascontiguousarray(processed.T)


class _Join:
    """Joins processed segments: each is moved by up to `_SHIFT_S` to where it continues the last one best."""

    def __init__(self, rate_hz: int, tempo: float) -> None:
        self._tempo = tempo
        self._n_join = round(_JOIN_S * rate_hz)
        self._n_shift = round(_SHIFT_S * rate_hz)
        self._middle = max(self._n_shift, (round(OVERLAP_S * rate_hz / tempo) - self._n_join) // 2)
        self._tail: Samples | None = None
        self._n_source = 0
        self._n_out = 0

    def push(self, segment: Samples, n_source: int) -> Samples:
        """Join a segment; return what is final. The next segment begins ``n_source`` frames later in the source."""
        joined = self._joined(segment)
        self._n_source += n_source
        n_final = round(self._n_source / self._tempo) - self._n_out
        self._tail = joined[n_final:]
        self._n_out += n_final
        return joined[:n_final]

    def finish(self, segment: Samples, n_total: int) -> Samples:
        """Join the last segment; return the rest of the sound, which has ``n_total`` frames."""
        rest = self._joined(segment)[: n_total - self._n_out]
        missing = n_total - self._n_out - len(rest)
        return np.concatenate([rest, np.zeros((missing, rest.shape[1]), np.float32)]) if missing else rest

    def _joined(self, segment: Samples) -> Samples:
        tail, at, n = self._tail, self._middle, self._n_join
        if tail is None:
            return segment
        n = min(n, len(tail) - at, len(segment) - at - self._n_shift)
        if n <= 0:  # nothing of the overlap is left
            return np.concatenate([tail, segment[len(tail) :]])
        model = tail[at : at + n].sum(axis=1, dtype=np.float64)
        field = segment[at - self._n_shift : at + self._n_shift + n].sum(axis=1, dtype=np.float64)
        likeness = np.correlate(field, model, mode="valid")
        power = np.convolve(field * field, np.ones(n), mode="valid")
        likeness /= np.sqrt(np.maximum(power * float(model @ model), 1e-12))
        best = int(np.argmax(likeness))
        if likeness[best] < likeness[self._n_shift] + _WORTH_MOVING:
            best = self._n_shift
        shift = best - self._n_shift
        rise = (np.arange(n) + 0.5) / n
        # The power is constant however alike the two are: from a linear fade if equal to a root fade if unrelated.
        level = np.sqrt((1 - rise) ** 2 + rise**2 + 2 * max(0.0, float(likeness[best])) * rise * (1 - rise))
        falling, rising = (((1 - rise) / level)[:, None], (rise / level)[:, None])
        faded = tail[at : at + n] * falling + segment[at + shift : at + shift + n] * rising
        return np.concatenate([tail[:at], faded.astype(np.float32), segment[at + shift + n :]])
