"""Encoders by name, their cards, and errors of a broken installation."""

import csv
import tomllib

import numpy as np
import pytest

from bowerbird.base.errors import EncoderError
from bowerbird.base.paths import ears_path, models_path
from bowerbird.encoders.acoustic.constants import read_constants, write_constants
from bowerbird.encoders.acoustic.encoder import AcousticEncoder
from bowerbird.encoders.ear.encoder import EarEncoder
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named, encoder_names, trained_ears
from own_ears import have_ear


def test_every_name_and_every_full_id_gives_its_encoder():
    have_ear("mine")
    have_ear("mine-too")
    assert encoder_names() == (DEFAULT_ENCODER, "acoustic", "mine", "mine-too")
    for name in encoder_names():
        encoder = encoder_named(name)
        assert encoder.name == name
        assert encoder.id.startswith(f"{name}-")
        assert encoder_named(encoder.id).id == encoder.id


def test_the_built_in_encoder_has_text_and_the_acoustic_encoder_has_not():
    assert isinstance(encoder_named(DEFAULT_ENCODER), EarEncoder)
    assert encoder_named(DEFAULT_ENCODER).text is not None
    assert isinstance(encoder_named("acoustic"), AcousticEncoder)
    assert encoder_named("acoustic").text is None


def test_where_it_computes_is_nothing_to_an_encoder_without_weights():
    for name in (DEFAULT_ENCODER, "acoustic"):
        assert encoder_named(f"{name}@cuda").id == encoder_named(name).id


@pytest.mark.parametrize("name", ["acoustic-1-00000000", "ear-1-00000000", "ear-int8", "mine-1-00000000", "clap", ""])
def test_an_unknown_name_is_refused_with_a_remedy(name):
    have_ear("mine")
    with pytest.raises(EncoderError, match=r"\. (Choose|Index) .*\.$"):
        encoder_named(name)


def test_the_id_of_another_version_is_refused_with_the_present_id():
    with pytest.raises(EncoderError, match=f"this version has {encoder_named(DEFAULT_ENCODER).id}. Index your folders"):
        encoder_named("ear-1-00000000")


# Ears that were trained here


def test_there_are_no_tuned_encoders_at_first():
    assert not ears_path().exists()
    assert trained_ears() == {}


def test_only_folders_with_a_card_are_ears():
    card = have_ear("mine")
    (ears_path() / "empty").mkdir()
    (ears_path() / "notes.txt").touch()
    assert trained_ears() == {"mine": card}


def test_a_tuned_encoder_differs_from_the_built_in_encoder():
    have_ear("mine")
    mine, shipped = encoder_named("mine"), encoder_named(DEFAULT_ENCODER)
    assert mine.id != shipped.id
    assert dict(mine.blocks) == dict(shipped.blocks)
    window = np.random.default_rng(0).normal(0, 0.1, 3200).astype(np.float32)
    (vector,) = mine.encode([window])
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


def test_an_ear_whose_card_is_damaged_says_so_and_harms_no_other():
    have_ear("mine").write_text("nothing")
    with pytest.raises(EncoderError, match=r"not a valid card\. .*train the encoder again\.$"):
        encoder_named("mine")
    assert encoder_named(DEFAULT_ENCODER).name == DEFAULT_ENCODER
    have_ear("mine-too")
    assert encoder_named("mine-too").name == "mine-too"


def test_the_card_says_what_the_encoder_is():
    encoder = AcousticEncoder()
    card = tomllib.loads((models_path() / "acoustic.toml").read_text(encoding="utf-8"))
    assert card["id"] == encoder.id
    assert (card["n_dims"], card["rate_hz"], card["window_s"]) == (
        encoder.n_dims,
        encoder.rate_hz,
        encoder.window_s,
    )
    assert {name: slice(*ends) for name, ends in card["blocks"].items()} == dict(encoder.blocks)
    assert sum(card["weights"].values()) == pytest.approx(1.0)
    assert (models_path() / card["sources"]).is_file()


def test_every_source_of_the_constants_has_a_licence_and_an_author():
    with (models_path() / "acoustic-sources.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) > 10
    assert all(row["licences"] and row["authors"] and int(row["n_clips"]) > 0 for row in rows)


def test_constants_are_small_and_survive_writing(tmp_path):
    shipped = models_path() / "acoustic.npz"
    assert shipped.stat().st_size <= 500_000
    constants = read_constants(shipped)
    write_constants(tmp_path / "again.npz", constants)
    # Python versions write different archive headers, so the arrays are compared bit for bit.
    with np.load(tmp_path / "again.npz") as again, np.load(shipped) as original:
        assert sorted(again.files) == sorted(original.files)
        assert all(again[name].tobytes() == original[name].tobytes() for name in original.files)


@pytest.mark.parametrize("damage", ["missing", "cut", "other", "empty"])
def test_damaged_constants_are_a_sentence_with_a_remedy(tmp_path, damage):
    path = tmp_path / "acoustic.npz"
    if damage == "cut":
        path.write_bytes((models_path() / "acoustic.npz").read_bytes()[:2000])
    elif damage == "other":
        np.savez(path, timbre_mean=np.zeros(3))
    elif damage == "empty":
        path.touch()
    with pytest.raises(EncoderError, match="Install Bowerbird again"):
        read_constants(path)
