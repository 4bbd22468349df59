"""Matches of an example have bands: sounds of its kind are more likely right than others, at any speed."""

import numpy as np
import pytest

from bowerbird.domain.query import Example, Query, parse_query
from bowerbird.encoders.ear.encoder import EarEncoder
from bowerbird.jobs.control import Control
from bowerbird.library.indexing.index import index_folders
from bowerbird.library.library import Library
from bowerbird.library.search.search import Search
from sounds import click, noise, sine, write


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sounds")
    for number in range(8):
        write(folder / f"tone {number}.wav", sine(440 + 9 * number, duration_s=0.8))
        write(folder / f"hiss {number}.wav", noise(number, duration_s=0.3 + 0.05 * number))
        write(folder / f"click {number}.wav", click(duration_s=0.2 + 0.03 * number))
    return folder


@pytest.fixture(scope="module")
def library(folder, tmp_path_factory):
    library = Library.open(tmp_path_factory.mktemp("library"))
    library.create()
    index_folders(library, [folder], encoder=EarEncoder(), control=Control(), post=lambda _: None, n_workers=1)
    return library


@pytest.fixture
def search(library):
    search = Search(library, EarEncoder())
    yield search
    search.close()


def by_name(search, matches):
    rows = search.reader.rows([match.sound_id for match in matches])
    return {rows[match.sound_id].name: match for match in matches}


def test_sounds_of_the_kind_of_an_example_are_close_and_others_are_not(search, folder):
    matches = search.similar([Example(folder / "tone 0.wav")], Query(), limit=30)
    probabilities = [match.probability for match in matches]
    assert probabilities == sorted(probabilities, reverse=True)
    found = by_name(search, matches)
    assert found["tone 1.wav"].band == "close"
    assert {found[f"hiss {number}.wav"].band for number in range(8)} == {"weak"}


@pytest.mark.parametrize("words", ["hiss", "-hiss"])
def test_an_example_with_words_has_ranks_only(search, folder, words):
    matches = search.similar([Example(folder / "tone 0.wav")], parse_query(words), limit=30)
    assert {match.band for match in matches} == {None}
    assert np.all(np.diff([match.top_percent for match in matches]) >= 0)


def test_an_unlike_example_leaves_ranks_only(search, folder):
    examples = [Example(folder / "tone 0.wav"), Example(folder / "hiss 0.wav", is_unlike=True)]
    assert {match.band for match in search.similar(examples, Query(), limit=30)} == {None}
