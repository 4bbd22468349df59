"""Tags, stars, favourites, notes and collections: what they survive, and how they are undone."""

import os
import re
import shutil
import sqlite3
import sys
from contextlib import closing

import mutagen.flac
import numpy as np
import pytest
from stage import run

from bowerbird.base.errors import QueryError
from bowerbird.catalogue.sqlite.connection import FILE_NAME
from bowerbird.catalogue.sqlite.writer import SqliteWriter
from bowerbird.domain.query import Example, Location, Query, parse_filter, parse_query
from bowerbird.library.annotations.annotate import (
    MAX_ANNOTATED,
    add_tag,
    deny_word,
    remove_tag,
    set_favourite,
    set_note,
    set_stars,
)
from bowerbird.library.annotations.collections import (
    add_to_collection,
    create_collection,
    delete_collection,
    remove_from_collection,
    rename_collection,
)
from bowerbird.library.annotations.exchange import defused, export_annotations, import_annotations, restored
from bowerbird.library.annotations.history import MAX_EDITS, History
from bowerbird.library.annotations.recent import clear_history, history, record_event
from bowerbird.library.annotations.saved_searches import (
    SearchState,
    delete_search,
    rename_search,
    save_search,
    saved_searches,
)
from bowerbird.library.folders import forget_missing, remove_folder
from bowerbird.library.library import Library
from sounds import noise, write


@pytest.fixture(scope="module")
def indexed(tmp_path_factory):
    """A library of four sounds, not to be changed: (library folder, sounds)."""
    root = tmp_path_factory.mktemp("annotated")
    for number, name in enumerate(("door.wav", "rain.flac", "kick.wav", "wind.wav")):
        samples = np.round(30_000 * noise(number, duration_s=0.2)).astype(np.int16)
        write(root / "sounds" / name, samples, subtype="PCM_16")
    run(root / "library", root / "sounds")
    return root


@pytest.fixture
def root(indexed, tmp_path):
    """A copy of it."""
    shutil.copytree(indexed / "sounds", tmp_path / "sounds")
    shutil.copytree(indexed / "library", tmp_path / "library")
    with closing(sqlite3.connect(tmp_path / "library" / FILE_NAME)) as connection, connection:
        for table in ("sounds", "folders"):
            connection.execute(f"UPDATE {table} SET path = replace(path, ?, ?)", [str(indexed), str(tmp_path)])
    return tmp_path


@pytest.fixture
def library(root):
    return Library.open(root / "library")


@pytest.fixture
def ids(library, root):
    with library.read() as reader:
        return {path.name: reader.sound_at(path).id for path in (root / "sounds").iterdir()}


def known(library, sound_id):
    with library.read() as reader:
        return reader.annotations([sound_id])[sound_id]


def found(library, text):
    with library.read() as reader:
        return {reader.rows([sound_id])[sound_id].name for sound_id in reader.list_ids(parse_query(text)).tolist()}


def annotate(library, sound_id):
    add_tag(library, [sound_id], "Old  Wood")
    deny_word(library, [sound_id], "metal")
    set_stars(library, [sound_id], 4)
    set_favourite(library, [sound_id], is_favourite=True)
    set_note(library, [sound_id], "for the barn scene")
    create_collection(library, "Barn", [sound_id])


def is_annotated(annotations):
    return (
        annotations.tags == ("old wood",)
        and annotations.denied == ("metal",)
        and annotations.stars == 4
        and annotations.is_favourite
        and annotations.note == "for the barn scene"
        and len(annotations.collections) == 1
    )


FILTERS = ["tag='old wood'", "stars>=3", "favourite=yes", "note=barn", "collection=barn"]


@pytest.mark.parametrize("text", FILTERS)
def test_sounds_are_filtered_by_what_people_said(library, ids, text):
    annotate(library, ids["door.wav"])
    with library.read() as reader:
        assert reader.list_ids(Query(filters=(parse_filter(text),))).tolist() == [ids["door.wav"]]


@pytest.mark.parametrize("text", ["wood", "barn scene"])
def test_tags_and_notes_are_searched_by_words(library, ids, text):
    annotate(library, ids["door.wav"])
    assert found(library, text) == {"door.wav"}


def test_lists_are_sorted_by_stars(library, ids):
    set_stars(library, [ids["kick.wav"]], 5)
    set_stars(library, [ids["rain.flac"]], 2)
    with library.read() as reader:
        assert reader.list_ids(Query(order="stars", is_descending=True)).tolist()[:2] == [
            ids["kick.wav"],
            ids["rain.flac"],
        ]


