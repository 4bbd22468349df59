"""Reading a part of a sound file in blocks: treated, looped, faded, at the device's rate.

The player plays these blocks, and a rendered file contains them. Threads, ring buffers and devices are elsewhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from bowerbird.audio.mono import mixdown
from bowerbird.audio.resample import StreamResampler
from bowerbird.audio.stereo import to_stereo
from bowerbird.audio.time_stretch import stretched
from bowerbird.base.errors import AudioError
from bowerbird.domain.sounds import Samples
from bowerbird.playback.request import Request, Treatment

FADE_S: Final = 0.005
"""Length of a fade where a sound is started or stopped in its middle."""

BLOCK_FRAMES: Final = 16_384
"""Frames per read: about half a millisecond of work, so that a sound starts without delay."""

LARGEST_CHUNK_S: Final = 10.0
"""Backwards, a file is read in chunks that grow to this length: going to a position in MP3 and Ogg files is slow."""

KEPT_LOOP_S: Final = 10.0
"""Loops up to this length are kept in memory; longer loops are read again for each repetition."""

SNAP_S: Final = 0.02
"""How far the ends of a loop may move to a zero crossing: half a period of 25 Hz."""


class Reader(Protocol):
    """An open sound file, such as `bowerbird.audio.decode.open_sound` returns."""

    @property
    def rate_hz(self) -> int:
        """Frames per second."""

    @property
    def n_channels(self) -> int:
        """Number of channels."""

    @property
    def n_frames(self) -> int:
        """Number of frames that the header declares."""

    def seek(self, frame: int) -> None:
        """Go to a frame."""

    def read(self, n_frames: int) -> Samples:
        """Read shape (n, n_channels); empty at the end."""


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a file in frames, from ``start`` to before ``end``.

    Playback begins at ``first`` and runs to ``end``, or backwards from before ``first`` to ``start``.
    """

    first: int
    start: int
    end: int
    is_reversed: bool = False

    @property
    def n_first(self) -> int:
        """Number of frames before the part ends or repeats."""
        return self.first - self.start if self.is_reversed else self.end - self.first


def span_of(request: Request, reader: Reader) -> Span:
    """Return the frames of a request in its file; the ends of a looped part are moved to zero crossings.

    Raises
    ------
    AudioError
        When the file is empty or ends before the part, or decoding fails.
    """
    rate_hz, n_frames, name = reader.rate_hz, reader.n_frames, request.path.name
    if n_frames <= 0:
        raise AudioError(f"{name} contains no audio. Re-export it.")
    start = round(request.start_s * rate_hz)
    if start >= n_frames:
        raise AudioError(
            f"{name} ends at {n_frames / rate_hz:.2f} s, before the selected part. Select an earlier part."
        )
    end = n_frames if request.end_s is None else min(n_frames, max(start + 1, round(request.end_s * rate_hz)))
    if request.is_looped:
        start, end = _snapped(reader, start, end, channel=request.treatment.channel)
    is_reversed = request.treatment.is_reversed
    first = end if is_reversed else start
    if request.from_s is not None:
        wanted = round(request.from_s * rate_hz)
        first = min(max(start + 1, wanted), end) if is_reversed else min(max(0, wanted), end - 1)
    return Span(first, start, end, is_reversed)


def _snapped(reader: Reader, start: int, end: int, *, channel: int | None) -> tuple[int, int]:
    """Move the ends of a loop to the nearest rising zero crossings; the ends of the file stay."""
    first = _crossing_near(reader, start, channel=channel) if start > 0 else start
    last = _crossing_near(reader, end, channel=channel) if end < reader.n_frames else end
    return (first, last) if first < last else (start, end)


def _crossing_near(reader: Reader, frame: int, *, channel: int | None) -> int:
    """Return the frame nearest to ``frame`` that is the first one not below zero; ``frame`` where there is none."""
    n_near = round(SNAP_S * reader.rate_hz)
    begin = max(0, frame - n_near)
    reader.seek(begin)
    block = reader.read(frame + n_near - begin)
    if not len(block):
        return frame
    level = mixdown(_solo(block, channel))
    crossings = begin + 1 + np.flatnonzero((level[:-1] < 0) & (level[1:] >= 0))
    return int(crossings[np.abs(crossings - frame).argmin()]) if len(crossings) else frame


def device_blocks(reader: Reader, request: Request, *, rate_hz: int) -> Iterator[Samples]:
    """Yield a request as stereo blocks at the device's rate, without its gain; see `treated_blocks`.

    Yields
    ------
    ndarray, shape (n, 2), float32
    """
    for block in treated_blocks(reader, request, rate_hz=rate_hz):
        yield to_stereo(block)


