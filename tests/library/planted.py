"""An encoder that knows three words, and a library in which what each sound is like was written down."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np

from analyses import ENCODER_ID, analysis, stamp
from bowerbird.catalogue.records import EncodedWindows
from bowerbird.catalogue.sqlite.writer import SqliteWriter

ROOT = Path("/sounds") if os.sep == "/" else Path("C:\\sounds")
N_DIMS = 16
RAIN, VOICE, METAL = np.eye(N_DIMS, dtype=np.float32)[:3]
NOWHERE = np.eye(N_DIMS, dtype=np.float32)[-1]
N_BACKGROUND = 60


def unit(vector):
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


@dataclass
class Words:
    """Knows three words, also together, and counts how often it was asked."""

    asked: list = field(default_factory=list)

    def has_words(self, text):
        return True

    def encode(self, texts):
        self.asked += texts
        known = {"rain": RAIN, "voice": VOICE, "metal": METAL, "human voice": VOICE}
        rows = []
        for text in texts:
            words = [known[word] for word in ([text] if text in known else text.split()) if word in known]
            rows.append(unit(np.sum(words, axis=0)) if words else unit(np.ones(N_DIMS, np.float32)))
        return np.stack(rows)


@dataclass
class Planted:
    """An encoder whose vectors the test wrote down."""

    text: object = field(default_factory=Words)
    id: str = "planted-1"
    name: str = "planted"
    n_dims: int = N_DIMS
    rate_hz: int = 8000
    window_s: float = 10.0
    blocks: object = field(default_factory=lambda: MappingProxyType({}))

    def encode(self, windows):
        raise AssertionError("sounds of the library are not decoded again")


# What each sound is like: rain, voice, metal, and something of its own besides.
PLANTED = {
    "water/a.wav": [1.0 * RAIN],
    "water/b.wav": [0.9 * RAIN + 0.5 * VOICE],
    "water/c.wav": [0.8 * RAIN + 0.5 * METAL],
    "speech/d.wav": [1.0 * VOICE],
    "speech/rain report.wav": [0.95 * VOICE + 0.1 * RAIN],
    "tools/hammer.wav": [1.0 * METAL],
    "tools/my voice.wav": [0.95 * METAL],
    "long/storm.wav": [0.3 * METAL, 0.95 * RAIN, 0.3 * VOICE],
}


def planted(name, parts):
    rng = np.random.default_rng(sum(map(ord, name)))
    rows = []
    for part in parts:
        rest = np.zeros(N_DIMS, np.float32)
        rest[3:-1] = unit(rng.normal(size=N_DIMS - 4))
        rows.append(unit(part + rest * np.sqrt(max(0.02, 1 - float(part @ part)))))
    return np.stack(rows)


def fill(library, sounds=PLANTED):
    """Write planted sounds, and a background of sounds like nothing known, into a library."""
    vectors = {name: planted(name, parts) for name, parts in sounds.items()}
    for number in range(N_BACKGROUND):
        name = f"background/{number:02}.wav"
        vectors[name] = planted(name, [0.2 * np.random.default_rng(number).normal(size=3) @ np.eye(N_DIMS)[:3]])
    fill_with(library, vectors)


def fill_with(library, vectors):
    """Write sounds with the given vectors, shape (n_windows, n_dims) each, into a library."""
    paths = {str(ROOT / name): name for name in vectors}
    with SqliteWriter(library) as catalogue:
        folder = catalogue.add_folder(ROOT)
        catalogue.begin_scan()
        catalogue.reconcile(folder, [stamp(path) for path in paths])
        below = f"{ROOT}{os.sep}"
        pending = catalogue.pending(folder, below=below, encoder_id=ENCODER_ID)
        catalogue.record(
            [
                (sound.id, analysis(sound.id, n_windows=len(vectors[paths[sound.path]]), n_channels=1 + sound.id % 2))
                for sound in pending
            ],
            [],
            ENCODER_ID,
        )
        windows = []
        for content in catalogue.unencoded(folder, below=below, encoder_id=Planted().id):
            rows = vectors[paths[content.path]]
            spans = tuple((10.0 * n, 10.0 * n + 10) for n in range(len(rows)))
            windows.append(EncodedWindows(content.id, 0, spans, rows, is_last=True))
        catalogue.record_windows(windows, [], Planted().id)
