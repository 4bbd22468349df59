"""Our front end against reference values of laion_clap, which `sh packaging/parity.sh --write-golden` writes down.

Sounds are made anew. Spectrograms and vectors are laion_clap's own, from its own code in single precision; the
network is a small one of its architecture with random weights and vectors of full length, as `models/export` exports
it.
"""

from pathlib import Path

import numpy as np
import pytest
from golden.signals import SIGNALS, signal

from bowerbird.base.paths import models_path
from bowerbird.encoders.onnx.frontend import patches
from bowerbird.encoders.onnx.runtime import onnxruntime
from bowerbird.encoders.weights.cards import read_card

GOLDEN = Path(__file__).parent / "golden"
MOST = 1e-5
"""As in the comparison at full size. Measured: at most 6.7e-6, in tones, whose quiet bands are all rounding. Most of it
is laion_clap's: its HTK spectrograms are some three times as far from double precision as ours."""
CARDS = {"slaney": "clap-630k-audioset-best", "htk": "clap-630k-audioset-fusion-best"}


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN / "laion_clap.npz") as kept:
        return dict(kept)


@pytest.fixture(scope="module")
def network():
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(GOLDEN / "smallest.onnx", options, providers=["CPUExecutionProvider"])


@pytest.fixture(scope="module")
def heard():
    towers = {kind: read_card(models_path() / f"{card}.toml").audio for kind, card in CARDS.items()}
    made = {}

    def hear(kind, name):
        if (kind, name) not in made:
            (made[kind, name],) = patches(signal(name), towers[kind])
        return made[kind, name]

    return hear


every_signal = pytest.mark.parametrize("name", SIGNALS)
every_kind = pytest.mark.parametrize("kind", CARDS)


@every_kind
@every_signal
def test_spectrograms_are_those_of_laion_clap(name, kind, golden, heard):
    row = golden["signals"].tolist().index(name)
    wanted, found = golden[f"{kind}_frames"][row], heard(kind, name)[0, 0, golden["frames"]]
    amplitudes = [10.0 ** (level / 20.0) for level in (wanted.astype(np.float64), found.astype(np.float64))]
    loudest = np.maximum(amplitudes[0].max(axis=1, keepdims=True), 1e-5)
    # Both round to single precision: bands far below the loudest band of a frame are less exact.
    near = np.abs(found - wanted) < 1e-3
    assert (near | (np.abs(amplitudes[1] - amplitudes[0]) < 1e-6 * loudest)).all()


@every_kind
@every_signal
def test_levels_of_whole_spectrograms_are_those_of_laion_clap(name, kind, golden, heard):
    row = golden["signals"].tolist().index(name)
    found = heard(kind, name)[0, 0].astype(np.float64)
    assert np.abs(found.mean(axis=0) - golden[f"{kind}_means"][row]).max() < 0.005
    assert np.abs(found.std(axis=0) - golden[f"{kind}_sds"][row]).max() < 0.005


@every_kind
@every_signal
def test_vectors_are_those_of_laion_clap(name, kind, golden, heard, network):
    row = golden["signals"].tolist().index(name)
    (found,) = network.run(None, {"input_features": heard(kind, name)})
    assert np.abs(found[0] - golden[f"{kind}_vectors"][row]).max() < MOST
