"""Side by side: the results of several systems for one query, with shared classes."""

from pathlib import Path

import pytest

from bowerbird.base.errors import QueryError
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.jobs.control import Control
from bowerbird.library.indexing.index import index_folders
from bowerbird.library.library import Library
from bowerbird.listening.design import check_design
from bowerbird.listening.study import System
from bowerbird.listening.systems.side_by_side import one_query_design, side_by_side
from encoding_stage import Here
from sounds import noise, sine, write

EAR, DESCRIPTORS, CHANCE = System("ear", encoder="ear"), System("d", encoder="acoustic"), System("r", kind="random")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    root, path = tmp_path_factory.mktemp("sounds"), tmp_path_factory.mktemp("library")
    for number in range(6):
        write(root / f"tone {number}.wav", sine(300.0 + 10 * number, duration_s=0.5))
        write(root / f"hiss {number}.wav", noise(number, duration_s=0.5))
    with pytest.MonkeyPatch.context() as monkeypatch:
        Here(monkeypatch)
        index_folders(
            Library.open(path), [root], encoder=encoder_named(DEFAULT_ENCODER), control=Control(), post=lambda _: None
        )
    labels = {path: (path.name.split()[0],) for path in root.iterdir()}
    return path, root, labels


def test_shared_classes_are_marked_and_scored(library):
    path, root, labels = library
    ear, chance = side_by_side(Library.open(path), (EAR, CHANCE), sound=root / "tone 0.wav", labels=labels)
    assert [result.shared for result in ear.results[:5]] == [("tone",)] * 5
    assert ear.average_precision == pytest.approx(1.0)
    assert chance.average_precision < 1.0
    assert len(ear.results) == len(chance.results) == 11
    assert root / "tone 0.wav" not in {result.path for result in ear.results}
    assert {result.n_columns for result in ear.results} == {2}


def test_without_labels_there_is_no_average_precision(library):
    path, root, _ = library
    (column,) = side_by_side(Library.open(path), (EAR,), sound=root / "tone 0.wav", n_results=3)
    assert column.average_precision is None
    assert len(column.results) == 3


def test_a_system_that_fails_has_an_error_and_the_others_have_results(library):
    path, _, _ = library
    ear, descriptors = side_by_side(Library.open(path), (EAR, DESCRIPTORS), words="hiss")
    assert ear.results
    assert "cannot search by words" in descriptors.error
    assert descriptors.results == ()
    ear, nobody = side_by_side(Library.open(path), (EAR, System("n", encoder="nobody")), words="hiss")
    assert ear.results
    assert "Unknown encoder “nobody”" in nobody.error


@pytest.mark.parametrize(
    ("systems", "query", "sentence"),
    [
        ((), {"words": "x"}, "Choose 1 to 5"),
        ((EAR,) * 6, {"words": "x"}, "Choose 1 to 5"),
        ((EAR,), {}, "There is no query"),
        ((EAR,), {"sound": Path("/nowhere.wav")}, "not analysed yet"),
    ],
)
def test_an_invalid_search_is_refused(library, systems, query, sentence):
    with pytest.raises(QueryError, match=sentence):
        side_by_side(Library.open(library[0]), systems, **query)


def test_a_comparison_can_be_rated_blind(library):
    for query in ({"sound": library[1] / "tone 0.wav"}, {"words": "a hiss"}):
        check_design(one_query_design("once", (EAR, CHANCE), **query))
