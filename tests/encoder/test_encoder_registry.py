"""Encoders by name, their card, and what a broken installation is told."""

import csv
import tomllib

import numpy as np
import pytest

from bowerbird.encoder.acoustic import AcousticEncoder
from bowerbird.encoder.constants import read_constants, write_constants
from bowerbird.encoder.registry import DEFAULT_ENCODER, encoder_named, encoder_names
from bowerbird.errors import EncoderError
from bowerbird.paths import models_path


def test_every_name_and_every_full_id_gives_its_encoder():
    assert DEFAULT_ENCODER in encoder_names()
    for name in encoder_names():
        encoder = encoder_named(name)
        assert encoder_named(encoder.id).id == encoder.id


@pytest.mark.parametrize("name", ["acoustic-1-00000000", "clap", ""])
def test_an_unknown_name_is_refused_with_a_remedy(name):
    with pytest.raises(EncoderError, match=r"\. (Choose|Index) .*\.$"):
        encoder_named(name)


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
    # Python versions write the archive's own headers differently: what counts is every array, bit for bit.
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
