"""Estimating the key of a sound from how much of each pitch class it contains, with numpy alone.

The pitch classes are compared with the profiles of Carol Krumhansl and Edward Kessler ("Tracing the dynamic changes in
perceived tonal organization", Psychological Review 89, 1982), as in Krumhansl's key-finding algorithm.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.domain.sounds import Clip
from bowerbird.domain.tempo_and_key import Key

_MAJOR: Final = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR: Final = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)

_LOWEST_HZ: Final = 55.0
_HIGHEST_HZ: Final = 2000.0
_FRAME_S: Final = 0.19
_C0_HZ: Final = 16.351597831287414
_MIN_TONALITY: Final = 0.2

Floats = npt.NDArray[np.float64]


def estimate_key(clip: Clip) -> tuple[Key | None, float]:
    """Return the key of a sound and how sure it is.

    Returns
    -------
    key : Key or None
        None for silence and for sounds without pitch.
    confidence : float
        0 to 1: how much the key stands out from the others, and tones from noise. Above 0.5 the key can be shown.
    """
    chroma, tonality = pitch_classes(clip)
    if tonality < _MIN_TONALITY:
        return None, 0.0
    keys = [Key(pitch_class, is_minor) for is_minor in (False, True) for pitch_class in range(12)]
    scores = np.array(
        [np.corrcoef(np.roll(_MINOR if key.is_minor else _MAJOR, key.pitch_class), chroma)[0, 1] for key in keys]
    )
    order = np.argsort(-scores)
    margin = float(scores[order[0]] - scores[order[1]])
    confidence = max(0.0, float(scores[order[0]])) * min(1.0, 0.4 + 6 * margin) * min(1.0, 2 * tonality)
    return keys[int(order[0])], float(np.clip(confidence, 0.0, 1.0))


def pitch_classes(clip: Clip) -> tuple[Floats, float]:
    """Return how much of each pitch class a sound contains.

    Returns
    -------
    chroma : ndarray, shape (12,)
        From C upwards; the sum is 1, or 0 for silence.
    tonality : float
        The share of the power that lies in spectral peaks, 0 to 1.
    """
    n_fft = 1 << round(np.log2(_FRAME_S * clip.rate_hz))
    samples = np.concatenate([clip.samples, np.zeros(max(0, n_fft - len(clip.samples)))])
    frames = np.lib.stride_tricks.sliding_window_view(samples, n_fft)[:: n_fft // 2]
    hz = np.fft.rfftfreq(n_fft, 1 / clip.rate_hz)
    first, last = int(np.searchsorted(hz, _LOWEST_HZ)), int(np.searchsorted(hz, min(_HIGHEST_HZ, clip.rate_hz / 2.5)))
    chroma, in_peaks, total = np.zeros(12), 0.0, 0.0
    window = np.hanning(n_fft)
    for begin in range(0, len(frames), 64):
        magnitude = np.abs(np.fft.rfft(frames[begin : begin + 64] * window))
        middle = magnitude[:, first:last]
        left, right = magnitude[:, first - 1 : last - 1], magnitude[:, first + 1 : last + 1]
        # A peak also has to stand out from what is around it, or noise would consist of peaks.
        around = (magnitude[:, first - 4 : last - 4] + magnitude[:, first + 4 : last + 4]) / 2
        is_peak = (middle > left) & (middle >= right) & (middle > 4 * around)
        frame, line = np.nonzero(is_peak)
        a, b, c = (np.log(part[frame, line] + 1e-12) for part in (left, middle, right))
        offset = 0.5 * (a - c) / np.minimum(a - 2 * b + c, -1e-9)
        exact_hz = hz[first + line] + np.clip(offset, -0.5, 0.5) * hz[1]
        pitch = 12 * np.log2(exact_hz / _C0_HZ)
        strength = middle[frame, line]
        chroma += np.bincount(np.round(pitch).astype(int) % 12, weights=strength, minlength=12)
        in_peaks += float(((left**2 + middle**2 + right**2) * is_peak).sum())
        total += float((magnitude**2).sum())
    amount = chroma.sum()
    return chroma / amount if amount > 0 else chroma, min(1.0, in_peaks / total) if total > 0 else 0.0
