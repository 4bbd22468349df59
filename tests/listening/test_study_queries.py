"""Ranking for a study: queries spread over strata, systems as designed, copies removed, and low anchors."""

import json
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from bowerbird.base.errors import QueryError, StudyError
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.jobs.control import Control
from bowerbird.library.foreign_rankings import SoundNames, read_rankings
from bowerbird.library.indexing.index import index_folders
from bowerbird.library.library import Library
from bowerbird.listening.study import Comparison, QueryChoice, StudyDesign, System
from bowerbird.listening.systems import queries
from bowerbird.listening.systems.ranker import Collection, Ranker
from encoding_stage import Here
from sounds import noise, write


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """Forty sounds in four folders: tones and noises, short and long, one of them twice."""
    root = tmp_path_factory.mktemp("sounds")
    rng = np.random.default_rng(2)
    for number in range(40):
        folder = root / f"Kind {number % 4}"
        folder.mkdir(exist_ok=True)
        duration_s = float(rng.uniform(0.2, 2.0))
        time_s = np.arange(int(duration_s * 32_000)) / 32_000
        tone = np.sin(2 * np.pi * (110.0 * (1 + number % 8)) * time_s)[:, None].astype(np.float32)
        mix = 0.3 * tone + 0.05 * (number % 5) * noise(number, duration_s=duration_s, rate_hz=32_000)[: len(tone)]
        write(folder / f"sound {number}.wav", mix, 32_000)
        if number == 7:
            write(folder / "louder seven.wav", 1.02 * mix, 32_000)
    path = tmp_path_factory.mktemp("library")
    with pytest.MonkeyPatch.context() as monkeypatch:
        Here(monkeypatch)
        index_folders(
            Library.open(path), [root], encoder=encoder_named(DEFAULT_ENCODER), control=Control(), post=lambda _: None
        )
    return path, root


EAR = System("ear", encoder="ear")
rank_study = partial(queries.rank_study, control=Control())
SOUNDS = StudyDesign("s", "S", (EAR, System("chance", kind="random")), choice=QueryChoice("stratified", 8))


def test_queries_are_spread_over_folders_and_lengths_and_drawn_by_the_seed(library):
    study = rank_study(Library.open(library[0]), SOUNDS)
    asked = [query for query in study.design.queries if not query.is_training]
    assert len(asked) == 8
    assert len({query.stratum for query in asked}) >= 6
    assert not any("Kind" in query.stratum for query in study.design.queries)
    assert rank_study(Library.open(library[0]), SOUNDS) == study
    other = rank_study(Library.open(library[0]), replace(SOUNDS, seed=2))
    assert {query.item_id for query in other.design.queries} != {query.item_id for query in study.design.queries}


def test_a_query_is_neither_its_own_result_nor_its_own_low_anchor(library):
    study = rank_study(Library.open(library[0]), replace(SOUNDS, near_copies="flag"))
    for query in study.design.queries:
        for run in study.runs.values():
            found = [result.item_id for result in run[query.id]]
            assert query.item_id not in found
            assert query.far_id not in found
        assert query.far_id
        assert query.far_id != query.item_id


def test_results_are_those_of_the_encoder(library):
    path, _ = library
    study = rank_study(Library.open(path), replace(SOUNDS, near_copies="keep"))
    collection = Collection(Library.open(path))
    vectors = collection.vectors(encoder_named("ear"))
    ids = [sound.item_id for sound in collection.sounds]
    for query in study.design.queries:
        cosines = vectors @ vectors[ids.index(query.item_id)]
        best = [ids[index] for index in np.argsort(-cosines, kind="stable") if ids[index] != query.item_id]
        assert [run.item_id for run in study.runs["ear"][query.id]][:5] == best[:5]


@pytest.mark.parametrize(
    ("rule", "is_there", "is_flagged"), [("remove", False, False), ("flag", True, True), ("keep", True, False)]
)
def test_a_copy_of_the_query_is_removed_flagged_or_kept(library, rule, is_there, is_flagged):
    path, root = library
    design = replace(
        SOUNDS, near_copies=rule, choice=QueryChoice("sounds", sounds=(str(root / "Kind 3" / "sound 7.wav"),))
    )
    study = rank_study(Library.open(path), design)
    found = {study.candidates[run.item_id].path.name: run.is_near_copy for run in study.runs["ear"]["q01"]}
    assert ("louder seven.wav" in found) == is_there
    assert found.get("louder seven.wav", False) == is_flagged


