"""Training in miniature: it resumes where it was interrupted, and the program can read what it writes."""

import os
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
sys.path.insert(0, str(Path(__file__).parents[2] / "models" / "train"))

from ear import train as training  # noqa: E402
from ear.augment import Strength, batch, crops  # noqa: E402
from ear.config import Config  # noqa: E402
from ear.data import analysed_clips, read_clips  # noqa: E402
from ear.determinism import be_deterministic  # noqa: E402
from ear.export import write_network  # noqa: E402
from ear.losses import contrast  # noqa: E402
from ear.network import Ear, Shape  # noqa: E402
from ear.words import WordTable, numbers, reworded, vocabulary  # noqa: E402
from small_folder import write_folder  # noqa: E402

from bowerbird.encoders.ear.thesaurus import Group  # noqa: E402
from bowerbird.encoders.ear.words import gram_buckets  # noqa: E402

SMALL = Shape(channels=(8, 8, 16, 16), n_hidden=32, n_described=16, n_dims=16)
CONFIG = Config(n_epochs=3, shape=SMALL, is_bfloat16=False, n_processes=1)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("clips")
    write_folder(made, n_sources=6, n_takes=6)
    return made


def weights(out):
    state = torch.load(out / "checkpoint.pt", weights_only=True)
    return {**state["averaged"], **{f"learner {name}": value for name, value in state["learner"].items()}}


def test_an_interrupted_training_ends_with_the_same_weights(folder, tmp_path, monkeypatch):
    training.train(folder, CONFIG, tmp_path / "whole", cache=tmp_path)
    real = training.write_checkpoint
    n_written = []

    def breaking(*args):
        real(*args)
        n_written.append(1)
        if len(n_written) == 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(training, "write_checkpoint", breaking)
    with pytest.raises(KeyboardInterrupt):
        training.train(folder, CONFIG, tmp_path / "broken", cache=tmp_path)
    monkeypatch.setattr(training, "write_checkpoint", real)
    training.train(folder, CONFIG, tmp_path / "broken", cache=tmp_path)
    whole, broken = weights(tmp_path / "whole"), weights(tmp_path / "broken")
    assert whole.keys() == broken.keys()
    assert all(torch.equal(whole[name], broken[name]) for name in whole)


def test_a_gpu_multiplies_in_the_same_order_every_time(folder, tmp_path, monkeypatch):
    monkeypatch.delenv("CUBLAS_WORKSPACE_CONFIG", raising=False)
    training.train(folder, replace(CONFIG, n_epochs=1), tmp_path / "out", cache=tmp_path)
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":4096:8"
    assert torch.are_deterministic_algorithms_enabled()
    monkeypatch.setenv("CUBLAS_WORKSPACE_CONFIG", ":16:8")
    be_deterministic()
    assert os.environ["CUBLAS_WORKSPACE_CONFIG"] == ":16:8"


def test_two_processes_agree_and_give_the_same_weights_every_time(folder, tmp_path):
    config = replace(CONFIG, n_epochs=1, n_processes=2)
    training.train(folder, config, tmp_path / "one", cache=tmp_path)
    training.train(folder, config, tmp_path / "other", cache=tmp_path)
    one, other = weights(tmp_path / "one"), weights(tmp_path / "other")
    assert all(torch.equal(one[name], other[name]) for name in one)


def test_a_checkpoint_of_another_config_is_refused_with_a_sentence(folder, tmp_path):
    training.train(folder, replace(CONFIG, n_epochs=1), tmp_path / "out", cache=tmp_path)
    with pytest.raises(SystemExit, match="has another config"):
        training.train(folder, CONFIG, tmp_path / "out", cache=tmp_path)


def test_the_exported_network_computes_what_the_trained_one_computes(tmp_path):
    pytest.importorskip("onnx")
    torch.manual_seed(0)
    ear = Ear(SMALL)
    for _ in range(3):  # the norms get statistics that are not trivial
        ear(torch.randn(16, 1, 64, 64), torch.randn(16, 128))
    assert write_network(tmp_path / "ear.onnx", ear.eval()) < 1e-5


def test_crops_of_short_clips_are_followed_by_silence(folder, tmp_path):
    clips = read_clips(folder)
    heard = analysed_clips(folder, clips, cache=tmp_path)
    made = crops(heard, np.array([0, 1]), n_steps=128, stretch=0.0, rng=np.random.default_rng(0))
    assert made.shape == (2, 128, 64)
    assert (made[:, 100:] == -80.0).all()


def test_a_batch_is_on_the_scale_that_the_program_uses(folder, tmp_path):
    clips = read_clips(folder)
    heard = analysed_clips(folder, clips, cache=tmp_path)
    rng = np.random.default_rng(0)
    made = batch(heard, np.arange(8), n_steps=64, strength=Strength(), rng=rng, device=torch.device("cpu"))
    assert made.mel.shape == (8, 1, 64, 64)
    assert made.mel.min() == -2.0
    assert made.mel.max() <= 2.0
    assert torch.isfinite(made.mel).all()


def test_a_text_may_be_reworded_with_the_thesaurus(folder):
    words = vocabulary(read_clips(folder), [Group("glass breaking", words=("shattering",))])
    said = {
        tuple(reworded(("glass", "breaking"), words.synonyms, np.random.default_rng(i), share=1.0, related_share=0.0))
        for i in range(5)
    }
    assert said == {("shattering",)}
    assert "shattering" in words.number_of


def test_a_text_is_a_bag_of_its_words():
    table = WordTable(("bell", "glass", "metal"), 16)
    vectors = table.vectors()
    one, other = table.texts(
        numbers([["bell", "metal"], ["metal", "bell"]], {"bell": 0, "glass": 1, "metal": 2}), vectors
    )
    assert torch.allclose(one, other)
    assert abs(float(one.detach().norm()) - 1.0) < 1e-5


def test_sequences_of_letters_are_those_that_the_program_looks_up():
    table = WordTable(("tür",), 4)
    assert table.flat.tolist() == gram_buckets("tür", 4096)


def test_contrast_is_least_where_sounds_and_texts_lie_together():
    fits = torch.eye(3)
    assert contrast(10.0 * torch.eye(3), fits) < contrast(torch.zeros(3, 3), fits) < contrast(-torch.eye(3), fits)
