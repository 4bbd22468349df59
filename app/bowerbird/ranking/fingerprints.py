"""Fingerprints of sounds, and whether two sounds are copies of each other: the same recording, processed a little.

A fingerprint describes where the energy of a sound lies in time and frequency. Another level, another encoding, another
sampling rate, silence around it and short fades hardly change that; another take changes it everywhere.
"""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Self, TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt

Levels: TypeAlias = npt.NDArray[np.uint8]
Centres: TypeAlias = npt.NDArray[np.uint16]
Energies: TypeAlias = npt.NDArray[np.float64]
Floats: TypeAlias = npt.NDArray[np.float32]
_Floating = TypeVar("_Floating", Energies, Floats)

BASE_HOP_S: Final = 0.01
"""Distance of the windows in which energies are measured; they are twice as long."""

# Edges of bands lie between the frequencies of the transform, which are 50 Hz apart at any rate: a partial is counted
# in the same band at 44.1 and 48 kHz.

SPECTRUM_EDGES_HZ: Final = (25, 125, 225, 325, 475, 675, 975, 1425, 2025, 2825, 3925, 5225, 6525)
N_OUTLINE_BANDS: Final = 4
MAX_OUTLINE: Final = 48
DETAIL_EDGES_HZ: Final = (25, 175, 325, 625, 1225, 2425, 4025, 6525, 10_025)
N_DETAIL: Final = 48
LEAD_FRAMES: Final = 4
"""Windows of the detail before its origin."""

_N_BASE: Final = 4
"""Windows that the shortest step of an outline consists of."""

