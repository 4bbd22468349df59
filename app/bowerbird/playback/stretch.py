"""Reading a part of a sound file as stereo blocks at the device's rate, with loops and fades.

Threads, ring buffers and devices are elsewhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

import numpy as np
import numpy.typing as npt

from bowerbird.audio.resample import StreamResampler
from bowerbird.base.errors import AudioError
from bowerbird.domain.sounds import Samples
from bowerbird.playback.ring import N_CHANNELS

FADE_S: Final = 0.005
"""Length of a fade where a sound is started or stopped in its middle."""

BLOCK_FRAMES: Final = 16_384
"""Frames per read: about half a millisecond of work, so that a sound starts without delay."""

KEPT_LOOP_S: Final = 10.0
"""Loops up to this length are kept in memory; longer loops are read again for each repetition."""


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
class Request:
    """A request to play a sound.

    Attributes
    ----------
    path : Path
    start_s, end_s : float
        The part to play, in seconds; an end of None is the end of the sound.
    is_looped : bool
    gain_db : float
        Gain of this sound only, such as for equal loudness.
    from_s : float or None
        Start position after a seek; None is the start of the part.
    """

    path: Path
    start_s: float = 0.0
    end_s: float | None = None
    is_looped: bool = False
    gain_db: float = 0.0
    from_s: float | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """A part of a file in frames: played from ``first``, repeated from ``start``, ends before ``end``."""

    first: int
    start: int
    end: int


def span_of(request: Request, reader: Reader) -> Span:
    """Return the frames of a request in its file.

    Raises
    ------
    AudioError
        When the file is empty or ends before the part.
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
    first = start if request.from_s is None else min(max(0, round(request.from_s * rate_hz)), end - 1)
    return Span(first, start, end)


def stereo_matrix(n_channels: int) -> npt.NDArray[np.float32]:
    """Return the weights that mix channels to stereo without exceeding full scale.

    Surround layouts in WAVE order (L R C LFE, then pairs) follow ITU-R BS.775: centre and surrounds at -3 dB,
    no LFE. In other layouts, even channels go left and odd channels right.

    Returns
    -------
    ndarray, shape (n_channels, 2), float32
        Each column sums to 1.
    """
    weights = np.zeros((n_channels, N_CHANNELS))
    if n_channels == 1:
        weights[0] = 1.0
    elif n_channels in {6, 8}:
        weights[0, 0] = weights[1, 1] = 1.0
        weights[2] = np.sqrt(0.5)
        weights[4::2, 0] = weights[5::2, 1] = np.sqrt(0.5)
    else:
        weights[0::2, 0] = weights[1::2, 1] = 1.0
    matrix: npt.NDArray[np.float32] = (weights / weights.sum(axis=0)).astype(np.float32)
    return matrix


def to_stereo(block: Samples) -> Samples:
    """Mix shape (n_frames, n_channels) to (n_frames, 2)."""
    n_channels = block.shape[1]
    if n_channels == N_CHANNELS:
        return block
    if n_channels == 1:
        return np.repeat(block, N_CHANNELS, axis=1)
    stereo: Samples = block @ stereo_matrix(n_channels)
    return stereo


def native_blocks(reader: Reader, span: Span, *, is_looped: bool) -> Iterator[Samples]:
    """Yield a span in stereo blocks of shape (n, 2) at the file's rate; endlessly if looped.

    A truncated file ends, or repeats, where its audio ends.
    """
    reader.seek(span.first)
    for block in _read_up_to(reader, span.end - span.first):
        yield to_stereo(block)
    if not is_looped:
        return
    if span.end - span.start <= KEPT_LOOP_S * reader.rate_hz:
        reader.seek(span.start)
        kept = [to_stereo(block) for block in _read_up_to(reader, span.end - span.start)]
        loop = np.concatenate(kept) if kept else np.zeros((0, N_CHANNELS), np.float32)
        if len(loop):
            loop = np.tile(loop, (-(-BLOCK_FRAMES // len(loop)), 1))
        while len(loop):
            for begin in range(0, len(loop), BLOCK_FRAMES):
                yield loop[begin : begin + BLOCK_FRAMES]
        return
    has_sound = True
    while has_sound:
        reader.seek(span.start)
        has_sound = False
        for block in _read_up_to(reader, span.end - span.start):
            has_sound = True
            yield to_stereo(block)


def _read_up_to(reader: Reader, n_frames: int) -> Iterator[Samples]:
    while n_frames > 0 and len(block := reader.read(min(BLOCK_FRAMES, n_frames))):
        n_frames -= len(block)
        yield block


def device_blocks(reader: Reader, request: Request, *, rate_hz: int) -> Iterator[Samples]:
    """Yield a request as stereo blocks at the device's rate.

    Playback that starts after the first frame is faded in, and playback that ends before the last frame is faded out.
    From the first frame there is no fade, to preserve the attack.

    Parameters
    ----------
    reader : Reader
    request : Request
    rate_hz : int
        Of the device.

    Yields
    ------
    ndarray, shape (n, 2), float32

    Raises
    ------
    AudioError
        When the part is empty, or decoding fails.
    """
    span = span_of(request, reader)
    blocks = _resampled(native_blocks(reader, span, is_looped=request.is_looped), in_hz=reader.rate_hz, out_hz=rate_hz)
    gain = np.float32(10 ** (request.gain_db / 20))
    rise = fade_curve(round(FADE_S * rate_hz)) if span.first > 0 else None
    is_cut = span.end < reader.n_frames and not request.is_looped
    fall_at = round((span.end - span.first) / reader.rate_hz * rate_hz) - round(FADE_S * rate_hz)
    fall = fade_curve(round(FADE_S * rate_hz))[::-1] if is_cut else None
    position = 0
    for block in blocks:
        shaped = block * gain
        if rise is not None:
            _apply_curve(shaped, rise, position)
        if fall is not None:
            _apply_curve(shaped, fall, position - fall_at)
        position += len(block)
        yield shaped


def fade_curve(n_frames: int) -> Samples:
    """Return a raised cosine from just above 0 to just below 1, shape (n_frames,)."""
    phase = (np.arange(n_frames) + 0.5) / max(1, n_frames)
    return (0.5 - 0.5 * np.cos(np.pi * phase)).astype(np.float32)


def _resampled(blocks: Iterator[Samples], *, in_hz: int, out_hz: int) -> Iterator[Samples]:
    resampler = StreamResampler(in_hz, out_hz, N_CHANNELS)
    for block in blocks:
        if len(resampled := resampler.push(block)):
            yield resampled
    if len(rest := resampler.finish()):
        yield rest


def _apply_curve(block: Samples, curve: Samples, position: int) -> None:
    """Multiply a block in place by a curve; its first frame is frame `position` of the curve."""
    first, last = max(0, -position), min(len(block), len(curve) - position)
    if first < last:
        block[first:last] *= curve[position + first : position + last, np.newaxis]