def test_annotations_survive_a_rename_and_a_retag_in_one_step(library, ids, root):
    annotate(library, ids["rain.flac"])
    (root / "sounds" / "rain.flac").rename(root / "sounds" / "storm.flac")
    file = mutagen.flac.FLAC(root / "sounds" / "storm.flac")
    file["title"] = "Storm"
    file.save()
    run(root / "library", root / "sounds")
    with library.read() as reader:
        moved = reader.sound_at(root / "sounds" / "storm.flac")
        assert is_annotated(reader.annotations([moved.id])[moved.id])
        assert reader.list_ids(parse_query("stars=4 -missing")).tolist() != []


def test_annotations_survive_a_conversion_to_another_lossless_format(library, ids, root):
    annotate(library, ids["door.wav"])
    samples = np.round(30_000 * noise(0, duration_s=0.2)).astype(np.int16)
    (root / "sounds" / "door.wav").unlink()
    write(root / "sounds" / "door.flac", samples, subtype="PCM_16")
    run(root / "library", root / "sounds")
    with library.read() as reader:
        assert is_annotated(known(library, reader.sound_at(root / "sounds" / "door.flac").id))


def test_annotations_survive_an_edit_of_the_file_in_its_place(library, ids, root):
    annotate(library, ids["door.wav"])
    write(root / "sounds" / "door.wav", noise(77, duration_s=0.3))
    run(root / "library", root / "sounds")
    assert is_annotated(known(library, ids["door.wav"]))


def test_annotations_survive_a_folder_that_is_removed_for_good_and_added_again(library, ids, root):
    annotate(library, ids["door.wav"])
    library.remove_folder(library.folders()[0].id)
    run(root / "library", root / "sounds")
    with library.read() as reader:
        assert is_annotated(known(library, reader.sound_at(root / "sounds" / "door.wav").id))


def test_sounds_that_turn_out_to_have_the_same_samples_share_what_both_have(library, ids, root):
    shutil.copyfile(root / "sounds" / "rain.flac", root / "sounds" / "other.flac")
    file = mutagen.flac.FLAC(root / "sounds" / "other.flac")
    file["title"] = "Other"
    file.save()
    run(root / "library", root / "sounds")
    with (
        closing(sqlite3.connect(root / "library" / FILE_NAME)) as connection,
        connection,
    ):  # as an older version left it
        connection.execute("UPDATE audio SET hash = NULL")
        connection.execute("INSERT INTO audio (hash) VALUES (NULL)")
        connection.execute(
            "UPDATE contents SET audio_id = (SELECT max(id) FROM audio) WHERE id = (SELECT max(id) FROM contents)"
        )
    with library.read() as reader:
        other = reader.sound_at(root / "sounds" / "other.flac").id
    first = add_tag(library, [ids["rain.flac"]], "wet")
    edits = History(library)
    edits.add(first)
    edit = add_tag(library, [other], "grey")
    edits.add(edit)
    assert known(library, other).tags == ("grey",)
    run(root / "library", root / "sounds")
    assert known(library, other).tags == known(library, ids["rain.flac"]).tags == ("grey", "wet")
    edits.undo()
    assert known(library, other).tags == ("wet",)


@pytest.mark.parametrize(
    "change",
    [
        lambda library, number: add_tag(library, [number], "new"),
        lambda library, number: remove_tag(library, [number], "old wood"),
        lambda library, number: deny_word(library, [number], "old wood"),
        lambda library, number: set_stars(library, [number], 1),
        lambda library, number: set_favourite(library, [number], is_favourite=False),
        lambda library, number: set_note(library, [number], ""),
        lambda library, number: create_collection(library, "Another", [number]),
        lambda library, _: delete_collection(library, collection(library)),
        lambda library, _: rename_collection(library, collection(library), "Shed"),
        lambda library, number: remove_from_collection(library, collection(library), [number]),
        lambda library, number: add_to_collection(library, collection(library), [number + 1]),
        lambda library, _: remove_folder(library, library.folders()[0]),
    ],
)
def test_every_change_is_undone_and_done_again(library, ids, change):
    annotate(library, ids["door.wav"])
    before = state(library, ids)
    edits = History(library)
    edit = change(library, ids["door.wav"])
    after = state(library, ids)
    assert after != before
    edits.add(edit)
    assert edits.undo_text == edit.description
    edits.undo()
    assert state(library, ids) == before
    assert (edits.undo_text, edits.redo_text) == (None, edit.description)
    edits.redo()
    assert state(library, ids) == after
    edits.undo()
    assert state(library, ids) == before


