"""Bundles and merging: nothing of the library is sent, ratings are merged once, and conflicts are kept."""

import itertools
import shutil
import zipfile
from dataclasses import replace

import pytest

from bowerbird.base.errors import StudyError
from bowerbird.listening.bundles import MergeResult, merge, open_bundle, write_bundle, write_responses
from bowerbird.listening.raters import join
from bowerbird.listening.response_store import ResponseStore
from bowerbird.listening.session import RatingSession
from bowerbird.listening.store import study_file_names
from listening_stage import sample_study


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("BOWERBIRD_HOME", str(tmp_path / "here"))
    folder = sample_study(tmp_path / "here" / "studies" / "tones")
    (folder.path / "home.json").write_text('{"000": "/home/somebody/secret folder/kick.wav"}')
    return folder


def elsewhere(tmp_path, monkeypatch, home, name="there"):
    """Open a bundle of the study in another installation."""
    bundle = tmp_path / "tones.bowerbird"
    write_bundle(home, bundle)
    monkeypatch.setenv("BOWERBIRD_HOME", str(tmp_path / name))
    return open_bundle(bundle)


def rated(folder, pseudonym, *, n_pages=2, grades=(0, 1, 2, 3), rater=None):
    with ResponseStore(folder.path) as file:
        session = RatingSession(folder, file, rater or join(folder, file, pseudonym, {"hearing": "good"}))
        wanted = itertools.cycle(grades)
        for _ in range(n_pages):
            for position in (None, *range(len(session.page.slots))):
                session.record_playback(position, 1000.0, is_start=True)
            for position in range(len(session.page.slots)):
                session.grade(position, next(wanted))
            session.complete()
        return session.rater


def test_a_bundle_contains_the_study_files_and_nothing_else(tmp_path, home):
    rated(home, "heron")
    write_bundle(home, tmp_path / "b")
    with zipfile.ZipFile(tmp_path / "b") as bundle:
        assert sorted(bundle.namelist()) == sorted(study_file_names(home))
        text = b"".join(bundle.read(name) for name in bundle.namelist())
    assert b"secret folder" not in text
    assert b"heron" not in text


def test_a_bundle_opens_without_a_library_and_a_second_time(tmp_path, monkeypatch, home):
    there = elsewhere(tmp_path, monkeypatch, home)
    assert there.path == tmp_path / "there" / "studies" / "tones"
    assert there.study == home.study
    assert open_bundle(tmp_path / "tones.bowerbird").path == there.path
    assert not (tmp_path / "there" / "library").exists()


def test_raters_on_another_machine_have_their_own_orders(tmp_path, monkeypatch, home):
    assert rated(home, "heron", n_pages=0).number == 0
    assert rated(home, "wren", n_pages=0).number == 1
    there = elsewhere(tmp_path, monkeypatch, home)
    owl, jay = (rated(there, name, n_pages=0).number for name in ("owl", "jay"))
    assert min(owl, jay) > 1
    assert owl != jay
    write_responses(there, tmp_path / "r")
    merge(home, tmp_path / "r")
    assert rated(home, "finch", n_pages=0).number == 2  # merged raters do not change the numbers of local raters


def test_ratings_are_merged_and_a_second_merge_changes_nothing(tmp_path, monkeypatch, home):
    mine = rated(home, "heron")
    there = elsewhere(tmp_path, monkeypatch, home)
    theirs = rated(there, "owl", n_pages=3)
    write_responses(there, tmp_path / "owl.ratings")
    first = merge(home, tmp_path / "owl.ratings")
    assert first.n_raters == 1
    assert first.n_conflicts == 0
    with ResponseStore(home.path) as file, ResponseStore(there.path) as other:
        here, sent = file.responses(), other.responses()
    assert {rater.id for rater in here.raters} == {mine.id, theirs.id}
    assert [rating for rating in here.ratings if rating.rater_id == theirs.id] == list(sent.ratings)
    assert [event for event in here.events if event.rater_id == theirs.id] == list(sent.events)
    assert next(rater for rater in here.raters if rater.id == theirs.id).background == {"hearing": "good"}
    again = merge(home, tmp_path / "owl.ratings")
    assert again == MergeResult(0, 0, first.n_responses, 0)
    with ResponseStore(home.path) as file:
        assert file.responses() == here


