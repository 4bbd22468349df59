"""The schema from nothing, from an older version and from a newer one; and files that are no catalogue."""

import shutil
import sqlite3
from pathlib import PurePath

import pytest

from analyses import ENCODER_ID, N_DIMS, analysis, stamp
from bowerbird.base.errors import CatalogueError
from bowerbird.catalogue.sqlite import migrations
from bowerbird.catalogue.sqlite.connection import FILE_NAME, open_writer
from bowerbird.catalogue.sqlite.migrations import STEPS, Step, migrate
from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.catalogue.sqlite.writer import SqliteWriter
from bowerbird.domain.query import Query, parse_query
from privileges import bound_by_permissions

SENTENCE = r"^The .+\. [A-Z].+\.$"

ADDS_A_TABLE = Step("ratings", ("CREATE TABLE ratings (id INTEGER PRIMARY KEY)",))
FAILS_HALFWAY = Step("broken", ("CREATE TABLE half (id INTEGER PRIMARY KEY)", "CREATE TABLE sounds (id INTEGER)"))


def tables(library):
    connection = sqlite3.connect(library / FILE_NAME)
    try:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    finally:
        connection.close()


def version(library):
    connection = sqlite3.connect(library / FILE_NAME)
    try:
        return connection.execute("PRAGMA user_version").fetchone()[0]
    finally:
        connection.close()


def migrated(library, steps):
    connection = open_writer(library)
    try:
        migrate(connection, library, steps)
    finally:
        connection.close()


def test_a_new_library_has_the_newest_schema_and_no_backup(tmp_path):
    SqliteWriter(tmp_path / "new" / "library").close()
    assert version(tmp_path / "new" / "library") == len(STEPS)
    assert not list((tmp_path / "new" / "library").glob("*.before-*"))


def test_opening_twice_changes_nothing(tmp_path):
    with SqliteWriter(tmp_path) as catalogue:
        catalogue.add_folder(tmp_path / "a")
    SqliteWriter(tmp_path).close()
    with SqliteReader(tmp_path) as reader:
        assert len(reader.folders()) == 1