def collection(library):
    with library.read() as reader:
        return reader.collections()[0]


def state(library, ids):
    with library.read() as reader:
        return (
            reader.annotations(list(ids.values())),
            reader.collections(),
            [reader.list_ids(parse_query(f"collection={entry.name}")).tolist() for entry in reader.collections()],
            reader.folders(),
            reader.list_ids(Query()).tolist(),
            reader.list_ids(parse_query("wood")).tolist(),
        )


def test_descriptions_say_what_was_done(library, ids):
    three = list(ids.values())[:3]
    assert remove_tag(library, three, "Wood").description == "Remove tag “wood” from 3 sounds"
    assert set_stars(library, three[:1], 3).description == "Set 3 stars for 1 sound"
    assert set_stars(library, three, 0).description == "Remove stars from 3 sounds"
    assert set_favourite(library, three, is_favourite=True).description == "Add 3 sounds to favourites"
    assert set_favourite(library, three, is_favourite=False).description == "Remove 3 sounds from favourites"


def test_what_changes_nothing_cannot_be_undone(library, ids):
    edits = History(library)
    edits.add(remove_tag(library, list(ids.values()), "absent"))
    set_stars(library, [ids["door.wav"]], 2)
    edits.add(set_stars(library, [ids["door.wav"]], 2))
    assert edits.undo_text is None


def test_undoing_a_tag_of_some_leaves_it_to_those_that_had_it(library, ids):
    add_tag(library, [ids["door.wav"]], "wood")
    edits = History(library)
    edits.add(add_tag(library, list(ids.values()), "wood"))
    edits.undo()
    assert found(library, "tag=wood") == {"door.wav"}


def test_a_new_change_ends_what_could_be_done_again(library, ids):
    edits = History(library)
    edits.add(set_stars(library, [ids["door.wav"]], 2))
    edits.undo()
    edits.add(set_stars(library, [ids["door.wav"]], 3))
    assert edits.redo_text is None
    assert edits.redo() is None


def test_what_can_be_undone_is_read_while_another_thread_undoes_it(library, ids):
    edit = add_tag(library, [ids["door.wav"]], "wood")
    for number in range(1, 40):  # the instruction before which the other thread undoes it
        edits = History(library)
        edits.add(edit)
        assert undone_at(edits, number) in {edit.description, None}
        assert edits.undo_text is None


def undone_at(edits, number):
    """Return `edits.undo_text`, while the edit is undone before an instruction of the property and what it calls."""
    n_left = number
    is_undone = False

    def trace(frame, event, argument):
        nonlocal n_left, is_undone
        frame.f_trace_opcodes = True
        n_left -= event == "opcode"
        if n_left == 0 and not is_undone:
            is_undone = True
            edits.undo()  # not traced: a trace function is not traced itself
        return trace

    sys.settrace(trace)
    try:
        found = edits.undo_text
    finally:
        sys.settrace(None)
    if not is_undone:
        edits.undo()
    return found


def test_a_removed_folder_is_hidden_and_comes_back_with_everything(library, ids, root):
    annotate(library, ids["door.wav"])
    edits = History(library)
    edits.add(remove_folder(library, library.folders()[0]))
    with library.read() as reader:
        assert reader.folders() == []
        assert reader.directories() == []
        assert reader.count() == 0
        assert reader.sound_at(root / "sounds" / "door.wav") is None
    edits.undo()
    with library.read() as reader:
        assert reader.count() == 4
        assert reader.window_ids(reader.encoder_ids()[0])[0].size == 4
    assert is_annotated(known(library, ids["door.wav"]))


def test_a_removed_folder_is_deleted_when_its_edit_leaves_the_history(library, ids, monkeypatch):
    monkeypatch.setattr("bowerbird.library.annotations.history.MAX_EDITS", 1)
    edits = History(library)
    edits.add(remove_folder(library, library.folders()[0]))
    edits.add(create_collection(library, "Doors"))
    with library.read() as reader:
        assert reader.rows(list(ids.values())) == {}
        assert reader.encoder_ids() == []


def test_a_removed_folder_is_deleted_when_the_program_starts_next(library, ids):
    remove_folder(library, library.folders()[0])
    library.delete_removed()
    with library.read() as reader:
        assert reader.rows(list(ids.values())) == {}


