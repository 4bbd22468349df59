"""The encoders that can be compared on a library."""

import pytest

from bowerbird.base.errors import CatalogueError
from bowerbird.encoders.registry import ACOUSTIC_ENCODER, DEFAULT_ENCODER, encoder_named
from bowerbird.jobs.control import Control
from bowerbird.library.indexing.index import index_folders
from bowerbird.library.library import Library
from bowerbird.listening.study import System
from bowerbird.listening.systems import choices as module
from bowerbird.listening.systems.choices import system_choices
from bowerbird.listening.systems.side_by_side import side_by_side
from encoding_stage import Here
from sounds import noise, sine, write


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    root, path = tmp_path_factory.mktemp("sounds"), tmp_path_factory.mktemp("library")
    write(root / "long.wav", sine(300.0, duration_s=3.0))
    write(root / "short.wav", noise(1, duration_s=0.5))
    write(root / "copy.wav", noise(1, duration_s=0.5))
    with pytest.MonkeyPatch.context() as monkeypatch:
        Here(monkeypatch)
        index_folders(
            Library.open(path), [root], encoder=encoder_named(DEFAULT_ENCODER), control=Control(), post=lambda _: None
        )
    return path, root


def test_the_acoustic_part_of_the_built_in_encoder_can_be_compared_too(library):
    path, root = library
    found = system_choices(Library.open(path))
    assert [encoder.name for encoder in found.encoders] == [DEFAULT_ENCODER, ACOUSTIC_ENCODER]
    systems = [System(encoder.name, encoder=encoder.name) for encoder in found.encoders]
    assert all(column.results for column in side_by_side(Library.open(path), systems, sound=root / "long.wav"))


def test_choices_have_the_aspects_and_text_of_their_encoders(library):
    ear, descriptors = system_choices(Library.open(library[0])).encoders
    assert (ear.has_text, descriptors.has_text) == (True, False)
    assert "meaning" in ear.aspects
    assert "meaning" not in descriptors.aspects
    assert ear.n_dims == encoder_named(DEFAULT_ENCODER).n_dims


def test_duplicates_count_once_and_long_sounds_are_cut(library):
    found = system_choices(Library.open(library[0]))
    assert found.n_sounds == 2
    assert found.mean_excerpt_s(10.0) == pytest.approx((3.0 + 0.5) / 2, abs=0.01)
    assert found.mean_excerpt_s(1.0) == pytest.approx((1.0 + 0.5) / 2, abs=0.01)


def test_an_encoder_without_embeddings_is_not_offered(library, monkeypatch):
    monkeypatch.setattr(module, "encoder_names", lambda: (DEFAULT_ENCODER, "no-such-encoder"))
    assert [encoder.name for encoder in system_choices(Library.open(library[0])).encoders] == [DEFAULT_ENCODER]
    assert system_choices(Library.open(library[0])).encoder("no-such-encoder") is None


def test_a_missing_library_is_an_error(tmp_path):
    with pytest.raises(CatalogueError):
        system_choices(Library.open(tmp_path / "none"))
