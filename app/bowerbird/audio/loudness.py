"""Loudness and true peak after ITU-R BS.1770-5, measured block by block in bounded memory.

Integrated loudness is the standard's. Sounding loudness serves to play sounds equally loud: its gating blocks are 100
instead of 400 ms long, and may begin before the sound and end after it. So silence around a sound does not change it.

The K-weighting is a fast convolution with the truncated impulse response of the standard's two biquads. It needs only
numpy and is exact to 1e-6 dB, since the response has decayed by `_RESPONSE_S`.
"""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.audio.decode import BLOCK_FRAMES, open_sound
from bowerbird.audio.resample import StreamResampler
from bowerbird.audio.stereo import N_SIDES, to_stereo
from bowerbird.domain.sounds import Samples

SILENCE_LUFS: Final = -70.0
"""The absolute gate: blocks below it do not count, and a sound entirely below it has this loudness."""

_BLOCK_S: Final = 0.4
_STEP_S: Final = 0.1
_FINE_STEP_S: Final = 0.01
_FINE_STEPS: Final = 10
"""Fine steps per gating block of the sounding loudness."""

_RESPONSE_S: Final = 0.12
_RELATIVE_GATE_DB: Final = -10.0
_SURROUND_GAIN: Final = 1.41
_OVERSAMPLED_HZ: Final = 192_000

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Loudness:
    """The loudness of a sound.

    Attributes
    ----------
    integrated_lufs : float
        Gated loudness, at least -70 LUFS; sounds shorter than a gating block are measured ungated.
    true_peak_db : float
        Highest level, including between samples, in dBTP; -120 for silence.
    sounding_lufs : float
        Loudness of the parts that sound, as played on two loudspeakers: a mono sound counts twice, and more than two
        channels are mixed to stereo. At least -70 LUFS.
    """

    integrated_lufs: float
    true_peak_db: float
    sounding_lufs: float


