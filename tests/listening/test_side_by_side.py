"""Side by side: the same query to several systems, what they share, and how many labels agree."""

from pathlib import Path

import pytest

from bowerbird.base.errors import QueryError
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.jobs.control import Control
from bowerbird.library.indexing.index import index_folders
from bowerbird.listening.design import check_design
from bowerbird.listening.study import System
from bowerbird.listening.systems.side_by_side import _average_precision, one_query_design, side_by_side
from encoding_stage import Here
from sounds import noise, sine, write

EAR, DESCRIPTORS, CHANCE = System("ear", encoder="ear"), System("d", encoder="acoustic"), System("r", kind="random")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    root, place = tmp_path_factory.mktemp("sounds"), tmp_path_factory.mktemp("library")
    for number in range(6):
        write(root / f"tone {number}.wav", sine(300.0 + 10 * number, duration_s=0.5))
        write(root / f"hiss {number}.wav", noise(number, duration_s=0.5))
    with pytest.MonkeyPatch.context() as monkeypatch:
        Here(monkeypatch)
        index_folders(place, [root], encoder=encoder_named(DEFAULT_ENCODER), control=Control(), post=lambda _: None)
    labels = {path: (path.name.split()[0],) for path in root.iterdir()}
    return place, root, labels


def test_labels_that_agree_are_marked_and_counted(library):
    place, root, labels = library
    ear, chance = side_by_side(place, (EAR, CHANCE), sound=root / "tone 0.wav", labels=labels)
    assert [result.shared for result in ear.results[:5]] == [("tone",)] * 5
    assert ear.average_precision == pytest.approx(1.0)
    assert chance.average_precision < 1.0
    assert len(ear.results) == len(chance.results) == 11
    assert root / "tone 0.wav" not in {result.path for result in ear.results}
    assert {result.n_columns for result in ear.results} == {2}


def test_without_labels_there_is_no_figure(library):
    place, root, _ = library
    (column,) = side_by_side(place, (EAR,), sound=root / "tone 0.wav", n_results=3)
    assert column.average_precision is None
    assert len(column.results) == 3


def test_a_system_that_cannot_answer_says_why_and_the_others_answer(library):
    place, _, _ = library
    ear, descriptors = side_by_side(place, (EAR, DESCRIPTORS), words="hiss")
    assert ear.results
    assert "knows no words" in descriptors.complaint
    assert descriptors.results == ()
    ear, nobody = side_by_side(place, (EAR, System("n", encoder="nobody")), words="hiss")
    assert ear.results
    assert "no encoder `nobody`" in nobody.complaint


@pytest.mark.parametrize(
    ("systems", "asked", "said"),
    [
        ((), {"words": "x"}, "Choose one to 5"),
        ((EAR,) * 6, {"words": "x"}, "Choose one to 5"),
        ((EAR,), {}, "nothing to ask"),
        ((EAR,), {"sound": Path("/nowhere.wav")}, "not analysed yet"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(library, systems, asked, said):
    with pytest.raises(QueryError, match=said):
        side_by_side(library[0], systems, **asked)


def test_what_stands_side_by_side_can_be_rated_blind(library):
    for asked in ({"sound": library[1] / "tone 0.wav"}, {"words": "a hiss"}):
        check_design(one_query_design("once", (EAR, CHANCE), **asked))


def test_average_precision_at_n_by_hand():
    # Relevant at ranks 1 and 3 of three, four relevant in all: (1/1 + 2/3) / min(3, 4).
    assert _average_precision([True, False, True], 4, 3) == pytest.approx((1 + 2 / 3) / 3)
    assert _average_precision([False, False], 1, 15) == 0.0
    assert _average_precision([True, True], 10, 15) == pytest.approx(0.2)  # a short list lacks the others
    assert _average_precision([True], 0, 15) is None