def test_variants_of_an_encoder_rank_differently(library):
    systems = (
        EAR,
        System("few", encoder="ear", n_components=2),
        System("descriptors", encoder="acoustic"),
        System("near", encoder="ear", n_components=30, search="nearest"),
        System("inner", encoder="ear", n_components=2, search="inner_product"),
        System("long", encoder="ear", aspects={"length": 50.0}),
    )
    study = rank_study(Library.open(library[0]), replace(SOUNDS, systems=systems))
    answers = {
        name: tuple(tuple(entry.item_id for entry in found) for found in run.values())
        for name, run in study.runs.items()
    }
    assert len(set(answers.values())) == len(systems)
    assert study.systems["few"]["n_dims"] == 2
    assert study.systems["ear"]["encoder_id"] == encoder_named("ear").id


def test_all_components_and_nearest_rank_as_cosine_does_where_vectors_are_units(library):
    path, _ = library
    collection = Collection(Library.open(path))
    cosine, nearest = (
        Ranker(System("x", encoder="ear", search=search), collection, seed=1) for search in ("cosine", "nearest")
    )
    np.testing.assert_array_equal(cosine.rank_sound(3)[0], nearest.rank_sound(3)[0])


def test_words_need_an_encoder_that_can_search_by_words(library):
    design = StudyDesign(
        "w",
        "W",
        (EAR,),
        construct="matches_words",
        choice=QueryChoice("words", words=("bright tone", "noise", "hiss")),
        n_training=1,
    )
    study = rank_study(Library.open(library[0]), design)
    assert [(query.words, query.is_training) for query in study.design.queries] == [
        ("bright tone", False),
        ("noise", False),
        ("hiss", False),
        ("wind", True),
    ]
    assert len(study.runs["ear"]["q01"]) >= 5
    with pytest.raises(QueryError, match="acoustic cannot search by words"):
        rank_study(Library.open(library[0]), replace(design, systems=(System("a", encoder="acoustic"),)))


def test_imported_rankings_are_compared(library, tmp_path):
    path, _ = library
    lines = [
        {
            "query_fname": "sound 1",
            "results": [{"result_fname": f"sound {n}.wav", "score": 1.0 / n} for n in (5, 9, 2)],
        },
    ]
    lines[0]["results"].append({"result_fname": "no such sound", "score": 0.0})
    (tmp_path / "theirs.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    design = replace(
        SOUNDS,
        systems=(EAR, System("theirs", kind="ranking", ranking=str(tmp_path / "theirs.jsonl"))),
        choice=QueryChoice("sounds", sounds=(str(library[1] / "Kind 1" / "sound 1.wav"),)),
        n_training=0,
    )
    study = rank_study(Library.open(path), design)
    assert [study.candidates[run.item_id].path.stem for run in study.runs["theirs"]["q01"]] == [
        "sound 5",
        "sound 9",
        "sound 2",
    ]
    assert study.notes == ("1 results of theirs were left out: they match no sound in this library, or more than one.",)
    with pytest.raises(StudyError, match="cannot rank by"):
        rank_study(
            Library.open(path),
            replace(design, choice=QueryChoice("sounds", sounds=(str(library[1] / "Kind 2" / "sound 2.wav"),))),
        )


def test_an_ambiguous_name_matches_no_sound_and_more_of_the_path_resolves_it():
    names = SoundNames([Path("/lib/kick/01.wav"), Path("/lib/snare/01.wav"), Path("/lib/snare/v1.2.wav")])
    assert names.index_of("01.wav") is None
    assert names.index_of("01") is None
    assert names.index_of("kick/01.wav") == 0
    assert names.index_of("lib\\snare\\01") == 1
    assert names.index_of("v1.2.wav") == names.index_of("v1.2") == 2
    assert names.index_of("hat/01.wav") is None
    assert names.index_of("") is None


def test_the_later_of_two_copies_among_the_results_is_marked(library):
    path, root = library
    other = QueryChoice("sounds", sounds=(str(root / "Kind 3" / "sound 15.wav"),))  # the same pitch as sound 7
    flags = replace(SOUNDS, choice=other, depth=20, near_copies="flag")
    study = rank_study(Library.open(path), flags)
    found = {study.candidates[run.item_id].path.name: run.is_near_copy for run in study.runs["ear"]["q01"]}
    assert sorted([found["sound 7.wav"], found["louder seven.wav"]]) == [False, True]
    assert sum(found.values()) == 1