def test_further_ratings_of_the_same_rater_are_added(tmp_path, monkeypatch, home):
    there = elsewhere(tmp_path, monkeypatch, home)
    rater = rated(there, "owl", n_pages=1)
    write_responses(there, tmp_path / "one")
    rated(there, "owl", n_pages=1, rater=rater)
    write_responses(there, tmp_path / "two")
    merge(home, tmp_path / "one")
    merged = merge(home, tmp_path / "two")
    assert (merged.n_raters, merged.n_conflicts) == (0, 0)
    assert merged.n_responses > 0
    assert merged.n_known > 0


def test_conflicting_ratings_are_both_kept_and_marked(tmp_path, monkeypatch, home):
    there = elsewhere(tmp_path, monkeypatch, home)
    rater = rated(there, "owl", n_pages=0)
    shutil.copytree(tmp_path / "there", tmp_path / "copy")
    rated(there, "owl", n_pages=1, rater=rater, grades=(0,))
    write_responses(there, tmp_path / "one")
    copy = replace(there, path=tmp_path / "copy" / "studies" / "tones")
    rated(copy, "owl", n_pages=1, rater=rater, grades=(3,))
    write_responses(copy, tmp_path / "two")
    merge(home, tmp_path / "one")
    merged = merge(home, tmp_path / "two")
    assert merged.n_conflicts == merged.n_responses > 0
    with ResponseStore(home.path) as file:
        ratings = file.responses().ratings
    assert {(rating.grade, rating.is_conflict) for rating in ratings} == {(0, False), (3, True)}
    assert merge(home, tmp_path / "two").n_responses == 0


def test_the_first_of_two_conflicting_ratings_counts_however_often_the_other_was_corrected(tmp_path, monkeypatch, home):
    there = elsewhere(tmp_path, monkeypatch, home)
    rater = rated(there, "owl", n_pages=3)  # past the training pages
    shutil.copytree(tmp_path / "there", tmp_path / "copy")
    copy = replace(there, path=tmp_path / "copy" / "studies" / "tones")
    for folder, grades in ((there, (0,)), (copy, (3, 2, 3))):
        with ResponseStore(folder.path) as file:
            session = RatingSession(folder, file, rater)
            for position in (None, 0):
                session.record_playback(position, 1000.0, is_start=True)
            for grade in grades:
                session.grade(0, grade)
            stimulus = (session.page.number, session.item_at(0))
        write_responses(folder, tmp_path / f"{len(grades)}.ratings")
    merge(home, tmp_path / "1.ratings")
    assert merge(home, tmp_path / "3.ratings").n_conflicts == 3
    with ResponseStore(home.path) as file:
        final = [
            final_rating
            for final_rating in file.responses().final_ratings()
            if (final_rating.page, final_rating.item_id) == stimulus
        ]
    assert [(rating.grade, rating.is_conflict) for rating in final] == [(0, False), (3, True)]


def test_a_bundle_with_ratings_is_refused(tmp_path, monkeypatch, home):
    write_bundle(home, tmp_path / "b.bowerbird")
    with zipfile.ZipFile(tmp_path / "b.bowerbird", "a") as bundle:
        bundle.writestr("ratings.sqlite3", "x")
    monkeypatch.setenv("BOWERBIRD_HOME", str(tmp_path / "h"))
    with pytest.raises(StudyError, match="do not belong to a study"):
        open_bundle(tmp_path / "b.bowerbird")
    assert not list((tmp_path / "h" / "studies").iterdir())


@pytest.mark.parametrize(("column", "value"), [("grade", "9"), ("grade", "-1"), ("slider", "400"), ("revision", "-1")])
def test_ratings_that_are_out_of_range_are_refused(tmp_path, home, column, value):
    rated(home, "heron")
    write_responses(home, tmp_path / "r")
    with zipfile.ZipFile(tmp_path / "r") as real, zipfile.ZipFile(tmp_path / "forged", "w") as out:
        for name in real.namelist():
            text = real.read(name).decode()
            if name == "ratings.csv":
                header, first, *rest = text.splitlines()
                cells = first.split(",")
                cells[header.split(",").index(column)] = value
                text = "\n".join([header, ",".join(cells), *rest])
            out.writestr(name, text)
    with pytest.raises(StudyError, match="out of range"):
        merge(home, tmp_path / "forged")


def test_a_second_rater_with_the_same_alias_is_renamed(tmp_path, monkeypatch, home):
    rated(home, "heron", n_pages=1)
    there = elsewhere(tmp_path, monkeypatch, home)
    rated(there, "heron", n_pages=1)
    write_responses(there, tmp_path / "r")
    assert merge(home, tmp_path / "r").renamed == (("heron", "heron (2)"),)
    with ResponseStore(home.path) as file:
        assert sorted(rater.pseudonym for rater in file.raters()) == ["heron", "heron (2)"]


