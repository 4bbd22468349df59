"""Tuning the built-in encoder to the names in a library."""

from pathlib import Path

import numpy as np
import pytest

from bowerbird.base.errors import EncoderError, QueryError
from bowerbird.base.paths import ears_path
from bowerbird.encoders.ear.encoder import EarEncoder, read_ear_card
from bowerbird.encoders.ear.tuning import NamedSounds, corrected, fitted_correction, units
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named, encoder_names
from bowerbird.library.encoders import tuning
from bowerbird.library.encoders.tuning import tune
from bowerbird.library.library import Library
from sounds import noise

N_KINDS = 12
N_SOUNDS = 20


@pytest.fixture(scope="module")
def ear():
    return encoder_named(DEFAULT_ENCODER)


def planted(monkeypatch, tmp_path, ear, *, is_audible=True, n_kinds=N_KINDS, n_sounds=N_SOUNDS):
    """A library whose made-up words each correspond to a direction of the vectors, or to nothing audible."""
    rng = np.random.default_rng(1)
    kinds = units(rng.normal(size=(n_kinds, ear.n_dims)))
    paths, rows = [], []
    for kind in range(n_kinds):
        word = "".join(chr(97 + (kind * 7 + i * 5) % 26) for i in range(6))
        for number in range(n_sounds):
            take = "".join(chr(97 + (kind * 61 + number) // 26**i % 26) for i in range(4))
            paths.append(tmp_path / f"{word} {take}.wav")  # unique names: takes of a sound are in the same fold
            rows.append(kinds[kind] * is_audible + 2.0 * units(rng.normal(size=(1, ear.n_dims)))[0])
    vectors = np.stack(rows).astype(np.float32)
    monkeypatch.setattr(tuning, "sound_vectors", lambda _library, _ear: (paths, units(vectors)))


def test_audible_words_are_learned_and_stored_as_a_new_encoder(monkeypatch, tmp_path, home, ear):
    planted(monkeypatch, tmp_path, ear)
    reports = []
    tuned = tune(Library.open(tmp_path), ear, "mine", report=reports.append)
    assert tuned.after > tuned.before + 0.2
    assert (tuned.n_sounds, tuned.n_words) == (N_KINDS * N_SOUNDS, N_KINDS)
    assert reports[-1].share == 1.0
    mine = encoder_named("mine")
    assert mine.name == "mine"
    assert mine.id != ear.id
    assert encoder_named(mine.id).id == mine.id
    assert "mine" in encoder_names()
    window = noise(3, duration_s=0.5, rate_hz=32_000)[:, 0].astype(np.float32)
    vector = mine.encode([window])
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)
    np.testing.assert_array_equal(mine.encode([window, window[:9000]])[0], vector[0])
    acoustic = slice(ear.blocks["meaning"].stop, None)
    np.testing.assert_array_equal(vector[:, acoustic], ear.encode([window])[:, acoustic])
    assert not np.array_equal(vector, ear.encode([window]))


def test_a_learned_word_finds_the_sounds_with_it(monkeypatch, tmp_path, home, ear):
    planted(monkeypatch, tmp_path, ear)
    tune(Library.open(tmp_path), ear, "mine")
    paths, vectors = tuning.sound_vectors(tmp_path, ear)
    word = paths[0].stem.split()[0]
    meaning = ear.blocks["meaning"]
    scores = units(vectors[:, meaning]) @ encoder_named("mine").text.encode([word])[0, meaning]
    called = np.array([path.stem.startswith(word) for path in paths])
    assert scores[called].mean() > scores[~called].mean() + 0.1


@pytest.mark.parametrize("folder", ["one", "two", "three"])
def test_inaudible_words_bring_no_gain_and_nothing_is_written(monkeypatch, tmp_path, home, ear, folder):
    planted(monkeypatch, Path("/", folder), ear, is_audible=False)  # the folder decides the folds
    with pytest.raises(EncoderError, match=r"no reliable gain: .* Use the built-in encoder"):
        tune(Library.open(tmp_path), ear, "mine")
    assert not (ears_path() / "mine").exists()


def test_copies_in_other_folders_bring_no_gain(monkeypatch, tmp_path, ear):
    planted(monkeypatch, tmp_path, ear, is_audible=False)
    paths, vectors = tuning.sound_vectors(tmp_path, ear)
    twice = [*paths, *(tmp_path / "other" / path.name for path in paths)]
    monkeypatch.setattr(tuning, "sound_vectors", lambda _library, _ear: (twice, np.concatenate([vectors, vectors])))
    with pytest.raises(EncoderError, match="no reliable gain"):
        tune(Library.open(tmp_path), ear, "mine")


@pytest.mark.parametrize(("n_kinds", "n_sounds"), [(12, 6), (5, 60), (60, 3)])
def test_too_little_is_refused_with_what_is_needed(monkeypatch, tmp_path, ear, n_kinds, n_sounds):
    planted(monkeypatch, tmp_path, ear, n_kinds=n_kinds, n_sounds=n_sounds)
    with pytest.raises(QueryError, match=r"too little to learn from: .*200 sounds with 10 words.*Index more"):
        tune(Library.open(tmp_path), ear, "mine")


@pytest.mark.parametrize(
    "name", ["", "Mine", "ear", "ear-2", "acoustic", "clap-x", "mine-1", "mine-int8", "../up", "a" * 40]
)
def test_invalid_names_are_refused(tmp_path, ear, name):
    with pytest.raises(QueryError, match="is not a valid name"):
        tune(Library.open(tmp_path), ear, name)


def test_a_damaged_correction_is_reported(monkeypatch, tmp_path, home, ear):
    planted(monkeypatch, tmp_path, ear)
    tune(Library.open(tmp_path), ear, "mine")
    card = read_ear_card(ears_path() / "mine" / "ear.toml")
    card.correction.write_bytes(b"nothing")
    with pytest.raises(EncoderError, match="Run `bowerbird train` again"):
        EarEncoder(ears_path() / "mine" / "ear.toml").encode([np.ones(3200, np.float32)])


def test_without_strength_nothing_moves():
    rng = np.random.default_rng(0)
    sounds = NamedSounds(units(rng.normal(size=(30, 8))), units(rng.normal(size=(30, 4))), (("a",), ("b",)) * 15)
    words = {"a": units(rng.normal(size=(1, 8)))[0], "b": units(rng.normal(size=(1, 8)))[0]}
    correction = fitted_correction(sounds, words, strength=0.0, penalty=1.0)
    np.testing.assert_allclose(corrected(sounds.learned, sounds.acoustic, correction), sounds.learned, atol=1e-6)
