"""`bowerbird study`: a listening test from the design to the merged ratings, without a window."""

import io
import json
from dataclasses import replace

import numpy as np
import pytest
import yaml

from bowerbird.base.paths import studies_path
from bowerbird.listening.bundles import open_bundle, write_responses
from bowerbird.listening.raters import join
from bowerbird.listening.response_store import ResponseStore
from bowerbird.listening.session import RatingSession
from bowerbird.listening.store import study_named
from sounds import noise, sine, write


@pytest.fixture
def studied(tmp_path, command):
    """Index sixteen sounds; return a function that runs commands."""
    rng = np.random.default_rng(1)
    for number in range(16):
        duration_s = float(rng.uniform(0.1, 0.3))
        tone = sine(200.0 + 50 * number, duration_s=duration_s, level=0.2)
        write(tmp_path / "sounds" / f"{number}.wav", tone + noise(number, duration_s=duration_s, level=0.02))
    assert command("index", tmp_path / "sounds").code == 0
    return command


def rated(name, pseudonym):
    folder = study_named(name)
    with ResponseStore(folder.path) as file:
        session = RatingSession(folder, file, join(folder, file, pseudonym, {}))
        while session.page is not None:
            for position in (None, *range(len(session.page.slots))):
                session.record_playback(position, 1000.0, is_start=True)
            for position in range(len(session.page.slots)):
                session.grade(position, position % 4)
            session.complete()


def test_a_study_is_created_listed_and_shown(studied):
    made = studied("study", "new", "first", "--queries", "4", "--depth", "3")
    assert made.code == 0, made.complaints
    assert "first: How similar is each sound to the reference?" in made.out
    assert "4 queries, ear, acoustic, random, 3 results each" in made.out
    assert "bowerbird study rate first" in made.out
    (row,) = json.loads(studied("study", "list", "--json").out)
    assert (row["name"], row["n_queries"], row["raters"]) == ("first", 4, [])
    assert "ear, acoustic, random" in studied("study", "list").out
    shown = studied("study", "show", "first").out
    assert row["hash"] in shown
    assert made.out == shown


def test_a_study_depends_on_its_seed_alone(studied, monkeypatch, tmp_path):
    hashes = [
        json.loads(studied("study", "new", f"s{n}", "--queries", "3", "--seed", seed, "--json").out)
        for n, seed in enumerate((1, 1, 2))
    ]
    queries = [[query.item_id for query in study_named(row["name"]).study.design.queries] for row in hashes]
    assert queries[0] == queries[1] != queries[2]


def test_a_draft_is_printed_and_can_be_used(studied, tmp_path):
    draft = studied("study", "new", "mine", "--trial", "preference", "--system", "ear", "--system", "random", "--draft")
    table = yaml.safe_load(draft.out)
    assert (table["kind"], [system["name"] for system in table["systems"]]) == ("preference", ["ear", "random"])
    table |= {"depth": 2, "choice": {"how": "random", "n_queries": 3}, "title": "Mine"}
    (tmp_path / "mine.yaml").write_text(yaml.safe_dump(table))
    assert studied("study", "new", "mine", "--design", tmp_path / "mine.yaml").code == 0
    design = study_named("mine").study.design
    assert (design.title, design.depth, len(design.queries)) == ("Mine", 2, 5)
    assert not (studies_path() / "draft").exists()


def test_chosen_sounds_and_words_are_queries(studied, tmp_path):
    own = studied("study", "new", "own", "--query", tmp_path / "sounds" / "3.wav", "--compare", "ear:random")
    assert own.code == 0, own.complaints
    design = study_named("own").study.design
    assert sum(not query.is_training for query in design.queries) == 1
    assert [(pair.first, pair.second) for pair in design.planned] == [("ear", "random")]
    assert str(tmp_path) not in (study_named("own").path / "study.yaml").read_text()
    assert studied("study", "new", "words", "--words", "tone", "--words", "a hiss").code == 0
    design = study_named("words").study.design
    assert design.construct == "matches_words"
    assert [query.words for query in design.queries if not query.is_training] == ["tone", "a hiss"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("new", "Two Words"), "lowercase letters"),
        (("new", "x", "--trial", "duel"), "Choose one of grade, preference, abx"),
        (("new", "x", "--construct", "beauty"), "Choose one of sounds_alike"),
        (("new", "x", "--system", "nobody"), "Unknown encoder “nobody”"),
        (("new", "x", "--compare", "ear:nobody"), "“nobody”, which is not a system"),
        (("new", "x", "--queries", "400"), "Choose fewer queries"),
        (("new", "x", "--design", "absent.yaml"), "Cannot read"),
        (("show", "absent"), "There is no study"),
        (("export", "absent", "out"), "There is no study"),
        (("merge", "absent", "in"), "There is no study"),
        (("rate", "absent"), "Install PySide6"),
    ],
)
def test_an_error_is_a_sentence_and_leaves_nothing(studied, arguments, sentence):
    done = studied("study", *arguments)
    assert done.code == 2
    assert sentence in done.complaints
    assert "Traceback" not in done.complaints
    assert not studies_path().exists() or not list(studies_path().iterdir())