_STEPS_PER_DB: Final = 2
_FLOOR_DB: Final = 60.0
_SPECTRUM_FLOOR: Final = 10**-3.5
_HEADER: Final = struct.Struct("<fffBBB")


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
    centres : ndarray, shape (8,), uint16
        Mean frequency of the energy within each band of `DETAIL_EDGES_HZ` over the time of the detail, 0 for its lower
        and 65,535 for its upper edge. A semitone moves that of a tone, and another take that of noise.
    top_hz : float
        Frequency above which the sound has nothing, because of its sampling rate.
    """

    spectrum: Energies
    origin_s: float
    outline: Levels
    outline_hop_s: float
    n_before: int
    detail: Levels
    centres: Centres
    top_hz: float

    def to_bytes(self) -> bytes:
        """Return it as it is stored: at most 640 bytes."""
        header = _HEADER.pack(
            self.outline_hop_s,
            self.origin_s,
            self.top_hz,
            self.n_before,
            len(self.outline),
            len(self.detail),
        )
        spectrum = self.spectrum.astype("<f2").tobytes()
        return header + spectrum + self.centres.astype("<u2").tobytes() + self.outline.tobytes() + self.detail.tobytes()

    @classmethod
    def from_bytes(cls, data: bytes) -> Self:
        """Read a stored fingerprint."""
        hop_s, origin_s, top_hz, n_before, n_outline, n_detail = _HEADER.unpack_from(data)
        n_bands, n_centres = len(SPECTRUM_EDGES_HZ) - 1, len(DETAIL_EDGES_HZ) - 1
        start = _HEADER.size + 2 * n_bands + 2 * n_centres
        outline = np.frombuffer(data, np.uint8, N_OUTLINE_BANDS * n_outline, start).reshape(-1, N_OUTLINE_BANDS)
        detail = np.frombuffer(data, np.uint8, offset=start + outline.size).reshape(n_detail, -1)
        spectrum = np.frombuffer(data, "<f2", n_bands, _HEADER.size).astype(np.float64)
        centres = np.frombuffer(data, "<u2", n_centres, _HEADER.size + 2 * n_bands)
        return cls(spectrum, origin_s, outline, hop_s, n_before, detail, centres, top_hz)


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
    edges_s = origin_s + hop_s * np.arange(-n_before, n_after + 1, dtype=np.float64)
    return _between(bands, start_s, step_s, edges_s), hop_s, n_before


def _between(cells: Energies, start_s: float, step_s: float, edges_s: Energies) -> Energies:
    """Return the energies between edges, shape (n_edges - 1, n_bands), as if each cell was even."""
    sums = np.concatenate([np.zeros((1, cells.shape[1])), np.cumsum(cells, axis=0)])
    positions = np.clip((edges_s - start_s) / step_s, 0, len(cells))
    whole = np.minimum(positions.astype(np.int64), len(cells) - 1)
    part = (positions - whole)[:, None]
    return np.diff(sums[whole] * (1 - part) + sums[whole + 1] * part, axis=0)


def centres_of(power: Energies, frequencies_hz: Energies) -> Centres:
    """Return the mean frequency within each band of `DETAIL_EDGES_HZ`, see `Fingerprint`.

    Parameters
    ----------
    power : ndarray, shape (n,)
        Power spectrum of the detail.
    frequencies_hz : ndarray, shape (n,)
        Ascending.
    """
    bounds = np.searchsorted(frequencies_hz, DETAIL_EDGES_HZ)
    edges_hz = np.array(DETAIL_EDGES_HZ, np.float64)
    sums = np.concatenate([[0.0], np.cumsum(power)])[bounds]
    moments = np.concatenate([[0.0], np.cumsum(power * frequencies_hz)])[bounds]
    energy = np.diff(sums)
    means_hz = np.where(energy > 0, np.diff(moments) / np.maximum(energy, 1e-30), edges_hz[:-1])
    shares = np.clip((means_hz - edges_hz[:-1]) / np.diff(edges_hz), 0.0, 1.0)
    return np.asarray(np.round(shares * 65_535), np.uint16)


def quantised(energies: Energies) -> Levels:
    """Return energies, shape (n, n_bands), as levels in half dB below the largest; trailing silence is left out."""
    largest = max(float(energies.max(initial=0.0)), 1e-20)
    levels = np.minimum(-10 * np.log10(np.maximum(energies / largest, 1e-12)), _FLOOR_DB)
    cells = np.round(levels * _STEPS_PER_DB).astype(np.uint8)
    used = np.flatnonzero((cells < _FLOOR_DB * _STEPS_PER_DB).any(axis=1))
    return np.asarray(cells[: used[-1] + 1] if len(used) else cells[:1], np.uint8)


# Candidates

N_COORDINATES: Final = 6
_STEP_DB: Final = 0.5
_BITS: Final = 8
_LARGEST: Final = (1 << _BITS) - 1
_SHIFTS: Final = _BITS * np.arange(N_COORDINATES - 1, -1, -1, dtype=np.int64)
_REACH: Final = 6
"""Steps by which the coordinates of copies differ at most: 3 dB. 2.5 dB includes 99.6 % of the copies measured."""

_CELL: Final = 2 * _REACH + 1
_CELL_SHIFTS: Final = 6 * np.arange(N_COORDINATES - 1, -1, -1, dtype=np.int64)
_CORNERS: Final = (np.arange(1 << (N_COORDINATES - 1))[:, None] >> np.arange(N_COORDINATES - 1) & 1).astype(np.bool_)
"""Which of two cells, in each coordinate but the last."""

_BASES: Final = np.array(
    [np.cos(np.pi * k * (np.arange(12) + 0.5) / 12) * np.sqrt(2 / 12) for k in range(1, N_COORDINATES + 1)]
)
"""Cosines over the bands of a spectrum: its shape, from coarse to fine."""


def key_of(fingerprint: Fingerprint) -> int:
    """Return the shape of the spectrum as one number of 48 bits: six coordinates in steps of half a dB."""
    steps = np.round(_BASES @ fingerprint.spectrum / _STEP_DB).astype(np.int64) + (1 << (_BITS - 1))
    key = 0
    for step in np.clip(steps, 0, _LARGEST).tolist():
        key = key << _BITS | step
    return key


@dataclass(frozen=True, slots=True)
class StoredFingerprint:
    """A fingerprint as a catalogue stores it, with its key; None and None for a sound that is too quiet for one."""

    key: int | None
    data: bytes | None


def stored(fingerprint: Fingerprint | None) -> StoredFingerprint:
    """Return a fingerprint as a catalogue stores it."""
    if fingerprint is None:
        return StoredFingerprint(None, None)
    return StoredFingerprint(key_of(fingerprint), fingerprint.to_bytes())


class Candidates:
    """Finds the sounds whose spectrum has nearly the same shape.

    Parameters
    ----------
    ids, keys : ndarray, shape (n,), int64
        Of all sounds, with the keys of their fingerprints.
    """

    def __init__(self, ids: npt.NDArray[np.int64], keys: npt.NDArray[np.int64]) -> None:
        coordinates = (keys[:, None] >> _SHIFTS & _LARGEST).astype(np.int16)
        cells = _packed(coordinates // _CELL)
        order = np.argsort(cells, kind="stable")
        self._ids, self._cells, self._coordinates = ids[order], cells[order], coordinates[order]
        self._by_id = np.argsort(self._ids)

    def near(self, sound_id: int, *, limit: int) -> npt.NDArray[np.int64]:
        """Return the ids of at most `limit` other sounds near one of them, the nearest first."""
        row = self._by_id[np.searchsorted(self._ids, sound_id, sorter=self._by_id)]
        own = self._coordinates[row]
        # A cell is as wide as the reach to both sides, so it and one neighbour hold what is near in each coordinate.
        lowest, highest = np.maximum(own - _REACH, 0) // _CELL, np.minimum(own + _REACH, _LARGEST) // _CELL
        firsts = np.where(_CORNERS, highest[:-1], lowest[:-1])
        firsts = firsts[~(_CORNERS & (highest == lowest)[:-1]).any(axis=1)]
        corners = np.repeat(firsts[:, None], 2, axis=1)
        lasts = np.broadcast_to(np.array([lowest[-1], highest[-1] + 1])[None, :, None], (len(firsts), 2, 1))
        bounds = np.searchsorted(self._cells, _packed(np.concatenate([corners, lasts], axis=2)))
        rows = np.concatenate([np.arange(start, stop) for start, stop in bounds.tolist()])
        distances = np.abs(self._coordinates[rows] - own)
        is_near = (distances <= _REACH).all(axis=1)
        rows, distances = rows[is_near], distances[is_near].sum(axis=1)
        ids = self._ids[rows[np.argsort(distances, kind="stable")]]
        return np.asarray(ids[ids != sound_id][:limit], np.int64)


def _packed(cells: npt.NDArray[np.integer[Any]]) -> npt.NDArray[np.int64]:
    """Return cells, shape (..., 6), as one number each; the last coordinate may be one beyond the largest."""
    return np.asarray((cells.astype(np.int64) << _CELL_SHIFTS).sum(axis=-1), np.int64)


# Comparison

_LAGS: Final = np.arange(-24, 25) / 4
"""Displacements of two details that are tried, in windows."""

_FLOOR: Final = 10**-4.5
_WEIGHTED_DB: Final = 40.0
"""A cell counts fully if it is the loudest, and not at all if it is this much below."""

_SAME_DB: Final = 2.0
_MOST_DB: Final = 6.0
_STEADY_DB: Final = 1.0
_GONE_DB: Final = 12.0
_MAX_SPECTRUM_DB: Final = 2.5
_N_UNLIKE_BANDS: Final = 2
"""Bands of the spectrum that may differ more: codecs cut both ends, fades the rest of an attack."""

_CENTRES_DB: Final = 25.0
"""A band counts fully if it is the loudest, and not at all if it is this much below."""

_MOST_SHARE: Final = 0.04
"""A larger difference counts as this one: a partial at the edge of a band may be in it or not."""

_DB_PER_SHARE: Final = 125.0
_MAX_APART_DB: Final = 2.4
"""Sum of differences of levels, and of mean frequencies, 0.8 % of a band counting as much as 1 dB, for copies."""

_QUICK_LAGS: Final = (0, -1, 1, -2, 2)
_QUICK_DB: Final = 3.0
"""Mean difference of the details, without a fraction of a window, above which two sounds are not compared further."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """How much of two sounds agrees once they have the same level.

    Attributes
    ----------
    mean_db : float
        Mean difference of their cells, each at most 6 dB; loud cells count more.
    share : float
        Share of the cells that differ by less than 2 dB.
    mean_faded_db, share_faded : float
        The same once each moment has the same level.
    steady : float
        Share of the moments whose levels already differ by less than 1 dB.
    gone : float
        Share of the moments whose levels differ by more than 12 dB: a fade has few of them, and a cut many.
    size : float
        Sum of the weights of the cells: how much there is to compare.
    """

    mean_db: float
    share: float
    mean_faded_db: float
    share_faded: float
    steady: float
    gone: float
    size: float


def copies_among(fingerprint: Fingerprint, others: Sequence[Fingerprint]) -> list[int]:
    """Return the positions of those of some sounds that are copies of a sound.

    Most are told apart by their spectra, then by their details without a fraction of a window: the whole comparison
    takes a millisecond.
    """
    if not others:
        return []
    spectra = np.abs(np.stack([other.spectrum for other in others]) - fingerprint.spectrum)
    likely = np.flatnonzero(np.sort(spectra, axis=1)[:, -1 - _N_UNLIKE_BANDS] <= _MAX_SPECTRUM_DB)
    if not len(likely):
        return []
    near = likely[_are_near(fingerprint, [others[position] for position in likely.tolist()])]
    return [position for position in near.tolist() if _is_same_or_faded(fingerprint, others[position])]


def _is_same_or_faded(first: Fingerprint, second: Fingerprint) -> bool:
    """Return whether two sounds agree apart from level, encoding, silence around them and fades.

    The limits were chosen on 3,898 processed copies of 260 sounds, and on 2.4 million pairs of different sounds; those
    of the last sum on 1,301 copies of 120 sounds, and on 857 pairs of takes and of sounds up to two semitones apart,
    which agree in everything before: 98 % and 5 % are below.
    """
    detail, lag_s = _detail_agreement(first, second)
    if detail.share_faded < 0.72:
        return False
    outline = _outline_agreement(first, second, lag_s)
    is_short = outline.size < 6
    is_same = (
        detail.share >= 0.72
        and outline.share >= (0.4 if is_short else 0.75)
        and detail.mean_db + outline.mean_db <= 1.6
    )
    is_faded = (
        min(detail.share_faded, outline.share_faded) >= 0.85
        and min(detail.steady, outline.steady) >= 0.5
        and max(detail.gone, outline.gone) <= 0.15
        and max(detail.mean_faded_db, outline.mean_faded_db) <= 0.85
    )
    if not (is_same or is_faded):
        return False
    apart_db = min(detail.mean_db + outline.mean_db, 1.5 * (detail.mean_faded_db + outline.mean_faded_db))
    return apart_db + _DB_PER_SHARE * centre_difference(first, second) <= _MAX_APART_DB


def centre_difference(first: Fingerprint, second: Fingerprint) -> float:
    """Return how far the mean frequencies within bands are apart, as a share of the bands; loud bands count more."""
    n_bands = _n_bands(min(first.top_hz, second.top_hz))
    levels = []
    for each in (first, second):
        energies = _energies(each.detail[:, :n_bands]).sum(axis=0)
        levels.append(10 * np.log10(energies / max(float(energies.max()), 1e-30) + 1e-9))
    weights = np.clip(np.minimum(*levels) / _CENTRES_DB + 1, 0.0, 1.0)
    apart = np.abs(first.centres[:n_bands].astype(np.float64) - second.centres[:n_bands]) / 65_535
    return float((weights * np.minimum(apart, _MOST_SHARE)).sum() / max(float(weights.sum()), 1e-9))


def _are_near(fingerprint: Fingerprint, others: Sequence[Fingerprint]) -> npt.NDArray[np.bool_]:
    """Compare details quickly, displaced by whole windows, shape (n,)."""
    top_hz = min(each.top_hz for each in (fingerprint, *others))
    n_bands = _n_bands(top_hz)
    levels = np.stack([_padded(other.detail[:, :n_bands]) for other in others])
    own = _padded(fingerprint.detail[:, :n_bands])
    best = np.full(len(others), np.inf)
    for lag in _QUICK_LAGS:
        moved = np.roll(levels, -lag, axis=1)
        weights = _weights(own, moved)
        differences = moved - own
        sums = weights.sum(axis=(1, 2))
        level = (weights * differences).sum(axis=(1, 2)) / sums
        rest = np.minimum(np.abs(differences - level[:, None, None]), _MOST_DB)
        best = np.minimum(best, (weights * rest).sum(axis=(1, 2)) / sums)
    return best <= _QUICK_DB


def _detail_agreement(first: Fingerprint, second: Fingerprint) -> tuple[Agreement, float]:
    """Return how much two details agree where they agree best, and by how many seconds the second is late there."""
    n_bands = _n_bands(min(first.top_hz, second.top_hz))
    pad = int(-_LAGS[0]) + 1
    energies = np.zeros((N_DETAIL, n_bands))
    energies[: len(first.detail)] = _energies(first.detail[:, :n_bands])
    others = np.zeros((N_DETAIL + 2 * pad, n_bands))
    others[pad : pad + len(second.detail)] = _energies(second.detail[:, :n_bands])
    positions = pad + np.arange(N_DETAIL) + _LAGS[:, None]
    whole = np.floor(positions).astype(np.int64)
    part = (positions - whole)[:, :, None]
    moved = others[whole] * (1 - part) + others[whole + 1] * part
    levels = 10 * np.log10(moved / np.maximum(moved.max(axis=(1, 2), keepdims=True), 1e-30) + _FLOOR)
    own = 10 * np.log10(energies / max(float(energies.max()), 1e-30) + _FLOOR)
    weights = _weights(own, levels)
    differences = levels - own
    sums = weights.sum(axis=(1, 2))
    level = (weights * differences).sum(axis=(1, 2)) / sums
    rest = np.minimum(np.abs(differences - level[:, None, None]), _MOST_DB)
    best = int(np.argmin((weights * rest).sum(axis=(1, 2)) / sums))
    return _agreement(own, levels[best]), float(_LAGS[best]) * BASE_HOP_S


def _outline_agreement(first: Fingerprint, second: Fingerprint, lag_s: float) -> Agreement:
    """Return how much two outlines agree where their details do."""
    hop_s = max(first.outline_hop_s, second.outline_hop_s)
    starts_s = [-first.n_before * first.outline_hop_s, -second.n_before * second.outline_hop_s - lag_s]
    pairs = list(zip((first, second), starts_s, strict=True))
    ends_s = [start_s + len(each.outline) * each.outline_hop_s for each, start_s in pairs]
    steps = np.arange(np.floor(min(starts_s) / hop_s + 1e-6), np.ceil(max(ends_s) / hop_s - 1e-6) + 1)
    levels = []
    for each, start_s in pairs:
        cells = _between(_energies(each.outline), start_s, each.outline_hop_s, hop_s * steps)
        levels.append(10 * np.log10(cells / max(float(cells.max()), 1e-30) + _FLOOR))
    return _agreement(*levels)


def _agreement(first_db: Energies, second_db: Energies) -> Agreement:
    weights = _weights(first_db, second_db)
    total = float(weights.sum())
    differences = second_db - first_db
    level = _weighted_median(differences.ravel(), weights.ravel())
    apart = np.abs(differences - level)
    levels = np.array([_weighted_median(row, weight) for row, weight in zip(differences, weights, strict=True)])
    faded = np.abs(differences - levels[:, None])
    steady = np.abs(levels - level) < _STEADY_DB
    gone = np.abs(levels - level) > _GONE_DB
    return Agreement(
        mean_db=float((weights * np.minimum(apart, _MOST_DB)).sum()) / total,
        share=float(weights[apart < _SAME_DB].sum()) / total,
        mean_faded_db=float((weights * np.minimum(faded, _MOST_DB)).sum()) / total,
        share_faded=float(weights[faded < _SAME_DB].sum()) / total,
        steady=float(weights[steady].sum()) / total,
        gone=float(weights[gone].sum()) / total,
        size=total,
    )


def _weighted_median(values: Energies, weights: Energies) -> float:
    order = np.argsort(values)
    sums = np.cumsum(weights[order])
    return float(values[order[min(len(order) - 1, int(np.searchsorted(sums, sums[-1] / 2)))]])


def _weights(first_db: _Floating, second_db: _Floating) -> _Floating:
    return np.clip((np.maximum(first_db, second_db) + _WEIGHTED_DB) / _WEIGHTED_DB, 0.0, 1.0)


def _n_bands(top_hz: float) -> int:
    """Return how many bands of a detail lie below a frequency."""
    return max(1, sum(edge <= 0.95 * top_hz for edge in DETAIL_EDGES_HZ[1:]))


def _energies(cells: Levels) -> Energies:
    energies = 10.0 ** (-cells.astype(np.float64) / (10 * _STEPS_PER_DB))
    energies[cells >= _FLOOR_DB * _STEPS_PER_DB] = 0.0
    return energies


def _padded(cells: Levels) -> Floats:
    """Return cells in dB with silence behind them, as long as a whole detail and some windows more."""
    floor_db = 10 * float(np.log10(_FLOOR))
    padded = np.full((N_DETAIL + len(_QUICK_LAGS) - 1, cells.shape[1]), floor_db, np.float32)
    padded[: len(cells)] = np.maximum(-cells.astype(np.float32) / _STEPS_PER_DB, floor_db)
    return padded