def test_a_file_of_a_newer_program_is_refused_and_left_as_it_is(tmp_path):
    migrated(tmp_path, (*STEPS, ADDS_A_TABLE))
    before = (tmp_path / FILE_NAME).read_bytes()
    with pytest.raises(
        CatalogueError, match=r"newer version of Bowerbird \(schema \d+; this version supports \d+\)\. Update"
    ):
        SqliteWriter(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == before


def test_an_older_file_is_backed_up_and_brought_up_to_date(tmp_path):
    with SqliteWriter(tmp_path) as catalogue:
        catalogue.add_folder(tmp_path / "a")
    migrated(tmp_path, (*STEPS, ADDS_A_TABLE))
    assert version(tmp_path) == len(STEPS) + 1
    assert "ratings" in tables(tmp_path)
    backups = list(tmp_path.glob("*.before-*"))
    assert len(backups) == 1
    (tmp_path / "restored").mkdir()
    backups[0].rename(tmp_path / "restored" / FILE_NAME)
    with SqliteReader(tmp_path / "restored") as reader:
        assert [folder.path for folder in reader.folders()] == [tmp_path / "a"]


def test_a_step_that_fails_leaves_the_file_as_it_was_and_says_so(tmp_path):
    SqliteWriter(tmp_path).close()
    before = tables(tmp_path)
    with pytest.raises(CatalogueError, match=r"could not be brought up to date \(broken: .+\)\. Nothing was changed"):
        migrated(tmp_path, (*STEPS, FAILS_HALFWAY))
    assert tables(tmp_path) == before
    assert version(tmp_path) == len(STEPS)
    with SqliteWriter(tmp_path) as catalogue:
        catalogue.add_folder(tmp_path / "still writable")


def test_steps_before_the_one_that_fails_are_kept(tmp_path):
    SqliteWriter(tmp_path).close()
    with pytest.raises(CatalogueError):
        migrated(tmp_path, (*STEPS, ADDS_A_TABLE, FAILS_HALFWAY))
    assert version(tmp_path) == len(STEPS) + 1
    assert "ratings" in tables(tmp_path)
    migrated(tmp_path, (*STEPS, ADDS_A_TABLE, Step("fixed", ())))
    assert version(tmp_path) == len(STEPS) + 2


@pytest.mark.parametrize(
    "content", [b"no catalogue at all, but long enough to be read" * 50, b"SQLite format 3\0" + b"x" * 4080]
)
@pytest.mark.parametrize("opened", [SqliteWriter, SqliteReader])
def test_a_file_that_is_no_catalogue_is_refused_with_a_remedy(tmp_path, content, opened):
    (tmp_path / FILE_NAME).write_bytes(content)
    with pytest.raises(CatalogueError, match=r"is damaged or not a catalogue\. Restore a backup"):
        opened(tmp_path)
    assert (tmp_path / FILE_NAME).read_bytes() == content


def filled(library):
    with SqliteWriter(library) as catalogue:
        folder = catalogue.add_folder(library / "sounds")
        catalogue.begin_scan()
        catalogue.reconcile(folder, [stamp(library / "sounds" / f"{number} kick.wav") for number in range(300)])
        pending = catalogue.pending(folder, below=str(library), encoder_id=ENCODER_ID)
        catalogue.record([(sound.id, analysis(sound.id)) for sound in pending], [], ENCODER_ID)
    return folder


@pytest.mark.parametrize("page", range(1, 40, 3))
def test_pages_overwritten_in_the_middle_are_an_answer_or_a_sentence_but_no_crash(tmp_path, page):
    filled(tmp_path)
    path = tmp_path / FILE_NAME
    data = bytearray(path.read_bytes())
    start = page * 4096
    assert start < len(data)
    data[start : start + 4096] = b"\xa5" * 4096
    path.write_bytes(data)
    try:
        with SqliteReader(tmp_path) as reader:
            reader.rows(reader.list_ids(parse_query("kick")).tolist())
            reader.all_vectors(ENCODER_ID, N_DIMS)
    except CatalogueError as error:
        assert "Restore a backup" in str(error)  # noqa: PT017 - both ways are right
    try:
        with SqliteWriter(tmp_path) as catalogue:
            folder = catalogue.add_folder(tmp_path / "sounds")
            catalogue.begin_scan()
            catalogue.reconcile(folder, [stamp(tmp_path / "sounds" / f"{n}.wav", mtime_ns=2) for n in range(300)])
            catalogue.mark_missing(folder, below=str(tmp_path))
            catalogue.count_pending(folder, below=str(tmp_path), encoder_id=ENCODER_ID)
            pending = catalogue.pending(folder, below=str(tmp_path), encoder_id=ENCODER_ID)
            catalogue.unidentified(folder, below=str(tmp_path), encoder_id=ENCODER_ID)
            catalogue.record([(sound.id, analysis(sound.id)) for sound in pending], [], ENCODER_ID)
            catalogue.delete_orphans()
    except CatalogueError as error:
        assert str(error).endswith((".", "kept."))  # noqa: PT017


def test_no_library_is_said_with_what_to_do(tmp_path):
    with pytest.raises(CatalogueError, match=r"There is no library at .+ yet\. Run `bowerbird index FOLDER`"):
        SqliteReader(tmp_path)


def test_an_empty_file_is_an_empty_library(tmp_path):
    (tmp_path / FILE_NAME).write_bytes(b"")
    with pytest.raises(CatalogueError, match=r"is empty\. Run"):
        SqliteReader(tmp_path)
    SqliteWriter(tmp_path).close()
    SqliteReader(tmp_path).close()


def test_a_library_where_nothing_may_be_written_is_said_so(tmp_path):
    (tmp_path / "closed").mkdir(mode=0o500)
    with bound_by_permissions(), pytest.raises(CatalogueError, match=SENTENCE):
        SqliteWriter(tmp_path / "closed" / "library")
    with bound_by_permissions(), pytest.raises(CatalogueError, match=SENTENCE):
        SqliteWriter(tmp_path / "closed")


def test_a_library_that_may_not_be_entered_is_said_so(tmp_path):
    SqliteWriter(tmp_path / "closed").close()
    (tmp_path / "closed").chmod(0)
    try:
        with bound_by_permissions(), pytest.raises(CatalogueError, match=r"\. [A-Z].+\.$"):
            SqliteReader(tmp_path / "closed")
    finally:
        (tmp_path / "closed").chmod(0o700)


def test_a_library_that_is_a_file_is_said_so(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(CatalogueError, match=SENTENCE):
        SqliteWriter(tmp_path / "file")
    with pytest.raises(CatalogueError, match=r"There is no library at .+"):
        SqliteReader(tmp_path / "file")


# From version 1


def of_version_1(library, n_sounds=3):
    """A library as the first version left it: sounds with their vectors, and one that was never analysed."""
    filled_library = library.with_name(f"{library.name} filled")
    with SqliteWriter(filled_library) as catalogue:
        folder = catalogue.add_folder(library / "sounds")
        catalogue.begin_scan()
        catalogue.reconcile(folder, [stamp(library / "sounds" / f"{number}.wav") for number in range(n_sounds + 1)])
        pending = catalogue.pending(folder, below=str(library), encoder_id=ENCODER_ID)[:n_sounds]
        catalogue.record([(sound.id, analysis(sound.id, n_windows=2)) for sound in pending], [], ENCODER_ID)
    migrated(library, STEPS[:1])
    connection = sqlite3.connect(library / FILE_NAME)
    connection.execute("ATTACH ? AS filled", [str(filled_library / FILE_NAME)])
    for table in ("folders", "contents", "sounds", "failures", "peaks", "windows"):
        old = ", ".join(row[1] for row in connection.execute(f"PRAGMA main.table_info({table})"))  # new ones come after
        connection.execute(f"INSERT INTO main.{table} SELECT {old} FROM filled.{table}")
    connection.execute(
        "INSERT INTO main.sound_words (rowid, name, directory, metadata) "
        "SELECT rowid, name, directory, metadata FROM filled.sound_words"
    )
    connection.commit()
    connection.close()
    assert version(library) == 1
    assert "encoded" not in tables(library)
    return analysis(1, n_windows=2).vectors


def opened_to_read(library):
    SqliteReader(library).close()


def opened_to_write(library):
    SqliteWriter(library).close()


@pytest.mark.parametrize("opened", [opened_to_read, opened_to_write])
def test_a_library_of_version_1_is_brought_up_to_date_by_whoever_opens_it(tmp_path, opened):
    library = tmp_path / "library"
    vectors = of_version_1(library)
    opened(library)
    assert version(library) == len(STEPS)
    assert {"encoded", "encoders"} <= tables(library)
    with SqliteReader(library) as reader:
        assert reader.count() == 4
        stored = reader.windows(ENCODER_ID, N_DIMS)
        assert len(stored.ids) == 6
        assert stored.vectors[:2].tolist() == vectors.tolist()
        assert reader.encoder_ids() == [ENCODER_ID]
        assert reader.encoder("wanted") is None
        assert reader.encoder("searched") is None


def test_who_once_went_back_to_no_further_encoder_has_the_built_in_now(tmp_path):
    migrated(tmp_path, STEPS[:3])
    connection = sqlite3.connect(tmp_path / FILE_NAME)
    connection.executemany(
        "INSERT INTO encoders (role, name) VALUES (?, ?)", [("wanted", "acoustic"), ("searched", "clap-tiny")]
    )
    connection.commit()
    connection.close()
    with SqliteReader(tmp_path) as reader:
        assert (reader.encoder("wanted"), reader.encoder("searched")) == (None, "clap-tiny")


@pytest.mark.parametrize("opened", [opened_to_read, opened_to_write])
def test_its_vectors_are_used_until_they_are_made_again(tmp_path, opened):
    library = tmp_path / "library"
    of_version_1(library)
    opened(library)
    with SqliteReader(library) as reader:
        assert reader.count_unencoded(ENCODER_ID) == 0
        assert reader.count_unencoded("another") == 3
        assert reader.pending_folders(ENCODER_ID) == [library / "sounds"]
    with SqliteWriter(library) as catalogue:
        (folder,) = [catalogue.add_folder(library / "sounds")]
        below = str(library)
        pending = catalogue.pending(folder, below=below, encoder_id=ENCODER_ID)
        assert [PurePath(sound.path).name for sound in pending] == [f"{number}.wav" for number in range(4)]
        again = catalogue.unencoded(folder, below=below, encoder_id=ENCODER_ID)
        assert [content.n_known for content in again] == [0, 0, 0]
        assert len(catalogue.unencoded(folder, below=below, encoder_id="another")) == 3


@pytest.mark.parametrize("opened", [opened_to_read, opened_to_write])
def test_a_backup_of_version_1_is_made_first(tmp_path, opened):
    library = tmp_path / "library"
    of_version_1(library)
    opened(library)
    backups = list(library.glob("*.before-*"))
    assert [path.name for path in backups] == [f"{FILE_NAME}.before-{len(STEPS)}"]
    (tmp_path / "restored").mkdir()
    shutil.copyfile(backups[0], tmp_path / "restored" / FILE_NAME)
    assert version(tmp_path / "restored") == 1
    opened(tmp_path / "restored")
    assert version(tmp_path / "restored") == len(STEPS)


def test_a_backup_is_not_replaced_by_one_of_a_library_that_another_program_migrated_meanwhile(tmp_path):
    of_version_1(tmp_path)
    late = sqlite3.connect(tmp_path / FILE_NAME, isolation_level=None)
    backup = tmp_path / f"{FILE_NAME}.before-{len(STEPS)}"
    migrations._back_up(late, 1, backup)
    before = backup.read_bytes()
    opened_to_write(tmp_path)  # the other program is done
    migrations._back_up(late, 1, backup)  # and this one still believes in version 1
    late.close()
    assert backup.read_bytes() == before
    assert [path.name for path in tmp_path.glob("*.before-*")] == [backup.name]


@pytest.mark.parametrize("opened", [opened_to_read, opened_to_write])
def test_a_backup_that_cannot_be_made_is_a_sentence_and_changes_nothing(tmp_path, opened):
    library = tmp_path / "library"
    of_version_1(library)
    (library / f"{FILE_NAME}.before-{len(STEPS)}").mkdir()
    with pytest.raises(CatalogueError, match=r"\. [A-Z].+\.$"):
        opened(library)
    assert version(library) == 1


def test_a_library_of_version_1_that_may_not_be_written_is_said_so(tmp_path):
    library = tmp_path / "library"
    of_version_1(library)
    (library / FILE_NAME).chmod(0o400)
    library.chmod(0o500)
    try:
        with bound_by_permissions(), pytest.raises(CatalogueError, match=r"\. [A-Z].+\.$"):
            SqliteReader(library)
    finally:
        library.chmod(0o700)
    assert version(library) == 1


SENTENCES = {
    "x.wav is empty. Restore it from a backup, or export it again.": "empty",
    "x.flac is truncated: it ends before the length in its header. Re-export it.": "truncated",
    "x.wav contains no audio. Re-export it.": "no_audio",
    "x.m4a has a format that Bowerbird cannot decode (MPEG-4). Convert it to WAV or FLAC.": "unsupported",
    "Decoding x.wav crashed twice. Re-export it.": "crashed",
    "Decoding x.wav timed out. Re-export it.": "timed_out",
    "x.wav cannot be decoded after 1.2 s (its structure is damaged). Re-export it.": "damaged",
}


def test_sounds_that_earlier_versions_rejected_are_in_their_classes(tmp_path):
    library = tmp_path / "library"
    of_version_1(library, n_sounds=len(SENTENCES))
    connection = sqlite3.connect(library / FILE_NAME)
    connection.executemany("INSERT INTO failures VALUES (?, ?)", enumerate(SENTENCES, start=1))
    connection.commit()
    connection.close()
    with SqliteReader(library) as reader:
        assert {sound.reason: sound.code for sound in reader.rejected()} == SENTENCES


def test_words_that_people_gave_come_along_and_folders_are_in_the_order_of_their_tree(tmp_path):
    library = tmp_path / "library"
    of_version_1(library)
    migrated(library, STEPS[:5])
    connection = sqlite3.connect(library / FILE_NAME)
    connection.execute("INSERT INTO given_words VALUES (1, 'wood', 1), (1, 'metal', 0), (2, 'wood', 1)")
    connection.execute("UPDATE sounds SET directory = 'Pack 10' WHERE id = 1")
    connection.execute("UPDATE sounds SET directory = 'pack 3' WHERE id = 2")
    connection.execute("UPDATE sounds SET directory = 'Pack 1' WHERE id > 2")
    connection.commit()
    connection.close()
    with SqliteReader(library) as reader:
        assert reader.given_words(1) == {"metal": False, "wood": True}
        assert reader.list_ids(parse_query("tag=wood")).tolist() == [1, 2]
        assert reader.list_ids(Query(order="folder")).tolist() == [3, 4, 2, 1]
        assert reader.list_ids(parse_query("loudness=-20")).tolist() == [1, 2, 3]


def test_windows_that_an_interrupted_run_left_are_deleted_since_the_rest_would_be_cut_anew(tmp_path):
    library = tmp_path / "library"
    of_version_1(library)
    names = [step.name for step in STEPS]
    migrated(library, STEPS[: names.index("which version cut the windows of embeddings")])
    connection = sqlite3.connect(library / FILE_NAME)
    connection.execute(
        "INSERT INTO windows (content_id, encoder_id, number, start_s, end_s, vector) "
        "SELECT content_id, 'further', number, start_s, end_s, vector FROM windows"
    )
    connection.execute("INSERT INTO encoded VALUES (1, 'further', NULL)")  # the others were interrupted
    connection.commit()
    connection.close()
    with SqliteReader(library) as reader:
        assert reader.windows("further", N_DIMS).content_ids.tolist() == [1, 1]
        assert len(reader.windows(ENCODER_ID, N_DIMS).ids) == 6
