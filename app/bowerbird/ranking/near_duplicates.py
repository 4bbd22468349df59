"""Fingerprints of sounds, and whether two sounds are copies of each other: the same recording, processed a little.

A fingerprint describes where the energy of a sound lies in time and frequency. Another level, another encoding, another
sampling rate, silence around it and short fades hardly change that; another take changes it everywhere.
"""

import struct
from dataclasses import dataclass
from typing import Final, Self, TypeAlias

import numpy as np
import numpy.typing as npt

Levels: TypeAlias = npt.NDArray[np.uint8]
Energies: TypeAlias = npt.NDArray[np.float64]

VERSION: Final = 1
"""Of the way in which fingerprints are measured and stored."""

BASE_HOP_S: Final = 0.0108
"""Distance of the windows in which energies are measured."""

SPECTRUM_EDGES_HZ: Final = (20, 120, 200, 300, 450, 650, 950, 1400, 2000, 2800, 3900, 5200, 6500)
N_OUTLINE_BANDS: Final = 4
MAX_OUTLINE: Final = 48
DETAIL_EDGES_HZ: Final = (20, 150, 300, 600, 1200, 2400, 4000, 6500, 10_000)
N_DETAIL: Final = 48
LEAD_FRAMES: Final = 4
"""Windows of the detail before its origin."""

_N_BASE: Final = 4
"""Windows that the shortest step of an outline consists of."""

_STEPS_PER_DB: Final = 2
_FLOOR_DB: Final = 60.0
_SPECTRUM_FLOOR: Final = 10**-3.5
_HEADER: Final = struct.Struct("<BfffBBB")


@dataclass(frozen=True, slots=True, eq=False)
class Fingerprint:
    """Where the energy of a sound lies.

    Attributes
    ----------
    spectrum : ndarray, shape (12,), float64
        Level in each band of `SPECTRUM_EDGES_HZ` over the whole sound, in dB below the sum of all.
    origin_s : float
        Position of the first window of the detail.
    outline : ndarray, shape (n, 4), uint8
        Levels of the whole sound in three bands of `SPECTRUM_EDGES_HZ` each, in half dB below the loudest cell.
    outline_hop_s : float
    n_before : int
        Steps of the outline before the origin.
    detail : ndarray, shape (n, 8), uint8
        Levels in the bands of `DETAIL_EDGES_HZ`, every `BASE_HOP_S` from the origin, likewise.
    top_hz : float
        Frequency above which the sound has nothing, because of its sampling rate.
    """

    spectrum: Energies
    origin_s: float
    outline: Levels
    outline_hop_s: float
    n_before: int
    detail: Levels
    top_hz: float

    def to_bytes(self) -> bytes:
        """Return it as it is stored: at most 620 bytes."""
        header = _HEADER.pack(
            VERSION,
            self.outline_hop_s,
            self.origin_s,
            self.top_hz,
            self.n_before,
            len(self.outline),
            len(self.detail),
        )
        spectrum = self.spectrum.astype("<f2").tobytes()
        return header + spectrum + self.outline.tobytes() + self.detail.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a stored fingerprint."""
        _, hop_s, origin_s, top_hz, n_before, n_outline, n_detail = _HEADER.unpack_from(data)
        n_bands = len(SPECTRUM_EDGES_HZ) - 1
        start = _HEADER.size + 2 * n_bands
        outline = np.frombuffer(data, np.uint8, N_OUTLINE_BANDS * n_outline, start).reshape(-1, N_OUTLINE_BANDS)
        detail = np.frombuffer(data, np.uint8, offset=start + outline.size).reshape(n_detail, -1)
        spectrum = np.frombuffer(data, "<f2", n_bands, _HEADER.size).astype(np.float64)
        return cls(spectrum, origin_s, outline, hop_s, n_before, detail, top_hz)


def spectrum_of(energies: Energies) -> Energies:
    """Return energies in bands, shape (12,), in dB below their sum."""
    shares = energies / max(float(energies.sum()), 1e-20)
    return np.asarray(10 * np.log10(shares + _SPECTRUM_FLOOR), np.float64)


def outline_of(steps: Energies, *, start_s: float, step_s: float, origin_s: float) -> tuple[Energies, float, int]:
    """Return the outline of a sound, with an edge between two steps at the origin.

    Parameters
    ----------
    steps : ndarray, shape (n, 12)
        Energies.
    start_s, step_s : float
        Where they begin, and how long each is.
    origin_s : float

    Returns
    -------
    energies : ndarray, shape (n_outline, 4)
    hop_s : float
        The shortest with which the outline has at most `MAX_OUTLINE` steps.
    n_before : int
        Number of steps before the origin.
    """
    bands = steps.reshape(len(steps), N_OUTLINE_BANDS, -1).sum(axis=2)
    used = np.flatnonzero(bands.sum(axis=1) > 1e-9 * bands.sum())
    first_s = start_s + step_s * (used[0] if len(used) else 0)
    end_s = start_s + step_s * (used[-1] + 1 if len(used) else len(steps))
    hop_s = _N_BASE * BASE_HOP_S
    while True:
        n_before = max(0, int(np.ceil((origin_s - first_s) / hop_s)))
        n_after = max(1, int(np.ceil((end_s - origin_s) / hop_s)))
        if n_before + n_after <= MAX_OUTLINE:
            break
        hop_s *= 2
    edges_s = origin_s + hop_s * np.arange(-n_before, n_after + 1)
    return _between(bands, start_s, step_s, edges_s), hop_s, n_before


def _between(cells: Energies, start_s: float, step_s: float, edges_s: Energies) -> Energies:
    """Return the energies between edges, shape (n_edges - 1, n_bands), as if each cell was even."""
    sums = np.concatenate([np.zeros((1, cells.shape[1])), np.cumsum(cells, axis=0)])
    positions = np.clip((edges_s - start_s) / step_s, 0, len(cells))
    whole = np.minimum(positions.astype(np.int64), len(cells) - 1)
    part = (positions - whole)[:, None]
    return np.diff(sums[whole] * (1 - part) + sums[whole + 1] * part, axis=0)


def quantised(energies: Energies) -> Levels:
    """Return energies, shape (n, n_bands), as levels in half dB below the largest; trailing silence is left out."""
    largest = max(float(energies.max(initial=0.0)), 1e-20)
    levels = np.minimum(-10 * np.log10(np.maximum(energies / largest, 1e-12)), _FLOOR_DB)
    cells = np.round(levels * _STEPS_PER_DB).astype(np.uint8)
    used = np.flatnonzero((cells < _FLOOR_DB * _STEPS_PER_DB).any(axis=1))
    return cells[: used[-1] + 1] if len(used) else cells[:1]