class LoudnessMeter:
    """Measures a sound block by block.

    Parameters
    ----------
    rate_hz : int
    n_channels : int
        Five and six channels are L R C (LFE) Ls Rs: surrounds count 1.5 dB more, the LFE does not count.
    """

    def __init__(self, rate_hz: int, n_channels: int) -> None:
        self._weighting = _Weighting(rate_hz, _channel_gains(n_channels))
        self._played_weighting = _Weighting(rate_hz, (1.0, 1.0)) if n_channels > N_SIDES else None
        self._played_gain = 2.0 if n_channels == 1 else 1.0
        self._step_frames = max(1, round(_STEP_S * rate_hz))
        self._steps = _Steps(self._step_frames)
        self._fine_steps = _Steps(max(1, round(_FINE_STEP_S * rate_hz)))
        self._peak = 0.0
        ratio = max(1, _OVERSAMPLED_HZ // rate_hz)
        self._oversampler = StreamResampler(rate_hz, rate_hz * min(4, ratio), n_channels)

    def push(self, block: Samples) -> None:
        """Add the next block, shape (n_frames, n_channels)."""
        if not len(block):
            return
        self._measure_peak(self._oversampler.push(block[:, 0] if block.shape[1] == 1 else block))
        self._peak = max(self._peak, float(block.max()), -float(block.min()))
        power = self._weighting.push(block)
        self._steps.push(power)
        if self._played_weighting is not None:
            power = self._played_weighting.push(to_stereo(block))
        self._fine_steps.push(power)

    def finish(self) -> Loudness:
        """Return the loudness of all blocks."""
        self._measure_peak(self._oversampler.finish())
        peak_db = 20 * np.log10(max(self._peak, 1e-6))
        return Loudness(self._integrated(), float(peak_db), self._sounding())

    def _measure_peak(self, block: Samples) -> None:
        if block.size:
            self._peak = max(self._peak, float(block.max()), -float(block.min()))

    def _integrated(self) -> float:
        steps = self._steps.energies()
        per_block = round(_BLOCK_S / _STEP_S)
        if len(steps) < per_block:  # shorter than a gating block
            total = float(steps.sum()) + self._steps.open_energy
            return _lufs(total / max(1, self._steps.n_frames))
        sums = np.convolve(steps, np.ones(per_block), mode="valid")
        return _gated(sums / (per_block * self._step_frames))

    def _sounding(self) -> float:
        steps = np.append(self._fine_steps.energies(), self._fine_steps.open_energy) * self._played_gain
        sums = np.convolve(steps, np.ones(_FINE_STEPS))  # from before the first step to after the last one
        return _gated(sums / (_FINE_STEPS * self._fine_steps.n_step_frames))


def measure_loudness(path: Path, *, longest_s: float) -> Loudness:
    """Measure a sound file, or the beginning of a long one.

    Raises
    ------
    AudioError
        When it cannot be decoded.
    """
    with open_sound(path) as reader:
        meter = LoudnessMeter(reader.rate_hz, reader.n_channels)
        n_left = round(longest_s * reader.rate_hz)
        while n_left > 0 and len(block := reader.read(min(BLOCK_FRAMES, n_left))):
            n_left -= len(block)
            meter.push(block)
    return meter.finish()


class _Weighting:
    """The K-weighted power of a stream, summed over its channels."""

    def __init__(self, rate_hz: int, gains: tuple[float, ...]) -> None:
        self._response = _k_weighting(rate_hz)
        self._gains = gains
        self._tail = np.zeros((len(self._response) - 1, len(gains)), np.float64)

    def push(self, block: Samples) -> Floats:
        """Return the power of a block, shape (n_frames,)."""
        joined = np.concatenate([self._tail, block])
        self._tail = joined[len(block) :]
        power = np.zeros(len(block))
        for channel, gain in enumerate(self._gains):
            if gain:
                weighted = _convolve_valid(joined[:, channel], self._response)
                power += gain * weighted * weighted
        return power


class _Steps:
    """Sums the power of a stream over steps of equal length."""

    def __init__(self, n_step_frames: int) -> None:
        self.n_step_frames = n_step_frames
        self.n_frames = 0
        self.open_energy = 0.0
        """Of the frames after the last complete step."""
        self._open_frames = 0
        self._energies: list[Floats] = []

    def energies(self) -> Floats:
        """Return the sums of the complete steps."""
        return np.concatenate(self._energies) if self._energies else np.zeros(0)

    def push(self, power: Floats) -> None:
        """Add a block, shape (n_frames,)."""
        self.n_frames += len(power)
        start = min(len(power), self.n_step_frames - self._open_frames)
        self.open_energy += float(power[:start].sum())
        self._open_frames += start
        if self._open_frames < self.n_step_frames:
            return
        n_steps = (len(power) - start) // self.n_step_frames
        middle = power[start : start + n_steps * self.n_step_frames].reshape(n_steps, self.n_step_frames)
        self._energies.append(np.concatenate([[self.open_energy], middle.sum(axis=1)]))
        rest = power[start + n_steps * self.n_step_frames :]
        self.open_energy = float(rest.sum())
        self._open_frames = len(rest)


def _gated(powers: Floats) -> float:
    """Return the loudness of gating blocks (BS.1770, equations 5 to 7)."""
    gated = powers[powers > _power(SILENCE_LUFS)]
    if not len(gated):
        return SILENCE_LUFS
    relative = _power(_lufs(float(gated.mean())) + _RELATIVE_GATE_DB)
    return _lufs(float(gated[gated > relative].mean()))


def _lufs(power: float) -> float:
    """Return the loudness of a mean square (BS.1770, equation 2), at least that of the absolute gate."""
    return max(SILENCE_LUFS, -0.691 + 10 * float(np.log10(max(power, 1e-12))))


def _power(lufs: float) -> float:
    return float(10 ** ((lufs + 0.691) / 10))


def _channel_gains(n_channels: int) -> tuple[float, ...]:
    if n_channels == 5:
        return (1.0, 1.0, 1.0, _SURROUND_GAIN, _SURROUND_GAIN)
    if n_channels == 6:
        return (1.0, 1.0, 1.0, 0.0, _SURROUND_GAIN, _SURROUND_GAIN)
    return (1.0,) * n_channels


@lru_cache(maxsize=16)
def _k_weighting(rate_hz: int) -> Floats:
    """Return the impulse response of the K-weighting at any sampling rate.

    The analogue prototypes of BS.1770's 48-kHz biquads (Brecht De Man, "Evaluation of implementations of
    the EBU R128 loudness measurement", AES 2018), mapped by the bilinear transform.
    """
    shelf = _biquad_shelf(rate_hz, centre_hz=1681.974450955533, gain_db=3.999843853973347, q=0.7071752369554196)
    high_pass = _biquad_high_pass(rate_hz, centre_hz=38.13547087602444, q=0.5003270373238773)
    response = np.zeros(max(64, round(_RESPONSE_S * rate_hz)))
    response[0] = 1.0
    for b, a in (shelf, high_pass):
        response = _filter(response, b, a)
    return response


def _biquad_shelf(rate_hz: int, *, centre_hz: float, gain_db: float, q: float) -> tuple[Floats, Floats]:
    k = np.tan(np.pi * min(centre_hz / rate_hz, 0.49))
    high = 10 ** (gain_db / 20)
    band = high**0.4996667741545416
    a0 = 1 + k / q + k * k
    b = np.array([high + band * k / q + k * k, 2 * (k * k - high), high - band * k / q + k * k]) / a0
    return b, np.array([1, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0])


def _biquad_high_pass(rate_hz: int, *, centre_hz: float, q: float) -> tuple[Floats, Floats]:
    k = np.tan(np.pi * min(centre_hz / rate_hz, 0.49))
    a0 = 1 + k / q + k * k
    return np.array([1.0, -2.0, 1.0]), np.array([1, 2 * (k * k - 1) / a0, (1 - k / q + k * k) / a0])


def _filter(x: Floats, b: Floats, a: Floats) -> Floats:
    """Filter with a biquad (direct form II transposed); runs once per sampling rate."""
    y = np.empty_like(x)
    z1 = z2 = 0.0
    for n, value in enumerate(x):
        out = b[0] * value + z1
        z1 = b[1] * value - a[1] * out + z2
        z2 = b[2] * value - a[2] * out
        y[n] = out
    return y


def _convolve_valid(x: Floats, response: Floats) -> Floats:
    """Convolve by FFT; `x` begins with the last len(response) - 1 frames of the previous block."""
    n_out = len(x) - len(response) + 1
    n_fft = _fast_length(len(x))
    spectrum = np.fft.rfft(x, n_fft) * _response_spectrum(response.tobytes(), n_fft)
    return np.fft.irfft(spectrum, n_fft)[len(response) - 1 : len(response) - 1 + n_out]


@lru_cache(maxsize=16)
def _response_spectrum(response: bytes, n_fft: int) -> npt.NDArray[np.complex128]:
    return np.fft.rfft(np.frombuffer(response, np.float64), n_fft)


def _fast_length(n: int) -> int:
    """Return the smallest 2^a, 3 * 2^a or 5 * 2^a that is at least n."""
    power = 1 << max(0, n - 1).bit_length()
    return min(size for size in (power, power * 3 // 4, power * 5 // 8) if size >= n)