def test_trec_runs_are_read_in_the_order_of_their_ranks(tmp_path):
    (tmp_path / "r.trec").write_text("q1 Q0 b 2 0.5 tag\nq1 Q0 a 1 0.9 tag\nq2 Q0 c 1 0.1 tag\n")
    assert read_rankings(tmp_path / "r.trec") == {"q1": [("a", 0.9), ("b", 0.5)], "q2": [("c", 0.1)]}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "is empty"),
        ("q1 Q0 a one 0.9 tag", "Line 1"),
        ("q1 Q0 a 9876543210 0.9 tag", "Line 1"),
        ('{"query_fname": "a"}', "Line 1"),
        ("{", "Line 1"),
    ],
)
def test_an_invalid_ranking_is_refused_with_its_line(tmp_path, text, sentence):
    (tmp_path / "r").write_text(text)
    with pytest.raises(QueryError, match=sentence):
        read_rankings(tmp_path / "r")


def test_a_missing_ranking_is_refused(tmp_path):
    with pytest.raises(QueryError, match="Cannot read the ranking"):
        read_rankings(tmp_path / "absent.trec")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"systems": (System("x", encoder="ear", n_components=500),)}, "Keep fewer"),
        ({"systems": (System("x", encoder="ear", aspects={"colour": 1.0}),)}, "has no aspect “colour”"),
        ({"systems": (System("x", encoder="ear", aspects={"timbre": -1.0}),)}, "Use 0 or more"),
        ({"choice": QueryChoice("random", 500)}, "Choose fewer queries"),
        ({"choice": QueryChoice("sounds", sounds=("/nowhere.wav",))}, "is not in the library"),
        ({"depth": 50}, "too few for a study of depth 50"),
    ],
)
def test_a_design_that_does_not_fit_the_library_is_refused(library, changes, sentence):
    with pytest.raises((QueryError, StudyError), match=sentence):
        rank_study(Library.open(library[0]), replace(SOUNDS, **changes))


def test_classes_are_strata_and_are_stored_with_items(library):
    path, root = library
    labels = {root / f"Kind {n % 4}" / f"sound {n}.wav": f"class {n % 2}" for n in range(40)}
    study = rank_study(Library.open(path), SOUNDS, labels=labels)
    assert all("class" in query.stratum or "folder" in query.stratum for query in study.design.queries)
    assert {candidate.label for candidate in study.candidates.values()} >= {"class 0", "class 1"}


def test_planned_comparisons_are_kept(library):
    design = replace(SOUNDS, planned=(Comparison("ear", "chance"),))
    assert rank_study(Library.open(library[0]), design).design.planned == design.planned


def test_no_page_shows_two_copies_of_a_sound_whichever_system_found_them(tmp_path, monkeypatch):
    root = tmp_path / "sounds"
    for number in range(12):
        samples = 0.5 * noise(number, duration_s=0.3) * np.exp(-np.arange(13_230)[:, None] / (1500 + 300 * number))
        write(root / "a" / f"{number}.wav", samples, subtype="PCM_24")
        write(root / "b" / f"softer {number}.flac", 0.5 * samples)
    Here(monkeypatch)
    library = Library.open(tmp_path / "library")
    index_folders(library, [root], encoder=encoder_named(DEFAULT_ENCODER), control=Control(), post=lambda _: None)
    ranking = tmp_path / "other.jsonl"
    lines = [
        {
            "query_fname": f"a/{number}.wav",
            "results": [{"result_fname": f"b/softer {other}.flac", "score": 1.0} for other in range(12)],
        }
        for number in range(12)
    ]
    ranking.write_text("\n".join(map(json.dumps, lines)))
    systems = (EAR, System("other", kind="ranking", ranking=str(ranking)))
    study = rank_study(library, StudyDesign("s", "S", systems, choice=QueryChoice("random", 4), n_training=1, depth=3))
    paths = [candidate.path for candidate in study.candidates.values()]
    assert {path.parent.name for path in paths} == {"a"}, "the better copy stands for both"
    for query in study.design.queries:
        assert len(study.runs["other"][query.id]) == 11, "names of copies are known, and the query is left out"
    kept = rank_study(library, replace(SOUNDS, near_copies="keep", n_training=1, choice=QueryChoice("random", 4)))
    assert {candidate.path.parent.name for candidate in kept.candidates.values()} == {"a", "b"}
