"""Fit the directions along which adjectives steer the acoustic encoder's vectors.

    OPENBLAS_NUM_THREADS=1 python models/train/fit_adjectives.py FOLDER

FOLDER holds a ``labels.csv`` (columns path, label, group, origin) and the clips that it names. Clips of origin
``shared_source`` come from collections that the measurements use too, and are left out. Every clip is measured: how
bright, high, loud, long, sudden it is. A ridge regression from vectors to each quantity gives its direction; its
correlation is that of clips whose group was held out. Writes ``models/adjectives.npz``. Nothing is random but the level
of every clip, which is drawn from one seed: the same folder gives the same file.
"""

import argparse
import csv
import os
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from bowerbird.audio.decode import read_clip
from bowerbird.domain.sounds import Samples, Vectors
from bowerbird.encoders.acoustic.encoder import WINDOW_S, AcousticEncoder
from bowerbird.encoders.acoustic.envelope import STEP_S
from bowerbird.encoders.acoustic.extent import loudness_lufs
from bowerbird.encoders.acoustic.frames import LOUD, Analysis, analyse, step_powers
from bowerbird.encoders.acoustic.pitch import track
from bowerbird.encoders.acoustic.spectrum import RATE_HZ, bin_hz
from bowerbird.encoders.ear.adjectives import Directions, write_directions

MODELS = Path(__file__).parents[1]

N_FOLDS: Final = 5
RIDGES: Final = (3.0, 10.0, 30.0, 100.0, 300.0, 1000.0)
"""Penalties for standardised coordinates; the one with the highest held-out correlation is used."""

LEVELS_DB: Final = (-40.0, 0.0)
"""Clips are normalised: random attenuation makes loudness learnable."""

SEED: Final = 4

BLOCKS: Final = {
    "centroid": ("timbre", "brightness"),
    "presence": ("timbre", "brightness"),
    "low_share": ("timbre", "brightness"),
    "warmth": ("timbre", "brightness"),
    "height": ("timbre", "brightness", "pitch"),
    "tonality": ("timbre", "pitch"),
    "glide": ("pitch",),
    "loudness": ("loudness",),
    "duration": ("length",),
    "attack": ("timbre", "envelope"),
    "crest": ("timbre", "envelope"),
    "decay": ("timbre", "envelope", "length"),
    "distance": ("timbre", "brightness", "envelope"),
    "onset_rate": ("timbre", "envelope"),
    "periodicity": ("timbre", "envelope"),
}
"""The blocks that each quantity may steer, so that "bright" does not affect length."""

Matrix = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """A fitted direction.

    Attributes
    ----------
    direction : ndarray, shape (n_dims,)
        Of unit length; 0 outside its blocks.
    sd : float
        Standard deviation of the vectors along it.
    correlation : float
        Of predicted and measured quantity, with clips of a group held out together.
    ridge : float
    """

    direction: Matrix
    sd: float
    correlation: float
    ridge: float


