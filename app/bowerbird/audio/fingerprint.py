"""Measuring the fingerprint of a sound block by block; see `bowerbird.ranking.fingerprints`."""

from functools import lru_cache
from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.domain.sounds import Samples
from bowerbird.ranking.fingerprints import (
    BASE_HOP_S,
    DETAIL_EDGES_HZ,
    LEAD_FRAMES,
    MAX_OUTLINE,
    N_DETAIL,
    SPECTRUM_EDGES_HZ,
    Centres,
    Fingerprint,
    centres_of,
    outline_of,
    quantised,
    spectrum_of,
)

_N_STEPS: Final = 32 * MAX_OUTLINE
"""Steps in time that a sound is measured in."""

_BEGINNING_S: Final = 1.5
"""How much of the beginning the detail is chosen from."""

_ORIGIN_SHARE: Final = 0.05
"""Share of the energy of the beginning that comes before the origin of the detail."""

_JUMP: Final = 32.0
"""A sample that is this many times louder than everything before it is the beginning: what came before was silence."""

_LEAST_PEAK: Final = 2e-4
"""Below this peak, rounding to 16 bits changes a sound too much."""

_Energies = npt.NDArray[np.float64]


class FingerprintMeter:
    """Measures the fingerprint of a mono sound block by block; apart from rounding, their size does not matter.

    Where `MonoMixer` mixes the channels, the size does matter: it decides block by block which channels sound.

    Parameters
    ----------
    rate_hz : int
    """

    def __init__(self, rate_hz: int) -> None:
        self._rate_hz = rate_hz
        self._whole = _BandEnergies(rate_hz, BASE_HOP_S, SPECTRUM_EDGES_HZ)
        self._steps = np.zeros((_N_STEPS, len(SPECTRUM_EDGES_HZ) - 1))
        self._n_merged = 1
        self._n_windows = 0
        self._beginning: list[Samples] = []
        self._begins_at = 0
        self._n_frames = 0
        self._peak = 0.0

    def push(self, block: Samples) -> None:
        """Add the next frames, shape (n,)."""
        if not len(block):
            return
        self._keep_beginning(block)
        self._n_frames += len(block)
        self._add(self._whole.push(block))

    def _keep_beginning(self, block: Samples) -> None:
        level = np.abs(block)
        peaks = np.maximum.accumulate(np.concatenate([np.array([self._peak], np.float32), level]))
        jumps = np.flatnonzero(level > _JUMP * peaks[:-1])
        self._peak = float(peaks[-1])
        if len(jumps):
            self._beginning = []
            self._begins_at = self._n_frames + int(jumps[-1])
            block = block[jumps[-1] :]
        elif not self._beginning:
            return
        n_wanted = self._begins_at + round(_BEGINNING_S * self._rate_hz) - self._n_frames
        if not len(jumps) and n_wanted > 0:
            self._beginning.append(block[:n_wanted].copy())
        elif len(jumps):
            self._beginning.append(block[: round(_BEGINNING_S * self._rate_hz)].copy())

    def _add(self, energies: _Energies) -> None:
        """Add the energies of further windows; as many as needed are merged into one step."""
        numbers = np.arange(self._n_windows, self._n_windows + len(energies))
        self._n_windows += len(energies)
        while self._n_windows > _N_STEPS * self._n_merged:
            merged = self._steps.reshape(_N_STEPS // 2, 2, -1).sum(axis=1)
            self._steps = np.concatenate([merged, np.zeros_like(merged)])
            self._n_merged *= 2
        np.add.at(self._steps, numbers // self._n_merged, energies)

    def finish(self) -> Fingerprint | None:
        """Return the fingerprint; None where the sound is too quiet."""
        self._add(self._whole.finish())
        if not self._beginning or self._peak < _LEAST_PEAK:
            return None
        base_s = self._whole.hop_frames / self._rate_hz
        samples = np.concatenate(self._beginning)
        energy = np.cumsum(samples.astype(np.float64) ** 2)
        lead_frames = LEAD_FRAMES * self._whole.hop_frames
        first = int(np.searchsorted(energy, _ORIGIN_SHARE * energy[-1])) - lead_frames
        detail = _BandEnergies(self._rate_hz, BASE_HOP_S, DETAIL_EDGES_HZ)
        n_detail = N_DETAIL * detail.hop_frames
        part = np.concatenate([np.zeros(max(0, -first), np.float32), samples[max(0, first) : first + n_detail]])
        origin_s = (self._begins_at + first) / self._rate_hz
        n_steps = -(-self._n_windows // self._n_merged)
        outline, hop_s, n_before = outline_of(
            self._steps[:n_steps], start_s=-base_s / 2, step_s=base_s * self._n_merged, origin_s=origin_s
        )
        return Fingerprint(
            spectrum=spectrum_of(self._steps.sum(axis=0)),
            origin_s=origin_s,
            outline=quantised(outline),
            outline_hop_s=hop_s,
            n_before=n_before,
            detail=quantised(np.concatenate([detail.push(part), detail.finish()])[:N_DETAIL]),
            centres=_centres(part, self._rate_hz, n_frames=n_detail),
            top_hz=self._rate_hz / 2,
        )


def _centres(part: Samples, rate_hz: int, *, n_frames: int) -> Centres:
    """Return the mean frequencies of the detail; its last quarter fades, so that the cut does not matter."""
    faded = np.zeros(1 << (n_frames - 1).bit_length())
    faded[: len(part)] = part
    start = n_frames - n_frames // 4
    faded[start:n_frames] *= np.cos(np.linspace(0, np.pi / 2, n_frames - start)) ** 2
    spectrum = np.fft.rfft(faded)
    return centres_of(spectrum.real**2 + spectrum.imag**2, np.asarray(np.fft.rfftfreq(len(faded), 1 / rate_hz)))


class _BandEnergies:
    """Energies in bands of overlapping windows, which add up to the energy of the sound."""

    def __init__(self, rate_hz: int, hop_s: float, edges_hz: tuple[int, ...]) -> None:
        self.hop_frames = max(1, round(hop_s * rate_hz))
        self._window = _window(2 * self.hop_frames)
        self._bands = _bands(rate_hz, 2 * self.hop_frames, edges_hz)
        self._open: Samples = np.zeros(self.hop_frames, np.float32)

    def push(self, block: Samples) -> _Energies:
        """Return the energies of the windows that are complete, shape (n_windows, n_bands)."""
        samples = np.concatenate([self._open, block])
        n_windows = len(samples) // self.hop_frames - 1
        if n_windows < 1:
            self._open = samples
            return np.zeros((0, self._bands.shape[1]))
        hops = samples[: (n_windows + 1) * self.hop_frames].reshape(n_windows + 1, self.hop_frames)
        self._open = samples[n_windows * self.hop_frames :]
        windows = np.concatenate([hops[:-1], hops[1:]], axis=1, dtype=np.float64)  # NumPy's float32 FFT is slower
        windows *= self._window
        spectrum = np.fft.rfft(windows, axis=1)[:, : len(self._bands)]
        return np.asarray((spectrum.real**2 + spectrum.imag**2) @ self._bands, np.float64)

    def finish(self) -> _Energies:
        """Return the energies of the last windows, filled up with silence."""
        return self.push(np.zeros(2 * self.hop_frames, np.float32))


@lru_cache(maxsize=16)
def _window(n_frames: int) -> Samples:
    return np.sin(np.pi * (np.arange(n_frames) + 0.5) / n_frames).astype(np.float32)


@lru_cache(maxsize=32)
def _bands(rate_hz: int, n_frames: int, edges_hz: tuple[int, ...]) -> _Energies:
    """Return which frequencies of a spectrum lie in which band, shape (n_used, n_bands); none above is used."""
    frequencies = np.fft.rfftfreq(n_frames, 1 / rate_hz)
    frequencies = frequencies[frequencies < edges_hz[-1]]
    edges = np.array(edges_hz)
    is_in = (frequencies[:, None] >= edges[:-1]) & (frequencies[:, None] < edges[1:])
    return np.asarray(is_in / n_frames, np.float64)