def test_ratings_of_another_study_are_refused_and_nothing_changes(tmp_path, home):
    other = sample_study(tmp_path / "other", n_queries=3)
    rated(other, "owl")
    write_responses(other, tmp_path / "r")
    with pytest.raises(StudyError, match="belongs to another study"):
        merge(home, tmp_path / "r")
    with ResponseStore(home.path) as file:
        assert file.raters() == ()


def test_forged_ratings_of_another_study_are_refused(tmp_path, home):
    other = sample_study(tmp_path / "other", n_queries=3)
    rated(other, "owl")
    write_responses(other, tmp_path / "r")
    forged = tmp_path / "forged"
    with zipfile.ZipFile(tmp_path / "r") as real, zipfile.ZipFile(forged, "w") as out:
        for name in real.namelist():
            text = real.read(name).decode()
            out.writestr(name, text.replace(other.study.hash, home.study.hash) if name == "study.json" else text)
    with pytest.raises(StudyError, match="does not belong to this study"):
        merge(home, forged)


@pytest.mark.parametrize("damaged_name", ["ratings.csv", "choices.csv", "raters.csv", "events.jsonl", "study.json"])
@pytest.mark.parametrize("is_there", [True, False])
def test_damaged_ratings_are_refused(tmp_path, home, damaged_name, is_there):
    rated(home, "heron")
    write_responses(home, tmp_path / "r")
    damaged = tmp_path / "damaged"
    with zipfile.ZipFile(tmp_path / "r") as real, zipfile.ZipFile(damaged, "w") as out:
        for name in real.namelist():
            if name != damaged_name:
                out.writestr(name, real.read(name))
            elif is_there:
                lines = real.read(name).decode().splitlines()
                out.writestr(name, "\n".join([*lines[:1], '{"x', *lines[2:]]) if name != "study.json" else "{")
    with pytest.raises(StudyError):
        merge(home, damaged)


@pytest.mark.parametrize("content", [b"", b"no zip at all", b"PK\x03\x04 cut short"])
def test_a_file_that_is_not_a_bundle_is_refused(tmp_path, monkeypatch, content):
    monkeypatch.setenv("BOWERBIRD_HOME", str(tmp_path / "h"))
    path = tmp_path / "x.bowerbird"
    path.write_bytes(content)
    with pytest.raises(StudyError, match="is not a bundle"):
        open_bundle(path)
    assert not list((tmp_path / "h" / "studies").iterdir())


@pytest.mark.parametrize("name", ["../outside", "/absolute", "a/../../b"])
def test_a_bundle_that_would_write_elsewhere_is_refused(tmp_path, monkeypatch, home, name):
    write_bundle(home, tmp_path / "b.bowerbird")
    with zipfile.ZipFile(tmp_path / "b.bowerbird", "a") as bundle:
        bundle.writestr(name, "x")
    monkeypatch.setenv("BOWERBIRD_HOME", str(tmp_path / "deep" / "h"))
    with pytest.raises(StudyError, match="is not a bundle of a study"):
        open_bundle(tmp_path / "b.bowerbird")
    assert not (tmp_path / "deep" / "h" / "outside").exists()


def test_a_bundle_with_a_changed_file_is_refused(tmp_path, monkeypatch, home):
    (home.path / "runs" / "good.trec").write_text("q01 Q0 000 1 1.0 good\n")
    write_bundle(home, tmp_path / "b.bowerbird")
    monkeypatch.setenv("BOWERBIRD_HOME", str(tmp_path / "h"))
    with pytest.raises(StudyError, match="was changed"):
        open_bundle(tmp_path / "b.bowerbird")


def test_another_study_of_the_same_name_is_not_overwritten(tmp_path, monkeypatch, home):
    write_bundle(home, tmp_path / "b.bowerbird")
    monkeypatch.setenv("BOWERBIRD_HOME", str(tmp_path / "h"))
    other = sample_study(tmp_path / "h" / "studies" / "tones", n_queries=2)
    with pytest.raises(StudyError, match="another study named tones"):
        open_bundle(tmp_path / "b.bowerbird")
    assert (other.path / "study.yaml").exists()


def test_an_export_without_ratings_is_refused(tmp_path, home):
    with pytest.raises(StudyError, match="There are no ratings yet"):
        write_responses(home, tmp_path / "r")


def test_a_folder_is_not_overwritten(tmp_path, home):
    with pytest.raises(StudyError, match="is a folder"):
        write_bundle(home, tmp_path)
