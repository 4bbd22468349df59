"""Recall of 8-bit weights against full precision."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

from bowerbird.base.errors import CatalogueError, EncoderError
from bowerbird.base.paths import weights_path
from bowerbird.catalogue.records import FileStamp
from bowerbird.catalogue.sqlite.writer import SqliteWriter
from bowerbird.encoders.onnx.encoder import OnnxEncoder
from bowerbird.encoders.weights.store import installed_weights
from bowerbird.jobs.control import Cancelled, Control
from bowerbird.library.encoders.models import check_int8, model_state
from bowerbird.library.encoders.recall import (
    MIN_RECALL,
    RECALL_NAME,
    Recall,
    is_int8_offered,
    measure_recall,
    read_recall,
    recall_of,
    write_recall,
)
from bowerbird.library.library import Library
from sounds import noise, sine, write

TINY = Path(__file__).parents[1] / "encoders" / "tiny_clap"


@pytest.fixture
def tiny():
    shutil.copytree(TINY, weights_path() / "clap-tiny")
    return installed_weights()["clap-tiny"]


@pytest.fixture
def library(tmp_path):
    return fill(tmp_path, n_sounds=24)


def fill(tmp_path, *, n_sounds):
    """A library of listed sounds."""
    for number in range(n_sounds):
        samples = sine(60 * 1.2**number, duration_s=0.1, rate_hz=48_000) + noise(
            number, duration_s=0.1, rate_hz=48_000, level=0.02 * (number % 5)
        )
        write(tmp_path / "sounds" / f"{number}.wav", samples, 48_000)
    with SqliteWriter(tmp_path / "library") as catalogue:
        folder = catalogue.add_folder(tmp_path / "sounds")
        paths = sorted((tmp_path / "sounds").iterdir())
        catalogue.reconcile(folder, [FileStamp(str(path), path.stat().st_size, 1) for path in paths])
    return tmp_path / "library"


class RandomEncoder:
    """An encoder with random vectors."""

    def __init__(self, encoder):
        self._encoder = encoder

    def encode(self, windows):
        seeds = [int(abs(window).sum() * 1e4) for window in windows]
        return np.stack([np.random.default_rng(seed).normal(size=64) for seed in seeds]).astype(np.float32)


def test_recall_is_the_share_of_common_neighbours():
    rng = np.random.default_rng(0)
    full = rng.normal(size=(50, 8)).astype(np.float32)
    full /= np.linalg.norm(full, axis=1, keepdims=True)
    assert recall_of(full, full, k=10) == 1
    assert recall_of(full, rng.permutation(full), k=10) == pytest.approx(10 / 49, abs=0.1)
    assert 0.5 < recall_of(full, full + rng.normal(0, 0.1, full.shape).astype(np.float32), k=10) < 1


def test_a_sound_is_not_its_own_neighbour():
    angles = np.radians([0, 10, 30, 90])
    line = np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)
    assert recall_of(line, line[[2, 3, 0, 1]], k=1) == 0.5


def test_the_figure_is_measured_on_the_users_sounds_and_stored(library, tiny):
    reports = []
    assert not is_int8_offered(tiny)
    recall = check_int8(Library.open(library), "clap-tiny", control=Control(), report=reports.append)
    assert recall.n_sounds == 24
    assert 0.5 < recall.value <= 1
    assert read_recall(tiny) == recall
    assert model_state("clap-tiny").recall == recall
    assert is_int8_offered(tiny) == model_state("clap-tiny").is_int8_offered == (recall.value >= MIN_RECALL)
    assert reports[-1].text.endswith(" · 24 of 200 sounds")
    assert check_int8(Library.open(library), "clap-tiny", control=Control(), report=reports.append) == recall


def test_an_encoder_has_full_recall_against_itself_and_another_does_not(library, tiny):
    encoder = OnnxEncoder(tiny)
    same = measure_recall(Library.open(library), encoder, encoder, control=Control())
    assert same == Recall(1.0, 24)
    other = measure_recall(Library.open(library), encoder, RandomEncoder(encoder), control=Control())
    assert other.value < 0.7
    assert not other.is_enough


def test_8_bit_weights_are_offered_only_with_enough_recall(tiny):
    write_recall(tiny, Recall(MIN_RECALL, 200))
    assert is_int8_offered(tiny)
    write_recall(tiny, Recall(MIN_RECALL - 0.001, 200))
    assert not is_int8_offered(tiny)


def test_a_figure_of_other_weights_or_a_damaged_file_is_ignored(tiny):
    write_recall(tiny, Recall(1.0, 200))
    path = tiny.folder / RECALL_NAME
    stored = json.loads(path.read_text())
    path.write_text(json.dumps(stored | {"files": stored["files"] | {"audio_int8": "0" * 64}}))
    assert read_recall(tiny) is None
    for content in ("", "[]", "{}", json.dumps(stored | {"value": "high"})):
        path.write_text(content)
        assert read_recall(tiny) is None
    path.write_text(json.dumps(stored))
    assert read_recall(tiny) == Recall(1.0, 200)
    (tiny.folder / "audio_int8.onnx").unlink()
    assert read_recall(tiny) is None


def test_too_few_sounds_are_a_sentence(tmp_path, tiny):
    library = fill(tmp_path, n_sounds=19)
    with pytest.raises(EncoderError, match=r"only 19 sounds .* 20 are needed"):
        check_int8(Library.open(library), "clap-tiny", control=Control())


def test_missing_and_broken_sounds_are_skipped(tmp_path, tiny):
    library = fill(tmp_path, n_sounds=22)
    (tmp_path / "sounds" / "3.wav").unlink()
    (tmp_path / "sounds" / "4.wav").write_bytes(b"RIFF")
    assert check_int8(Library.open(library), "clap-tiny", control=Control()).n_sounds == 20


def test_the_comparison_can_be_cancelled(library, tiny):
    control = Control()
    with pytest.raises(Cancelled):
        check_int8(Library.open(library), "clap-tiny", control=control, report=lambda _: control.cancel())
    assert read_recall(tiny) is None


def test_without_8_bit_weights_or_a_library_the_error_is_a_sentence(tmp_path, tiny):
    with pytest.raises(CatalogueError):
        check_int8(Library.open(tmp_path / "nothing"), "clap-tiny", control=Control())
    (tiny.folder / "audio_int8.onnx").unlink()
    with pytest.raises(EncoderError, match="models fetch clap-tiny --int8"):
        check_int8(Library.open(tmp_path), "clap-tiny", control=Control())
