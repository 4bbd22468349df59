"""Libraries of older versions: found by their old texts until these are made anew, from where a run was stopped."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from stage import run

from analyses import ENCODER_ID, analysis, stamp
from bowerbird.catalogue.sqlite import pending
from bowerbird.catalogue.sqlite.connection import FILE_NAME, open_writer
from bowerbird.catalogue.sqlite.migrations import STEPS, migrate
from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.catalogue.sqlite.writer import SqliteWriter
from bowerbird.domain.events import Progress
from bowerbird.domain.query import parse_query
from bowerbird.jobs.control import Control
from bowerbird.library.indexing import describing
from bowerbird.library.indexing.describing import read_names, renew_words
from sounds import noise, write

ROOT = Path("/sounds") if os.sep == "/" else Path("C:\\sounds")
PATHS = [
    "door_wood/open_door.ogg",
    "hats/Hi-Hat.wav",
    "hats/HiHat 2.wav",
    "hats/hihat 3.wav",
    "x/Handclap.wav",
    "drums/TR909_kick.wav",
    "notes/Piano C#3.wav",
    "notes/Été.wav",
    "ame/雨の音 3.wav",
    "tagged.wav",
]
NOT_ANALYSED = "Été"
QUERIES = [
    ("wooden door", ["open_door.ogg"]),
    ("hihat", ["Hi-Hat.wav", "HiHat 2.wav", "hihat 3.wav"]),
    ("hi-hat", ["Hi-Hat.wav", "HiHat 2.wav", "hihat 3.wav"]),
    ("clap", ["Handclap.wav", "tagged.wav"]),
    ("909", ["TR909_kick.wav"]),
    ("TR-909", ["TR909_kick.wav"]),
    ("C#3", ["Piano C#3.wav"]),
    ("ete", ["Été.wav"]),
    ("雨の音", ["雨の音 3.wav"]),
    ("thunder", ["tagged.wav"]),
    ("zanzibar", ["tagged.wav"]),
    ("hats -hihat", []),
    ('"open door"', ["open_door.ogg"]),
]
NEW_STEP = next(number for number, step in enumerate(STEPS) if step.name == "vocabulary of what sounds are found by")


def of_this_version(library):
    with SqliteWriter(library) as catalogue:
        folder = catalogue.add_folder(ROOT)
        catalogue.begin_scan()
        catalogue.reconcile(folder, [stamp(ROOT / path) for path in PATHS])
        for sound in catalogue.pending(folder, below=f"{ROOT}{os.sep}", encoder_id=ENCODER_ID):
            metadata = {"title": "ThunderClap"} if "tagged" in sound.path else {}
            if NOT_ANALYSED not in sound.path:
                catalogue.record([(sound.id, analysis(sound.id, metadata=metadata))], [], ENCODER_ID)
        read_names(catalogue, Control())
        with SqliteReader(library) as reader:
            tagged = reader.rows([len(PATHS)])[len(PATHS)]
        catalogue.set_word("zanzibar", {tagged.content_id: True})
    return library


def old_text(text):
    """Return what a name was found by before: its words, and those of their parts that are not among them."""
    borders = r"(?<=[a-zà-ÿ])(?=[A-ZÀ-Þ])|(?<=[A-Z])(?=[A-Z][a-z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])"
    words = re.findall(r"[^\W_]+", text)
    return " ".join(dict.fromkeys([*words, *(part for word in words for part in re.sub(borders, " ", word).split())]))


def of_an_older_version(library, filled):
    with closing(open_writer(library)) as connection:
        migrate(connection, library, STEPS[:NEW_STEP])
    with closing(sqlite3.connect(library / FILE_NAME)) as connection:
        connection.execute("ATTACH ? AS filled", [str(filled / FILE_NAME)])
        sql = "SELECT name FROM main.sqlite_master WHERE type = 'table' AND name NOT GLOB 'sound_words*'"
        for (table,) in connection.execute(sql).fetchall():
            columns = ", ".join(row[1] for row in connection.execute(f"PRAGMA main.table_info({table})"))
            connection.execute(f"DELETE FROM main.{table}")
            connection.execute(f"INSERT INTO main.{table} ({columns}) SELECT {columns} FROM filled.{table}")
        for sound_id, name, directory in connection.execute("SELECT id, name, directory FROM sounds").fetchall():
            metadata = old_text("ThunderClap zanzibar") if name == "tagged.wav" else ""
            row = [sound_id, old_text(name), old_text(directory), metadata]
            connection.execute("INSERT INTO sound_words (rowid, name, directory, metadata) VALUES (?, ?, ?, ?)", row)
        connection.commit()
    return library


@pytest.fixture
def new(tmp_path):
    return of_this_version(tmp_path / "new")


@pytest.fixture
def old(tmp_path, new):
    return of_an_older_version(tmp_path / "old", new)


def texts(library):
    with closing(sqlite3.connect(library / FILE_NAME)) as connection:
        return connection.execute("SELECT rowid, name, directory, metadata FROM sound_words ORDER BY rowid").fetchall()


def found(library, text):
    with SqliteReader(library) as reader:
        ids = reader.named(parse_query(text)).ids.tolist()
        return sorted(row.name for row in reader.rows(ids).values())


def n_left(library):
    with SqliteWriter(library) as writer:
        return writer.count_old_words()


@pytest.mark.parametrize(("text", "expected"), QUERIES)
def test_an_older_library_finds_the_same_before_and_after_its_texts_are_made_anew(old, text, expected):
    assert found(old, text) == expected
    with SqliteWriter(old) as writer:
        assert writer.renew_words(limit=4) == 4
    assert found(old, text) == expected
    with SqliteWriter(old) as writer:
        renew_words(writer, Control(), lambda _: None)
    assert found(old, text) == expected


def test_opening_an_older_library_makes_no_text_anew_and_a_run_makes_all_of_them(old, new):
    before = texts(old)
    assert n_left(old) == len(PATHS)
    assert texts(old) == before != texts(new)
    events = []
    with SqliteWriter(old) as writer:
        renew_words(writer, Control(), events.append)
        assert writer.count_old_words() == 0
    assert texts(old) == texts(new)
    assert events[-1].n_done == len(PATHS)
    assert {event.activity for event in events} == {"Reading names"}


def test_a_new_library_has_nothing_to_make_anew(new):
    events = []
    with SqliteWriter(new) as writer:
        renew_words(writer, Control(), events.append)
    assert events == []


def test_a_run_that_was_cancelled_is_resumed_where_it_stopped(old, new, monkeypatch):
    monkeypatch.setattr(describing, "_NAMES_RENEWED_AT_ONCE", 3)
    control = Control()
    with SqliteWriter(old) as writer:
        renew_words(writer, control, lambda _: control.cancel())
    assert n_left(old) == len(PATHS) - 3
    events = []
    with SqliteWriter(old) as writer:
        renew_words(writer, Control(), events.append)
    assert events[-1].n_done == len(PATHS) - 3
    assert texts(old) == texts(new)


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="Windows has no SIGKILL")
def test_a_program_that_is_killed_loses_no_text_and_resumes(old, new):
    program = (
        "import sys; from pathlib import Path; from bowerbird.catalogue.sqlite.writer import SqliteWriter\n"
        "writer = SqliteWriter(Path(sys.argv[1]))\n"
        "while writer.renew_words(limit=1): print('one', flush=True); sys.stdin.readline()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(old)],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "app")},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        for _ in range(2):
            assert process.stdout.readline() == "one\n"
            process.stdin.write("\n")
            process.stdin.flush()
        assert process.stdout.readline() == "one\n"
        os.kill(process.pid, signal.SIGKILL)
    assert n_left(old) == len(PATHS) - 3
    assert found(old, "hihat") == ["Hi-Hat.wav", "HiHat 2.wav", "hihat 3.wav"]
    with SqliteWriter(old) as writer:
        renew_words(writer, Control(), lambda _: None)
    assert texts(old) == texts(new)


def test_a_batch_that_fails_is_not_half_done(old, monkeypatch):
    before = texts(old)
    calls = iter([None, None])

    def fails(*arguments, **named):
        next(calls)
        index_words(*arguments, **named)

    index_words = pending.index_words
    monkeypatch.setattr(pending, "index_words", fails)
    with SqliteWriter(old) as writer:
        with pytest.raises(StopIteration):
            writer.renew_words(limit=5)
        assert writer.count_old_words() == len(PATHS)
    assert texts(old) == before


@pytest.mark.parametrize("n_at_once", [1, 3, 5, 10, 11])
@pytest.mark.parametrize("is_first_deleted", [False, True])
def test_the_last_batch_is_a_new_revision_whatever_the_size_of_batches(old, monkeypatch, n_at_once, is_first_deleted):
    monkeypatch.setattr(describing, "_NAMES_RENEWED_AT_ONCE", n_at_once)
    if is_first_deleted:
        with closing(sqlite3.connect(old / FILE_NAME)) as connection, connection:
            connection.execute("DELETE FROM sounds WHERE id = 1")
    with SqliteWriter(old) as writer, SqliteReader(old) as reader:
        before = reader.revision()
        renew_words(writer, Control(), lambda _: None)
        assert reader.revision() == before + 1
    with closing(sqlite3.connect(old / FILE_NAME)) as connection:
        assert connection.execute("SELECT last_id FROM old_words").fetchone() == (0,)


def test_old_texts_of_sounds_that_are_gone_are_forgotten(old):
    assert n_left(old) == len(PATHS)
    with closing(sqlite3.connect(old / FILE_NAME)) as connection, connection:
        connection.execute("DELETE FROM sounds")
    with SqliteWriter(old) as writer:
        renew_words(writer, Control(), lambda _: None)
    with closing(sqlite3.connect(old / FILE_NAME)) as connection:
        assert connection.execute("SELECT last_id FROM old_words").fetchone() == (0,)


def test_new_sounds_are_analysed_before_old_texts_are_made_anew(tmp_path):
    write(tmp_path / "sounds" / "old.wav", noise(1))
    run(tmp_path / "library", tmp_path / "sounds")
    with closing(sqlite3.connect(tmp_path / "library" / FILE_NAME)) as connection, connection:
        connection.execute("UPDATE old_words SET last_id = 1")
    write(tmp_path / "sounds" / "new.wav", noise(2))
    _, events = run(tmp_path / "library", tmp_path / "sounds")
    steps = [(event.activity, event.n_done) for event in events if isinstance(event, Progress)]
    assert steps[-1] == ("Reading names", 1)
    assert ("", 1) in steps


def test_lists_stay_as_they_are_until_the_last_text_was_made(old):
    with SqliteWriter(old) as writer, SqliteReader(old) as reader:
        before = reader.revision()
        writer.renew_words(limit=len(PATHS) - 1)
        assert reader.revision() == before
        writer.renew_words(limit=len(PATHS))
        assert reader.revision() == before + 1
        assert writer.renew_words(limit=len(PATHS)) == 0
        assert reader.revision() == before + 1


def test_the_next_start_resumes_folders_with_old_texts(old):
    with SqliteWriter(old) as writer, SqliteReader(old) as reader:
        (folder,) = reader.folders()
        for sound in writer.pending(folder, below=f"{ROOT}{os.sep}", encoder_id=ENCODER_ID):
            writer.record([(sound.id, analysis(sound.id))], [], ENCODER_ID)
        assert reader.pending_folders(ENCODER_ID) == [ROOT]
        renew_words(writer, Control(), lambda _: None)
        assert reader.pending_folders(ENCODER_ID) == []