def test_with_nothing_removed_the_start_of_the_program_writes_nothing_and_waits_for_nobody(library, root):
    with closing(sqlite3.connect(root / "library" / FILE_NAME, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        library.delete_removed()  # in vain, this would wait for half a minute and fail


def test_a_removed_folder_that_is_added_again_is_back(library, ids, root):
    remove_folder(library, library.folders()[0])
    summary, _ = run(root / "library", root / "sounds")
    assert (summary.n_sounds, summary.n_analysed) == (4, 0)
    with library.read() as reader:
        assert reader.count() == 4


def test_only_the_latest_edits_are_kept(library, ids):
    edits = History(library)
    for number in range(MAX_EDITS + 5):
        edits.add(set_stars(library, [ids["door.wav"]], number % 5 + 1))
    n_undone = 0
    while edits.undo():
        n_undone += 1
    assert n_undone == MAX_EDITS


def test_missing_sounds_are_forgotten_and_come_back(library, ids, root):
    (root / "sounds" / "door.wav").unlink()
    run(root / "library", root / "sounds")
    edits = History(library)
    edits.add(forget_missing(library))
    assert edits.undo_text == "Forget 1 missing sound"
    assert "door.wav" not in found(library, "duration>0")
    edits.undo()
    assert "door.wav" in found(library, "duration>0")


def test_too_many_or_unknown_sounds_are_refused_with_a_remedy(library):
    with pytest.raises(QueryError, match=r"too many at once\. Select 5,000"):
        add_tag(library, range(MAX_ANNOTATED + 1), "x")
    with pytest.raises(QueryError, match=r"not analysed yet\. Wait"):
        add_tag(library, [12_345], "x")
    create_collection(library, "A")
    with pytest.raises(QueryError, match=r"already\. Choose another name"):
        create_collection(library, "a")


# Exchange


@pytest.mark.parametrize("name", ["tags.csv", "tags.json"])
def test_annotations_are_exported_and_imported_into_another_library(library, ids, root, tmp_path, name):
    annotate(library, ids["door.wav"])
    set_note(library, [ids["rain.flac"]], "=HYPERLINK(1)")
    add_tag(library, [ids["rain.flac"]], "a;b \\ c")
    assert export_annotations(library, tmp_path / name) == 2
    shutil.copytree(root / "sounds", root / "elsewhere")
    run(root / "other library", root / "elsewhere")
    other = Library.open(root / "other library")
    imported = import_annotations(other, tmp_path / name)
    assert (imported.n_matched, imported.unmatched) == (2, ())
    with other.read() as reader:
        door, rain = (reader.sound_at(root / "elsewhere" / file).id for file in ("door.wav", "rain.flac"))
    assert is_annotated(known(other, door))
    assert (known(other, rain).note, known(other, rain).tags) == ("=HYPERLINK(1)", ("a;b \\ c",))
    edits = History(other)
    edits.add(imported.edit)
    edits.undo()
    assert known(other, door).tags == ()
    assert collection_names(other) == []


def collection_names(library):
    with library.read() as reader:
        return [entry.name for entry in reader.collections()]


def test_no_cell_of_a_table_is_run_by_a_spreadsheet(library, ids, tmp_path):
    set_note(library, [ids["rain.flac"]], "@SUM(1)")
    export_annotations(library, tmp_path / "tags.csv")
    assert ",'@SUM(1)," in (tmp_path / "tags.csv").read_text("utf-8-sig")


@pytest.mark.parametrize("cell", ["=1", "+1", "-1", "@x", "\tx", "\rx", "'x", "''=x", "plain", "", "a=b", "'"])
def test_a_cell_is_restored_as_it_was(cell):
    assert restored(defused(cell)) == cell


def test_a_row_without_hashes_is_found_by_its_path_and_an_unknown_one_is_named(library, ids, root, tmp_path):
    (tmp_path / "mine.csv").write_text(
        f"Path,Tags,Stars\n{root / 'sounds' / 'door.wav'},oak; slow,5\n/nowhere.wav,x,\n", "utf-8"
    )
    imported = import_annotations(library, tmp_path / "mine.csv")
    assert (imported.n_matched, imported.unmatched) == (1, ("/nowhere.wav",))
    assert (known(library, ids["door.wav"]).tags, known(library, ids["door.wav"]).stars) == (("oak", "slow"), 5)


def test_collections_that_differ_only_in_case_are_one(library, ids, root, tmp_path):
    first, second = (root / "sounds" / name for name in ("door.wav", "kick.wav"))
    (tmp_path / "mine.csv").write_text(f"path,collections\n{first},Doors; DOORS\n{second},doors\n", "utf-8")
    import_annotations(library, tmp_path / "mine.csv")
    with library.read() as reader:
        assert [(entry.name, entry.n_sounds) for entry in reader.collections()] == [("Doors", 2)]


def test_an_import_that_fails_half_way_changes_nothing(library, ids, root, tmp_path, monkeypatch):
    (tmp_path / "mine.csv").write_text(f"path,tags,collections\n{root / 'sounds' / 'door.wav'},oak,Doors\n", "utf-8")

    def fail(*_, **__):
        raise QueryError("There is a collection “Doors” already. Choose another name.")

    with library.read() as reader, monkeypatch.context() as patched:
        before = reader.revision()
        patched.setattr(SqliteWriter, "create_collection", fail)
        with pytest.raises(QueryError):
            import_annotations(library, tmp_path / "mine.csv")
        assert reader.revision() == before
    assert known(library, ids["door.wav"]).tags == ()


@pytest.mark.parametrize(
    "text",
    [
        "nothing\n1\n",
        "path,stars\nx.wav,9\n",
        "path,stars\nx.wav,many\n",
        "path,favourite\nx.wav,perhaps\n",
        f"path,note\nx.wav,{'x' * 150_000}\n",
        f"path,{'x' * 150_000}\nx.wav,1\n",
        '{"version": 1, "sounds": [{"path": "x", "stars": Infinity}]}',
        "path,samples_hash\nx.wav,xyz\n",
        "{",
        '{"version": 1}',
        '{"version": 2, "sounds": []}',
        '{"version": 1, "sounds": [1]}',
        '{"version": 1, "sounds": [{"path": "x", "tags": "wood"}]}',
        "",
    ],
)
def test_a_file_that_is_not_valid_is_refused_with_a_remedy(library, tmp_path, text):
    (tmp_path / "tags").write_text(text)
    with pytest.raises(QueryError, match=r"\. [A-Z].+\.$"):
        import_annotations(library, tmp_path / "tags")


# History and saved searches


def test_the_history_lists_the_latest_first_and_each_once(library, ids):
    for name in ("door.wav", "rain.flac", "door.wav"):
        record_event(library, "played", ids[name])
    record_event(library, "dragged", ids["kick.wav"])
    record_event(library, "queried", "wet rain")
    record_event(library, "queried", "door")
    assert [entry.sound_id for entry in history(library, "played")] == [ids["door.wav"], ids["rain.flac"]]
    assert [entry.sound_id for entry in history(library, "dragged")] == [ids["kick.wav"]]
    assert [entry.query for entry in history(library, "queried", limit=1)] == ["door"]
    clear_history(library)
    assert history(library, "played") == []


def test_the_history_has_the_latest_of_two_copies_even_if_the_clock_was_set_back(library, root):
    shutil.copy(root / "sounds" / "door.wav", root / "sounds" / "door 2.wav")
    run(root / "library", root / "sounds")
    with library.read() as reader:
        first, second = (reader.sound_at(root / "sounds" / name).id for name in ("door.wav", "door 2.wav"))
    with library.write() as writer:
        for sound_id, at_s in ((second, 1.0), (first, 5.0), (second, 2.0)):
            writer.record_event("played", sound_id, at_s=at_s)
    (entry,) = history(library, "played")
    assert (entry.sound_id, entry.at_s) == (second, 2.0)


def test_the_history_leaves_out_sounds_that_are_gone_and_is_bounded(library, ids, root, monkeypatch):
    monkeypatch.setattr("bowerbird.catalogue.sqlite.recent.MAX_HISTORY", 3)
    for name in ids:
        record_event(library, "played", ids[name])
    assert [entry.sound_id for entry in history(library, "played")] == list(ids.values())[:0:-1]
    last = next(path for path in (root / "sounds").iterdir() if ids[path.name] == list(ids.values())[-1])
    last.unlink()
    run(root / "library", root / "sounds")
    assert len(history(library, "played")) == 2


def test_a_saved_search_keeps_the_whole_state(library, root):
    folder = library.folders()[0]
    search = SearchState(
        "rain -voice",
        (parse_filter("duration>2"), parse_filter('folder=12" vinyl'), parse_filter("key=A minor")),
        (Example(root / "sounds" / "rain.flac", 0.1, 0.2, is_unlike=True, weight=0.5),),
        (("timbre", 2.0),),
        has_other_speeds=True,
        order="stars",
        is_descending=True,
        location=Location(folder.id, "sounds"),
        recent="played",
    )
    save_search(library, " My  rain ", search)
    (saved,) = saved_searches(library)
    assert (saved.name, saved.state) == ("My rain", search)
    save_search(library, "other", SearchState("x"))
    with pytest.raises(QueryError, match="Choose another name"):
        rename_search(library, saved, "Other")
    rename_search(library, saved, "Wet")
    assert [entry.name for entry in saved_searches(library)] == ["other", "Wet"]


def test_a_deleted_search_comes_back(library):
    save_search(library, "Rain", SearchState("rain"))
    edits = History(library)
    before = saved_searches(library)
    edits.add(delete_search(library, before[0]))
    assert saved_searches(library) == []
    edits.undo()
    assert saved_searches(library) == before


def names_and_texts(library):
    return {search.name: search.state.text for search in saved_searches(library)}


def test_saving_over_a_search_and_renaming_one_are_undone_and_done_again(library):
    edits = History(library)
    states = [names_and_texts(library)]
    for change in (
        lambda: save_search(library, "Rain", SearchState("rain")),
        lambda: save_search(library, "rain", SearchState("storm")),
        lambda: rename_search(library, saved_searches(library)[0], "Storm"),
        lambda: rename_search(library, saved_searches(library)[0], "STORM"),
    ):
        edits.add(change())
        states.append(names_and_texts(library))
    assert states == [{}, {"Rain": "rain"}, {"rain": "storm"}, {"Storm": "storm"}, {"STORM": "storm"}]
    for state in states[-2::-1]:
        edits.undo()
        assert names_and_texts(library) == state
    for state in states[1:]:
        edits.redo()
        assert names_and_texts(library) == state


def test_a_deleted_search_does_not_come_back_over_a_new_one_of_its_name(library):
    save_search(library, "Rain", SearchState("rain"))
    edits = History(library)
    edits.add(delete_search(library, saved_searches(library)[0]))
    save_search(library, "rain", SearchState("storm"))
    with pytest.raises(QueryError, match=r"There is a saved search “Rain” already\. Rename it, then undo again\."):
        edits.undo()
    assert names_and_texts(library) == {"rain": "storm"}
    rename_search(library, saved_searches(library)[0], "Storm")
    edits.undo()
    assert names_and_texts(library) == {"Rain": "rain", "Storm": "storm"}


def test_searches_of_version_1_had_their_filters_in_the_text(library):
    old = '{"version": 1, "text": "%s", "examples": [], "aspects": {}, "order": "stars", "is_descending": true, '
    old += '"location": null}'
    with library.write() as writer:
        writer.create_search("a", old % r"duration<2 \"folder=My Drums\"")
        writer.create_search("b", old % "rain channels=stereo")
    first, second = saved_searches(library)
    filters = (parse_filter("duration<2"), parse_filter("folder=My Drums"))
    assert first.state == SearchState(filters=filters, order="stars", is_descending=True)
    # The stored order was that of lists that are not ranked, and was not used.
    assert second.state == SearchState("rain", (parse_filter("channels=stereo"),), order="relevance")


def test_searches_of_a_newer_version_are_left_out_and_folders_that_are_gone_are_not_asked_for(library):
    with library.write() as writer:
        writer.create_search("new", '{"version": 99}')
        writer.create_search("damaged", "{")
    save_search(library, "x", SearchState("x", location=Location(99, "gone")))
    (saved,) = saved_searches(library)
    assert saved.state.location is None


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has file names that are no text")
@pytest.mark.parametrize("name", ["tags.csv", "tags.json"])
def test_a_sound_whose_name_is_no_text_is_exported_and_found_by_its_path(library, root, tmp_path, name):
    path = root / "sounds" / os.fsdecode(b"caf\xe9.wav")
    write(path, noise(9, duration_s=0.1))
    run(root / "library", root / "sounds")
    with library.read() as reader:
        sound_id = reader.sound_at(path).id
    set_stars(library, [sound_id], 3)
    export_annotations(library, tmp_path / name)
    set_stars(library, [sound_id], 0)
    text = (tmp_path / name).read_text("utf-8", errors="surrogateescape")
    audio = known(library, sound_id)
    assert audio.stars == 0
    (tmp_path / name).write_text(re.sub(r"[0-9a-f]{32}", "", text), "utf-8", errors="surrogateescape")
    assert import_annotations(library, tmp_path / name).unmatched == ()
    assert known(library, sound_id).stars == 3