def main() -> int:
    """Fit and write the directions."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("folder", type=Path, help="folder with labels.csv and the clips it names")
    folder = parser.parse_args().folder
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        print("The directions depend on the number of threads. Set OPENBLAS_NUM_THREADS=1.", file=sys.stderr)
        return 2
    with (folder / "labels.csv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["origin"] != "shared_source"]
    encoder = AcousticEncoder()
    vectors, quantities = measured_clips([folder / row["path"] for row in rows], encoder)
    folds = np.array([zlib.crc32(row["group"].encode()) % N_FOLDS for row in rows])
    fits = {name: fitted(vectors, quantities[name], folds, steered_dims(encoder, name)) for name in BLOCKS}
    write_directions(
        MODELS / "adjectives.npz",
        Directions(
            encoder_id=encoder.id,
            quantities=tuple(fits),
            directions=np.stack([fit.direction for fit in fits.values()]).astype(np.float32),
            sds=np.array([fit.sd for fit in fits.values()], np.float32),
            correlations=np.array([fit.correlation for fit in fits.values()], np.float32),
            provenance=f"Written by models/train/fit_adjectives.py from {len(rows)} clips of the acoustic encoder's "
            "fit; their sources and licences are in acoustic-sources.csv.",
        ),
    )
    for name, fit in fits.items():
        print(f"{name}: held-out correlation {fit.correlation:.2f}, ridge {fit.ridge:g}")
    return 0


def measured_clips(paths: list[Path], encoder: AcousticEncoder) -> tuple[Vectors, dict[str, Matrix]]:
    """Return the vectors of all first windows, shape (n_clips, n_dims), and their quantities, each shape (n_clips,)."""
    rng = np.random.default_rng(SEED)
    vectors, rows = [], []
    for number, path in enumerate(paths, start=1):
        samples = read_clip(path, rate_hz=RATE_HZ, end_s=WINDOW_S).samples
        turned_down = samples * np.float32(10.0 ** (rng.uniform(*LEVELS_DB) / 20.0))
        vectors.append(encoder.encode([turned_down])[0])
        rows.append(measured(turned_down))
        if number % 1000 == 0:
            print(f"{number} of {len(paths)} clips measured", flush=True)
    quantities = {name: np.array([row[name] for row in rows]) for name in rows[0]}
    centroid, crest, attack = (standard(quantities[name]) for name in ("centroid", "crest", "attack"))
    # A distant sound loses high frequencies, peaks and attack.
    quantities["distance"] = attack - centroid - crest
    return np.stack(vectors), quantities


def measured(samples: Samples) -> dict[str, float]:
    """Return the quantities of a sound; NaN if undefined."""
    analysis = analyse(samples)
    loudest_lufs, _ = loudness_lufs(analysis)
    return {
        **spectral_quantities(analysis),
        **temporal_quantities(analysis),
        "loudness": loudest_lufs,
        "duration": float(np.log2(max(len(samples), 1) / RATE_HZ)),
    }


def spectral_quantities(analysis: Analysis) -> dict[str, float]:
    """Return quantities of the spectrum and of pitch."""
    power = analysis.weights[LOUD] @ analysis.power + np.float32(1e-9)
    hz = bin_hz()
    octaves = np.log2(np.maximum(hz, 30.0) / 1000.0)
    magnitude = np.sqrt(power)
    centroid = float(magnitude @ octaves / magnitude.sum())

    def level_db(lowest_hz: float, highest_hz: float) -> float:
        """Return the level of a band below that of the whole sound."""
        inside = (hz >= lowest_hz) & (hz < highest_hz)
        return float(10.0 * np.log10(power[inside].sum() / power.sum() + 1e-6))

    pitches, salience, energies = track(analysis.samples)
    loud = np.sqrt(energies) / max(float(np.sqrt(energies).sum()), 1e-20)
    tonality = float(loud @ salience)
    sure = loud * salience**2
    total = float(sure.sum())
    f0 = float(sure @ pitches / total) + np.log2(0.44) if total > 1e-9 else centroid
    return {
        "centroid": centroid,
        "presence": level_db(2000.0, 6000.0),
        "low_share": level_db(0.0, 150.0),
        "warmth": level_db(150.0, 600.0) - level_db(2000.0, 16_001.0),
        "tonality": tonality,
        "height": tonality * f0 + (1.0 - tonality) * centroid,
        "glide": _glide(pitches, sure) if tonality > 0.6 and len(pitches) >= 5 else float("nan"),
    }


def _glide(pitches: npt.NDArray[np.float32], sure: npt.NDArray[np.float32]) -> float:
    """Return the octaves from beginning to end of a linear fit of the pitch."""
    share = sure / max(float(sure.sum()), 1e-20)
    time = np.linspace(0.0, 1.0, len(pitches))
    time -= share @ time
    away = pitches - share @ pitches
    return float(np.clip(share @ (time * away) / (share @ (time * time) + 1e-3), -2.0, 2.0))


def temporal_quantities(analysis: Analysis) -> dict[str, float]:
    """Return quantities of attack, decay and repetition."""
    power = step_powers(analysis.samples)
    level_db = 10.0 * np.log10(np.maximum(power, 1e-6))
    peak = int(np.argmax(level_db))
    begun = int(np.argmax(level_db > -20.0))
    last = int(np.flatnonzero(level_db > -6.0)[-1])
    fallen = np.flatnonzero(level_db[last:] < -26.0)
    onsets = _onsets(level_db)
    return {
        "attack": float(np.log2(1.0 + peak - begun)),
        "crest": -10.0 * float(np.log10(power[begun:].mean())),
        "decay": float(np.log2(1.0 + fallen[0])) if len(fallen) else float("nan"),
        "onset_rate": float(np.log2(onsets / (len(level_db) * STEP_S + 0.3) + 0.5)),
        "periodicity": _periodicity(level_db),
    }


def _onsets(level_db: Matrix) -> int:
    """Count how often the level rises by 6 dB within 30 ms to within 25 dB of the peak, 60 ms apart."""
    before = np.concatenate([np.full(6, -60.0), level_db])[: len(level_db)]
    rising = np.flatnonzero((level_db - before > 6.0) & (level_db > -25.0))
    return 1 + int(np.count_nonzero(np.diff(rising) > 12)) if len(rising) else 1


def _periodicity(level_db: Matrix) -> float:
    """Return the highest autocorrelation of the level at 80 ms to 1 s; 0 for sounds too short to repeat."""
    away = np.maximum(level_db, -40.0) - np.maximum(level_db, -40.0).mean()
    if len(away) < 80 or away.std() < 1.0:
        return 0.0
    spectrum = np.fft.rfft(away, n=2 * len(away))
    correlation = np.fft.irfft(np.abs(spectrum) ** 2)[: min(len(away) // 2, 200)]
    correlation /= correlation[0] * (1.0 - np.arange(len(correlation)) / len(away))
    falls = np.flatnonzero(correlation < 0.1)
    return float(max(0.0, correlation[max(16, falls[0]) :].max(initial=0.0))) if len(falls) else 0.0


def steered_dims(encoder: AcousticEncoder, quantity: str) -> npt.NDArray[np.bool_]:
    """Return a mask of the dimensions that a quantity may steer, shape (n_dims,)."""
    inside = np.zeros(encoder.n_dims, np.bool_)
    for name in BLOCKS[quantity]:
        inside[encoder.blocks[name]] = True
    return inside


def fitted(vectors: Vectors, quantity: Matrix, folds: npt.NDArray[np.int64], inside: npt.NDArray[np.bool_]) -> Fit:
    """Regress a quantity on vectors.

    Parameters
    ----------
    vectors : ndarray, shape (n_clips, n_dims), float32
    quantity : ndarray, shape (n_clips,)
        NaN if undefined.
    folds : ndarray, shape (n_clips,), int
        Clips of a fold are held out together.
    inside : ndarray, shape (n_dims,), bool
        Dimensions to use.
    """
    has = np.isfinite(quantity)
    points = vectors[:, inside].astype(np.float64)
    scale = points.std(axis=0) + 1e-6
    points = (points - points.mean(axis=0)) / scale
    # Limit the influence of outliers.
    target = np.clip(standard(quantity), -3.0, 3.0)
    best: tuple[float, float] = (-1.0, 0.0)
    for ridge in RIDGES:
        predicted = np.zeros(len(target))
        for fold in range(N_FOLDS):
            rest = has & (folds != fold)
            predicted[folds == fold] = points[folds == fold] @ _ridge(points[rest], target[rest], ridge)
        best = max(best, (float(np.corrcoef(predicted[has], target[has])[0, 1]), ridge))
    correlation, ridge = best
    direction = np.zeros(vectors.shape[1])
    direction[inside] = _ridge(points[has], target[has], ridge) / scale
    direction /= np.linalg.norm(direction)
    return Fit(direction, float((vectors @ direction).std()), correlation, ridge)


def _ridge(points: Matrix, target: Matrix, ridge: float) -> Matrix:
    gram = points.T @ points + ridge * np.eye(points.shape[1])
    solved: Matrix = np.linalg.solve(gram, points.T @ (target - target.mean()))
    return solved


def standard(values: Matrix) -> Matrix:
    """Standardise values; NaN is kept."""
    scaled: Matrix = (values - np.nanmean(values)) / (np.nanstd(values) + 1e-12)
    return scaled


if __name__ == "__main__":
    sys.exit(main())