def treated_blocks(reader: Reader, request: Request, *, rate_hz: int) -> Iterator[Samples]:
    """Yield a request in blocks at a sampling rate, endlessly if it is looped.

    Playback that starts after the first frame is faded in, and playback that ends before the last frame is faded out.
    From the first frame there is no fade, to preserve the attack.

    Parameters
    ----------
    reader : Reader
    request : Request
    rate_hz : int
        Of the blocks.

    Yields
    ------
    ndarray, shape (n, n_channels), float32
        One channel if the request is for one.

    Raises
    ------
    AudioError
        When the part is empty, or decoding fails.
    """
    span, treatment = span_of(request, reader), request.treatment
    in_hz = reader.rate_hz * treatment.speed
    blocks = _resampled(native_blocks(reader, span, treatment, is_looped=request.is_looped), in_hz, rate_hz)
    begins_inside = span.first < reader.n_frames if span.is_reversed else span.first > 0
    ends_inside = span.start > 0 if span.is_reversed else span.end < reader.n_frames
    curve = fade_curve(round(FADE_S * rate_hz))
    rise = curve if begins_inside else None
    fall = curve[::-1] if ends_inside and not request.is_looped else None
    fall_at = round(span.n_first / treatment.tempo / in_hz * rate_hz) - len(curve)
    position = 0
    for block in blocks:
        if rise is not None and position < len(rise):
            block = _times(block, rise, position)  # noqa: PLW2901
        if fall is not None:
            block = _times(block, fall, position - fall_at)  # noqa: PLW2901
        position += len(block)
        yield block


def native_blocks(reader: Reader, span: Span, treatment: Treatment, *, is_looped: bool) -> Iterator[Samples]:
    """Yield a span in blocks of shape (n, n_channels) at the file's rate; endlessly if looped.

    A truncated file ends, or repeats, where its audio ends.
    """
    begin, end = (span.start, span.first) if span.is_reversed else (span.first, span.end)
    is_kept = is_looped and span.end - span.start <= KEPT_LOOP_S * reader.rate_hz
    kept: list[Samples] = []
    for block in _once(reader, begin, end, treatment):
        if is_kept:
            kept.append(block)
        yield block
    if not is_looped:
        return
    if is_kept:
        if (begin, end) != (span.start, span.end):
            kept = list(_once(reader, span.start, span.end, treatment))
        loop = np.concatenate(kept) if kept else np.zeros((0, 1), np.float32)
        if len(loop):
            loop = np.tile(loop, (-(-BLOCK_FRAMES // len(loop)), 1))
        while len(loop):
            for begin in range(0, len(loop), BLOCK_FRAMES):
                yield loop[begin : begin + BLOCK_FRAMES]
        return
    has_sound = True
    while has_sound:
        has_sound = False
        for block in _once(reader, span.start, span.end, treatment):
            has_sound = True
            yield block


def loop_blocks(reader: Reader, request: Request, *, rate_hz: int) -> Iterator[Samples]:
    """Yield one repetition of a loop in blocks at a sampling rate, without fades; see `treated_blocks`."""
    span = span_of(request, reader)
    blocks = _once(reader, span.start, span.end, request.treatment)
    yield from _resampled(blocks, reader.rate_hz * request.treatment.speed, rate_hz)


def _once(reader: Reader, start: int, end: int, treatment: Treatment) -> Iterator[Samples]:
    blocks = (_backwards if treatment.is_reversed else _forwards)(reader, start, end)
    blocks = (_solo(block, treatment.channel) for block in blocks)
    if not treatment.is_stretched:
        return blocks
    return stretched(blocks, rate_hz=reader.rate_hz, semitones=treatment.semitones, tempo=treatment.tempo)


def _forwards(reader: Reader, start: int, end: int) -> Iterator[Samples]:
    reader.seek(start)
    n_left = end - start
    while n_left > 0 and len(block := reader.read(min(BLOCK_FRAMES, n_left))):
        n_left -= len(block)
        yield block


def _backwards(reader: Reader, start: int, end: int) -> Iterator[Samples]:
    n_chunk = BLOCK_FRAMES
    while end > start:
        begin = max(start, end - n_chunk)
        n_chunk = min(2 * n_chunk, round(LARGEST_CHUNK_S * reader.rate_hz))
        block = np.concatenate([*_forwards(reader, begin, end), np.zeros((0, reader.n_channels), np.float32)])
        if len(block):
            yield block[::-1]
        end = begin


def _solo(block: Samples, channel: int | None) -> Samples:
    """Return one channel as shape (n, 1); every channel if there is no such channel."""
    if channel is None or channel >= block.shape[1]:
        return block
    return block[:, channel : channel + 1]


def fade_curve(n_frames: int) -> Samples:
    """Return a raised cosine from just above 0 to just below 1, shape (n_frames,)."""
    phase = (np.arange(n_frames) + 0.5) / max(1, n_frames)
    return (0.5 - 0.5 * np.cos(np.pi * phase)).astype(np.float32)


def _resampled(blocks: Iterator[Samples], in_hz: float, out_hz: int) -> Iterator[Samples]:
    resampler: StreamResampler | None = None
    for block in blocks:
        resampler = resampler or StreamResampler(in_hz, out_hz, block.shape[1])
        if len(resampled := resampler.push(block[:, 0] if block.shape[1] == 1 else block)):
            yield resampled.reshape(-1, block.shape[1])
    if resampler is not None and len(rest := resampler.finish()):
        yield rest.reshape(len(rest), -1)


def _times(block: Samples, curve: Samples, position: int) -> Samples:
    """Return a block multiplied by a curve, where they meet; its first frame is frame `position` of the curve."""
    first, last = max(0, -position), min(len(block), len(curve) - position)
    if first >= last:
        return block
    shaped = block.copy()
    shaped[first:last] *= curve[position + first : position + last, np.newaxis]
    return shaped