def test_a_name_is_used_once(studied):
    assert studied("study", "new", "x", "--queries", "2").code == 0
    again = studied("study", "new", "x", "--queries", "2")
    assert again.code == 2
    assert "A study named x already exists" in again.complaints


def test_a_bundle_is_exported_and_ratings_are_merged(studied, tmp_path, monkeypatch):
    studied("study", "new", "x", "--queries", "2", "--depth", "2")
    home = study_named("x")
    assert studied("study", "export", "x", tmp_path / "r", "--ratings").code == 2  # there are no ratings yet
    rated("x", "heron")
    assert "excerpts" in studied("study", "export", "x", tmp_path / "x.bowerbird").out
    with monkeypatch.context() as there:
        there.setenv("BOWERBIRD_HOME", str(tmp_path / "there"))
        open_bundle(tmp_path / "x.bowerbird")
        rated("x", "owl")
        assert "responses from 1 rater." in studied("study", "export", "x", tmp_path / "owl", "--ratings").out
    merged = studied("study", "merge", "x", tmp_path / "owl")
    assert merged.code == 0
    assert "1 new rater," in merged.out
    raters = json.loads(studied("study", "show", "x", "--json").out)["raters"]
    assert {rater["pseudonym"] for rater in raters} == {"heron", "owl"}
    assert len({rater["n_done"] for rater in raters}) == 1
    other = replace(home, study=replace(home.study, hash="0" * 64))
    write_responses(other, tmp_path / "foreign")
    refused = studied("study", "merge", "x", tmp_path / "foreign")
    assert refused.code == 2
    assert "belongs to another study" in refused.complaints


def test_a_study_is_deleted_only_when_confirmed(studied, monkeypatch):
    studied("study", "new", "x", "--queries", "2")
    monkeypatch.setattr("sys.stdin", io.StringIO("n\n"))
    assert studied("study", "remove", "x").code == 130
    assert (studies_path() / "x").is_dir()
    (studies_path() / "x" / "items.csv").write_text("damaged")
    assert studied("study", "remove", "x", "--yes").code == 0
    assert not (studies_path() / "x").exists()
    for name in ("x", "..", "../library", ""):
        refused = studied("study", "remove", name, "--yes")
        assert refused.code == 2
        assert "There is no study" in refused.complaints
    assert (studies_path().parent / "library").is_dir()


def test_systems_with_the_same_results_are_refused(studied):
    made = studied(
        "study",
        "new",
        "x",
        "--queries",
        "3",
        "--trial",
        "preference",
        "--system",
        "ear",
        "--system",
        "same=ear,search=nearest",
    )
    assert made.code == 2
    assert "return the same results" in made.complaints
    studied("study", "new", "y", "--queries", "3", "--trial", "abx", "--system", "ear", "--system", "random")
    assert study_named("y").study.design.kind == "abx"


def test_a_report_prints_the_findings_and_writes_its_files(studied, tmp_path):
    studied("study", "new", "x", "--queries", "2", "--depth", "2")
    refused = studied("study", "report", "x")
    assert refused.code == 2
    assert refused.complaints.startswith("There are no ratings yet.")
    rated("x", "heron")
    rated("x", "owl")
    done = studied("study", "report", "x", tmp_path / "report")
    assert done.code == 0, done.complaints
    assert done.out.strip().splitlines()[-1] == str(tmp_path / "report" / "report.html")
    assert "nDCG@2" in done.out
    for name in ("report.html", "results.json", "qrels.txt", "ratings.csv", "raters.csv", "events.jsonl", "items.csv"):
        assert (tmp_path / "report" / name).stat().st_size
    assert json.loads(studied("study", "report", "x", "--json").out)["n_raters"] == 2


def test_a_short_simulation_says_that_it_is_too_short(command):
    done = command("study", "simulate", "--studies", "2", "--seed", "5")
    assert done.code == 0
    assert "2 simulated studies of each kind, seed 5." in done.out
    assert "too few" in done.out
