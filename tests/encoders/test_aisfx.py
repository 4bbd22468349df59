"""aiSFX: its card, and our front end and network against values that the package itself computed.

`sh packaging/parity.sh --write-golden` writes them: spectrograms by Essentia, and embeddings by the package's network
in PyTorch with random weights, which the tests make anew. The published weights do not ship.
"""

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from golden.aisfx_signals import SIGNALS, random_tensors, signal

from bowerbird.base.paths import models_path
from bowerbird.encoders.mel import log_mel
from bowerbird.encoders.onnx.frontend import patches
from bowerbird.encoders.onnx.runtime import onnxruntime
from bowerbird.encoders.weights.cards import read_card
from bowerbird.encoders.weights.graph_file import with_tensors
from bowerbird.encoders.weights.tensor_file import read_tensors
from torch_archive import checkpoint

CARD = read_card(models_path() / "aisfx.toml")
TOWER = replace(CARD.audio, window_s=12.0)
"""With windows as long as the longest sound, as in the package."""
MOST = 1e-4


@pytest.fixture(scope="module")
def golden():
    with np.load(Path(__file__).parent / "golden" / "aisfx.npz") as kept:
        return dict(kept)


@pytest.fixture(scope="module")
def network():
    """The graph that ships, with random weights that went through a checkpoint."""
    package = CARD.source.package
    tensors = read_tensors(io.BytesIO(checkpoint(random_tensors())), name="checkpoint.pth")
    own = {name: value for name, value in tensors.items() if value.dtype == np.float32}
    assert all(name.startswith(package.tensors) for name in tensors)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    model = with_tensors((models_path() / package.graph).read_bytes(), own)
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


every_signal = pytest.mark.parametrize("name", SIGNALS)


@every_signal
def test_spectrograms_are_those_of_the_package(name, golden):
    row = golden["signals"].tolist().index(name)
    found = log_mel(signal(name), TOWER.log_mel, TOWER.rate_hz)
    assert len(found) == golden["n_frames"][row]
    positions = [index % len(found) for index in golden["positions"]]
    assert np.abs(found[positions] - golden["frames"][row]).max() < MOST
    assert np.abs(found.mean(axis=0) - golden["means"][row]).max() < MOST


@every_signal
def test_embeddings_are_those_of_the_package(name, golden, network):
    row = golden["signals"].tolist().index(name)
    blocks = patches(signal(name), TOWER)
    found = np.mean([network.run(None, {TOWER.input: block})[0][0] for block in blocks], axis=0)
    wanted = golden["embeddings"][row]
    assert np.linalg.norm(wanted) > 1.0
    assert np.abs(found - wanted).max() < MOST


def test_the_last_block_is_left_out_unless_it_is_the_only_one():
    def shapes(n_frames):
        window = np.ones((n_frames - 1) * TOWER.log_mel.hop_frames, np.float32)
        return [block.shape for block in patches(window, TOWER)]

    assert shapes(20) == shapes(100) == shapes(149) == [(1, 100, 96)]
    assert shapes(150) == shapes(199) == [(1, 100, 96)] * 2


def test_a_short_sound_is_followed_by_zeros():
    (block,) = patches(np.full(3000, 0.5, np.float32), TOWER)
    assert block[0, :4].max() > 0.1
    assert not block[0, 4:].any()


def test_the_card_names_the_authors_the_licence_and_one_wheel():
    assert CARD.attribution.startswith("© 2022 A. B. Ma and A. Lerch, ")
    for part in ("ISMIR 2022", "https://github.com/", "https://creativecommons.org/licenses/by/4.0/", "converted"):
        assert part in CARD.attribution
    assert CARD.licence == "CC-BY-4.0"
    package = CARD.source.package
    assert package.wheel == f"{package.name}-{package.version}-py2.py3-none-any.whl"
    assert CARD.text is None
