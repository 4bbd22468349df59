"""What an earlier release stored opens unchanged: ids, embeddings, pages, responses.

Nothing is computed again but embeddings, once, after a change of how sounds are cut into windows.
"""

import json
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

import tiny_weights
from bowerbird.base.paths import library_path, models_path
from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.domain.query import parse_query
from bowerbird.encoders.onnx.encoder import audio_digest
from bowerbird.encoders.registry import encoder_named
from bowerbird.encoders.weights.cards import read_card, shipped_cards
from bowerbird.encoders.weights.self_check import SELF_CHECK_NAME, read_self_check
from bowerbird.jobs.control import Control
from bowerbird.library.demo import demo_folder
from bowerbird.library.indexing.index import index_folders
from bowerbird.library.library import Library
from bowerbird.library.search.search import Search
from bowerbird.listening.bundles import merge, open_bundle
from bowerbird.listening.plan import plan_pages
from bowerbird.listening.report.files import write_report
from bowerbird.listening.response_store import ResponseStore
from bowerbird.listening.session import RatingSession
from bowerbird.listening.store import open_study

STORED = Path(__file__).parent / "stored"
PAGES = json.loads((STORED / "pages.json").read_text(encoding="utf-8"))
STUDIES = sorted(PAGES)

ENCODER_IDS = {
    "ear": "ear-1-2b3615f4",
    "acoustic": "acoustic-1-9794d4d3",
    "clap-tiny": "clap-tiny-f6f9cdfb",
    "clap-tiny-int8": "clap-tiny-int8-ff1399d0",
}
CARD_DIGESTS = {
    "aisfx": "35ae0a9d",
    "clap-htsat-unfused": "d8809ed7",
    "clap-630k-audioset-best": "d8809ed7",
    "clap-630k-audioset-fusion-best": "eddab9db",
    "clap-630k-fusion-best": "eddab9db",
    "clap-larger-general": "d8809ed7",
    "clap-music-audioset": "d8809ed7",
    "clap-music-speech-audioset": "d8809ed7",
}
WORKED_EXAMPLE_DIGEST = "6afe01ea"


@pytest.fixture
def tiny():
    """The tiny CLAP with the self-check that the earlier release wrote."""
    weights = tiny_weights.have(is_checked=False)
    shutil.copy(STORED / "clap-tiny-proof.json", weights.folder / SELF_CHECK_NAME)
    return weights


@pytest.fixture
def library(tiny):
    """The stored library, its folder where the demo sounds lie now."""
    library = library_path()
    library.mkdir(parents=True)
    shutil.copy(STORED / "library.sqlite3", library / "catalogue.sqlite3")
    drums = str(demo_folder() / "Drums")
    with closing(sqlite3.connect(library / "catalogue.sqlite3")) as connection, connection:
        connection.execute("UPDATE sounds SET path = replace(path, (SELECT path FROM folders), ?)", [drums])
        connection.execute("UPDATE folders SET path = ?", [drums])
    return library


@pytest.fixture
def grades(tmp_path):
    """The stored study of grades, with its responses."""
    return open_study(Path(shutil.copytree(STORED / "studies" / "grades", tmp_path / "grades")))


@pytest.mark.parametrize(("name", "full_id"), ENCODER_IDS.items())
def test_encoders_keep_their_ids(tiny, name, full_id):
    assert encoder_named(name).id == full_id


def test_weights_that_nobody_has_here_keep_their_ids():
    assert {card.id: audio_digest("0" * 64, card.audio) for card in shipped_cards().values()} == CARD_DIGESTS
    assert audio_digest("0" * 64, read_card(models_path() / "general.toml").audio) == WORKED_EXAMPLE_DIGEST


def test_a_self_check_stays_valid(tiny):
    assert read_self_check(tiny).has_passed


def test_sounds_that_an_older_version_embedded_are_embedded_again_once_and_remain_as_they_were(library):
    def indexed():
        run = {"control": Control(), "post": lambda event: None, "n_workers": 1}
        done = index_folders(
            Library.open(library), [], encoder=encoder_named("ear"), further=encoder_named("clap-tiny"), **run
        )
        return done.n_sounds, done.n_analysed, done.n_encoded, done.n_rejected

    before = embeddings(library)
    assert indexed() == (16, 16, 16, 0)
    for old, new in zip(before, embeddings(library), strict=True):
        before_then = [each.vectors[np.argsort(each.content_ids, kind="stable")] for each in (old, new)]
        np.testing.assert_allclose(*before_then, atol=1e-4)
        assert old.ids.max() < new.ids.min()
    assert indexed() == (16, 0, 0, 0)


def embeddings(library):
    """The windows of both encoders."""
    with SqliteReader(library) as reader:
        encoders = [encoder_named(name) for name in ("ear", "clap-tiny")]
        return [reader.windows(encoder.id, encoder.n_dims) for encoder in encoders]


def test_a_search_finds_what_it_found(library):
    search = Search(Library.open(library), encoder_named("clap-tiny"))
    ids = [match.sound_id for match in search.by_text(parse_query("kick"), limit=3)]
    rows = search.reader.rows(ids)
    search.close()
    assert [rows[sound_id].name for sound_id in ids] == [  # what is named comes first
        "Kick Hard 04.flac",
        "Kick Punchy 02.flac",
        "Kick Soft 03.flac",
    ]


@pytest.mark.parametrize("name", STUDIES)
def test_a_bundle_opens_with_its_hash_and_every_rater_sees_the_same_pages(name):
    study = open_bundle(STORED / f"{name}.bowerbird").study
    assert study.hash == PAGES[name]["hash"]
    for number, pages in PAGES[name]["pages"].items():
        assert [as_stored(page) for page in plan_pages(study, rater_number=int(number))] == pages


def as_stored(page):
    columns = [[column.system, [[slot.item_id, slot.control] for slot in column.slots]] for column in page.columns]
    return [page.number, page.kind, page.query_id, columns, page.x, page.is_training, page.is_repeat]


@pytest.mark.parametrize("name", STUDIES)
def test_exported_responses_are_merged_and_the_rater_goes_on_where_they_stopped(name):
    folder = open_bundle(STORED / f"{name}.bowerbird")
    assert merge(folder, STORED / f"{name}.ratings").n_raters == 1
    with ResponseStore(folder.path) as file:
        (rater,) = file.raters()
        session = RatingSession(folder, file, rater)
        assert (rater.pseudonym, dict(rater.background)) == ("heron", {"age": "35-44"})
        assert session.page.number == PAGES[name]["open_page"]
        for position, answer in PAGES[name]["answers"].items():
            said = session.response(None if position == "None" else int(position))
            assert answer in (said.grade, said.answer)


def test_a_report_writes_the_same_tables(grades, tmp_path):
    with ResponseStore(grades.path) as file:
        write_report(grades, file.responses(), tmp_path / "report")
    stored = STORED / "studies" / "grades" / "report"
    for name in ("ratings.csv", "choices.csv", "raters.csv", "events.jsonl", "qrels.txt", "items.csv"):
        assert (tmp_path / "report" / name).read_text("utf-8") == (stored / name).read_text("utf-8"), name
    before, after = (
        json.loads((folder / "results.json").read_text("utf-8")) for folder in (stored, tmp_path / "report")
    )
    assert outline(after) == outline(before)


def outline(value):
    """The fields of a JSON document, without its figures."""
    if isinstance(value, dict):
        return {key: outline(entry) for key, entry in value.items()}
    return [outline(entry) for entry in value] if isinstance(value, list) else type(value).__name__
