"""The commands from outside: what they print, and their exit codes."""

import json
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from bowerbird_command import bowerbird, environment

from privileges import bound_by_permissions
from sounds import N_SMALL, N_SMALL_BROKEN, noise, sine, small_library, with_chunks, write

ROW_KEYS = {"rank", "path", "start_s", "end_s", "score", "percentile", "band", "why", "sound_id", "moments", "speed"}
ROW_KEYS |= {"probability", "copies", "n_others_in_folder"}
N_GOOD = N_SMALL - N_SMALL_BROKEN


@pytest.fixture(scope="module")
def indexed(tmp_path_factory):
    """The small library, indexed by the command: (folder, library, what it said)."""
    folder = small_library(tmp_path_factory.mktemp("sounds"))
    info = b"INFO" + b"ICMT" + (8).to_bytes(4, "little") + b"thunder\0"
    with_chunks(folder / "long" / "two windows.wav", (b"LIST", info))
    library = tmp_path_factory.mktemp("library")
    return folder, library, bowerbird("index", folder, "--library", library, "--json")


@pytest.fixture(scope="module")
def search(indexed):
    """Search the small library; gives JSON rows."""

    def search(*arguments, code=0):
        done = bowerbird("search", *arguments, "--library", indexed[1], "--json")
        assert (done.code, done.complaints) == (code, "")
        return done.rows

    return search


def test_indexing_prints_an_event_a_line_and_says_that_some_were_rejected(indexed):
    folder, _, done = indexed
    assert (done.code, done.complaints) == (1, "")
    kinds = [row["event"] for row in done.rows]
    assert set(kinds) == {
        "sounds_listed",
        "batch_recorded",
        "file_ignored",
        "folder_listed",
        "sound_rejected",
        "progress",
        "indexing_finished",
    }
    assert kinds[-1] == "indexing_finished"
    last = done.rows[-1]
    assert (last["n_sounds"], last["n_rejected"], last["is_cancelled"]) == (N_SMALL, N_SMALL_BROKEN, False)
    rejected = [row for row in done.rows if row["event"] == "sound_rejected"]
    assert {Path(row["path"]).parent for row in rejected} == {folder / "broken"}


def test_indexing_good_sounds_alone_is_done(tmp_path):
    write(tmp_path / "sounds" / "a.wav", sine(duration_s=0.1))
    done = bowerbird("index", tmp_path / "sounds", "--library", tmp_path / "library")
    assert (done.code, done.complaints) == (0, "")
    assert "1 analysed" in done.out
    again = bowerbird("index", "--library", tmp_path / "library")
    assert (again.code, again.complaints) == (0, "")
    assert "0 analysed" in again.out


def test_a_folder_that_is_not_there_is_a_sentence_and_2(tmp_path):
    done = bowerbird("index", tmp_path / "absent", "--library", tmp_path / "library")
    assert (done.code, done.out) == (2, "")
    assert done.complaints.strip().endswith("Check the spelling, or connect its drive.")


def test_of_several_folders_the_one_that_is_not_there_is_named_and_the_rest_indexed(tmp_path):
    write(tmp_path / "sounds" / "a.wav", sine(duration_s=0.1))
    done = bowerbird("index", tmp_path / "absent", tmp_path / "sounds", "--library", tmp_path / "library", "--json")
    assert [row["folder"] for row in done.rows if row["event"] == "folder_unreachable"] == [str(tmp_path / "absent")]
    assert done.rows[-1]["n_analysed"] == 1


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_interrupted_indexing_ends_with_130_and_is_taken_up_again(tmp_path):
    for number in range(30):
        write(tmp_path / "sounds" / f"{number}.wav", noise(number, duration_s=20, rate_hz=48_000), 48_000)
    arguments = ["index", str(tmp_path / "sounds"), "--library", str(tmp_path / "library"), "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "bowerbird", *arguments],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        for line in process.stdout:
            if json.loads(line)["event"] == "progress":
                process.send_signal(signal.SIGINT)
                break
        out, complaints = process.communicate(timeout=20)
    assert (process.returncode, complaints) == (130, "")
    last = json.loads(out.splitlines()[-1])
    assert (last["event"], last["is_cancelled"]) == ("indexing_finished", True)
    done = bowerbird(*arguments)
    assert done.code == 0
    assert last["n_analysed"] + done.rows[-1]["n_analysed"] == 30


def test_words_find_names_folders_and_metadata(search):
    rows = search("kick", "--all-copies")
    assert {Path(row["path"]).name for row in rows[:8]} == {f"kick{number}.ogg" for number in range(8)}
    assert all(set(row) == ROW_KEYS for row in rows)
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    assert all(row["why"].startswith("words in name") for row in rows[:8])  # their folder is "kicks"
    assert Path(search("thunder")[0]["path"]).name == "two windows.wav"
    assert search("zzyzx qwrt") == []


def test_filters_stand_among_words_or_in_options(search):
    rows = search("tone", "duration<1", "format=wav", "--limit", 100)
    assert {Path(row["path"]).parent.name for row in rows[:10]} == {"tones"}
    assert all(row["end_s"] < 1 and row["path"].endswith(".wav") for row in rows)
    assert "tones" not in {Path(row["path"]).parent.name for row in search("tone", "--filter", "channels=stereo")}
    assert len(search("noise", "--filter", "channels=stereo", "--filter", "folder=noises")) == 10


def test_like_a_sound_of_the_library_finds_neither_itself_nor_its_copy(indexed, search):
    tone = indexed[0] / "tones" / "tone 3.wav"
    rows = search("--like", tone, "--limit", 5)
    assert len(rows) == 5
    assert all(set(row) == ROW_KEYS for row in rows)
    assert not {"tone 3.wav", "copy of 3.wav"} & {Path(row["path"]).name for row in rows}
    assert {Path(row["path"]).parent.name for row in rows} == {"tones"}
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)
    assert all(0 <= row["percentile"] <= 100 for row in rows)
    assert rows[0]["why"].startswith("similar in ")


def test_like_a_sound_outside_the_library_finds_what_is_inside(indexed, search, tmp_path):
    outside = tmp_path / "outside.wav"
    shutil.copy(indexed[0] / "drums" / "kicks" / "kick3.ogg", tmp_path / "outside.ogg")
    write(outside, noise(3, duration_s=0.4, n_channels=2))
    rows = search("--like", tmp_path / "outside.ogg", "--all-copies")
    assert Path(rows[0]["path"]).parent.name == "kicks"
    assert "kick3.ogg" not in {Path(row["path"]).name for row in rows}, "its content is the example's"
    assert Path(search("--like", outside)[0]["path"]).parent.name == "noises"


def test_like_a_region_finds_other_moments_of_its_sound_and_not_itself(indexed, search):
    long = indexed[0] / "long" / "two windows.wav"
    rows = search("--like", f"{long}@10-12", "--limit", 100)
    assert [(row["start_s"], row["end_s"]) for row in rows if row["path"] == str(long)] == [(0.0, 10.0)]
    assert len(rows) > 1


def test_a_sound_at_half_speed_is_found_on_request(indexed, search, tmp_path):
    tone = indexed[0] / "tones" / "tone 3.wav"
    samples, rate_hz = soundfile.read(tone)
    fast = write(tmp_path / "fast.wav", samples.reshape(len(samples), -1), 2 * rate_hz)  # an octave higher
    row = search("--like", fast, "--other-speeds")[0]
    assert Path(row["path"]).name in {"tone 3.wav", "copy of 3.wav"}
    assert (row["speed"], row["why"].endswith(", at half speed")) == (0.5, True)
    assert {row["speed"] for row in search("--like", fast)} == {1.0}
    done = bowerbird("search", "tone", "--other-speeds", "--library", indexed[1])
    assert (done.code, "Other speeds need an example" in done.complaints) == (2, True)


def test_like_and_words_together_count_by_meaning(indexed, search):
    rows = search("noise", "--like", indexed[0] / "tones" / "tone 3.wav", "--limit", 50)
    assert {row["why"] for row in rows} == {"similar in sound and meaning"}
    assert search("zzyzx", "--like", indexed[0] / "tones" / "tone 3.wav") == []


def test_several_examples_leave_all_of_themselves_out(indexed, search):
    tones = [indexed[0] / "tones" / f"tone {number}.wav" for number in (1, 2)]
    rows = search("--like", tones[0], "--like", tones[1], "--limit", 100, "--all-copies")
    assert len(rows) == N_GOOD - 4, "their copies are left out too"


def test_a_list_for_people_is_one_match_a_line(indexed):
    done = bowerbird("search", "kick", "--library", indexed[1], "--limit", 3)
    assert done.code == 0
    assert len(done.out.splitlines()) == 3
    nothing = bowerbird("search", "qxzv", "--library", indexed[1])
    assert nothing.out == "No match for qxzv. Try fewer words or filters.\n"


def test_a_search_without_a_library_is_a_sentence_and_2(tmp_path):
    done = bowerbird("search", "kick", "--library", tmp_path / "none")
    assert done.code == 2
    assert "Run `bowerbird index FOLDER`" in done.complaints


@pytest.mark.parametrize(
    "arguments",
    [
        ["search"],
        ["search", "--like", "/nowhere/kick.wav"],
        ["search", "--like", ""],
        ["search", "--like", "{broken}"],
        ["search", "--like", "{tone}@5-6"],
        ["search", "--like", "{tone}@6-5"],
        ["search", "--filter", "duration<<2", "kick"],
        ["search", "--filter", "nonsense", "kick"],
        ["search", "--limit", "0", "kick"],
        ["search", "--limit", "many", "kick"],
        ["search", "--encoder", "golden ear", "kick"],
        ["search", "--encoder", "acoustic-0-abc", "kick"],
        ["search", "--unknown", "kick"],
        ["index", "--workers", "-1"],
        ["index", "--encoder", "x", "{folder}"],
        ["index", "{tone}"],
        ["evaluate"],
        ["evaluate", "--labels", "/nowhere.csv"],
        ["evaluate", "--labels", "{tone}"],
        ["export"],
        ["export", "--vectors", "/nowhere/at/all.npz"],
        ["export", "--vectors", "{folder}"],
    ],
)
def test_a_wrong_option_is_a_sentence_and_2(indexed, arguments):
    folder, library, _ = indexed
    places = {
        "{folder}": folder,
        "{tone}": folder / "tones" / "tone 1.wav",
        "{broken}": folder / "broken" / "garbage.wav",
    }
    for mark, place in places.items():
        arguments = [argument.replace(mark, str(place)) for argument in arguments]
    done = bowerbird(*arguments, "--library", library)
    assert done.code == 2
    assert done.out == ""
    assert done.complaints.strip().endswith((".", "?")) or "Try 'bowerbird" in done.complaints
    assert "has a fault" not in done.complaints


def test_a_damaged_library_is_a_sentence_and_2(tmp_path):
    (tmp_path / "catalogue.sqlite3").write_bytes(b"damaged" * 1000)
    for arguments in (["search", "kick"], ["index", tmp_path], ["export", "--vectors", tmp_path / "x.npz"]):
        done = bowerbird(*arguments, "--library", tmp_path)
        assert (done.code, done.out) == (2, "")
        assert "Restore a backup" in done.complaints


def test_evaluation_gives_figures_worked_out_by_hand(tmp_path):
    sounds = tmp_path / "sounds"
    write(sounds / "a1.wav", sine(220, duration_s=0.5))
    write(sounds / "n1.wav", noise(1, duration_s=0.5))
    shutil.copy(sounds / "a1.wav", sounds / "a2.wav")
    shutil.copy(sounds / "n1.wav", sounds / "n2.wav")
    shutil.copy(sounds / "n1.wav", sounds / "a3.wav")  # labelled a, sounds like n
    labels = sounds / "labels.csv"
    labels.write_text(
        "path,set,class,family,eval,group\na1.wav,s,a,F,1,\na2.wav,s,a,F,1,\na3.wav,s,a,F,1,\n"
        "n1.wav,s,n,F,1,\nn2.wav,s,n,F,1,\ngone.wav,s,n,F,1,\n"
    )
    library = tmp_path / "library"
    assert bowerbird("index", sounds, "--library", library).code == 0
    done = bowerbird("evaluate", "--labels", labels, "--library", library, "--json")
    assert (done.code, done.complaints) == (0, "")
    (figures,) = done.rows
    assert (figures["n_absent"], figures["absent"]) == (1, ["gone.wav"])
    assert [system["name"] for system in figures["systems"]] == ["ear", "acoustic"]
    found = figures["systems"][0]["figures"]
    assert (found["n_sounds"], found["n_queries"]) == (5, 5)
    # a1 finds a2, then a3, n1, n2 at one distance. Whatever their order: the first relevant is first for a1 and a2,
    # third for a3 (after n1 and n2), and for n1 and n2 first or second (beside a3).
    assert (0 + 0 + 2) / 5 <= found["micro"]["mr1"] <= (0 + 0 + 2 + 1 + 1) / 5
    text = bowerbird("evaluate", "--labels", labels, "--library", library)
    assert "MAP@15" in text.out
    assert "1 labelled sound has no vector: gone.wav." in text.out
    assert "ear − acoustic" in text.out


def test_evaluation_of_two_clear_classes_is_perfect(tmp_path):
    sounds = tmp_path / "sounds"
    rows = ["path,class"]
    for number in range(3):
        write(sounds / f"a{number}.wav", sine(220, duration_s=0.5))
        write(sounds / f"n{number}.wav", noise(number, duration_s=0.5))
        rows += [f"a{number}.wav,tone", f"n{number}.wav,noise"]
    (sounds / "labels.csv").write_text("\n".join(rows))
    assert bowerbird("index", sounds, "--library", tmp_path / "library").code == 0
    (figures,) = bowerbird(
        "evaluate", "--labels", sounds / "labels.csv", "--library", tmp_path / "library", "--json"
    ).rows
    for system in figures["systems"]:
        for averages in (system["figures"]["macro"], system["figures"]["micro"]):
            assert (averages["map_15"], averages["map_150"], averages["mr1"]) == (1, 1, 0)


def test_evaluation_of_words_probes_and_descriptors(tmp_path):
    sounds = tmp_path / "sounds"
    rows = ["fname,labels"]  # as in FSD50K, whose names have no extension
    for number in range(25):
        write(sounds / f"a{number}.wav", sine(200 + 40 * number, duration_s=0.3))
        write(sounds / f"n{number}.wav", noise(number, duration_s=0.3))
        rows += [f"a{number},tone", f"n{number},zzgrmpf"]
    (sounds / "labels.csv").write_text("\n".join(rows))
    assert bowerbird("index", sounds, "--library", tmp_path / "library").code == 0
    asked = ("evaluate", "--labels", sounds / "labels.csv", "--library", tmp_path / "library")
    further = (
        "--encoder",
        "ear",
        "--encoder",
        "ear:pitch",
        "--words",
        "--probes",
        "--runs",
        1,
        "--descriptors",
    )
    (figures,) = bowerbird(*asked, *further, "--json").rows
    assert [system["name"] for system in figures["systems"]] == ["ear", "ear:pitch"]
    scopes = {(each["system"], each["scope"]): each["n_texts"] for each in figures["texts"]}
    assert scopes["ear", "training labels"] == 1  # tone
    assert scopes["ear", "no training label"] == 1  # zzgrmpf
    accuracies = {(each["system"], each["kind"]): each["accuracy"] for each in figures["probes"]}
    assert accuracies["ear", "linear"] == accuracies["ear", "mlp"] == 1.0
    (gain,) = figures["gains"]
    assert (gain["together"], gain["alone"]) == ("ear", "ear:pitch")
    assert [(each["kind"], each["holm_p"] == each["p"]) for each in gain["probes"]] == [("linear", True), ("mlp", True)]
    assert {each["descriptor"] for each in figures["correlations"]} == {"MFCC", "chroma", "centroid", "bandwidth"}


def test_evaluation_writes_files_that_it_can_read(tmp_path):
    sounds = tmp_path / "sounds"
    rows = ["path,class"]
    for number in range(3):
        write(sounds / f"a{number}.wav", sine(220 + number, duration_s=0.3))
        write(sounds / f"n{number}.wav", noise(number, duration_s=0.3))
        rows += [f"a{number}.wav,tone", f"n{number}.wav,noise"]
    (sounds / "labels.csv").write_text("\n".join(rows))
    assert bowerbird("index", sounds, "--library", tmp_path / "library").code == 0
    asked = ("evaluate", "--labels", sounds / "labels.csv", "--library", tmp_path / "library")
    out = tmp_path / "out"
    out.mkdir()
    written = ("--csv", out / "figures.csv", "--html", out / "report.html", "--trec", out / "runs")
    assert bowerbird(*asked, "--encoder", "ear", *written).code == 0
    assert "MAP@15" in (out / "report.html").read_text()
    assert (out / "figures.csv").read_text().startswith("system,scope,name,n_queries,figure,value")
    (figures,) = bowerbird(*asked, "--encoder", "ear", "--encoder", f"run={out}/runs/ear.trec", "--json").rows
    first, second = (system["figures"]["macro"] for system in figures["systems"])
    assert first == second


def test_exported_vectors_are_read_without_pickle(indexed, tmp_path):
    out = tmp_path / "vectors.npz"
    done = bowerbird("export", "--vectors", out, "--library", indexed[1])
    assert (done.code, done.complaints) == (0, "")
    with np.load(out, allow_pickle=False) as stored:
        assert set(stored) == {"paths", "vectors", "encoder_id"}
        assert len(stored["paths"]) == len(stored["vectors"]) == N_GOOD
        assert sorted(stored["paths"]) == list(stored["paths"])
        np.testing.assert_allclose(np.linalg.norm(stored["vectors"], axis=1), 1, atol=1e-5)
        assert str(stored["encoder_id"]).startswith("ear-")
    assert [path.name for path in tmp_path.iterdir()] == ["vectors.npz"]


def test_the_demo_indexes_its_sounds_and_shows_two_searches(tmp_path):
    done = bowerbird("demo", "--library", tmp_path)
    assert (done.code, done.complaints) == (0, "")
    assert "$ bowerbird search " in done.out
    assert "--like" in done.out
    assert "similar in" in done.out


def test_the_doctor_says_where_things_lie(indexed, home):
    done = bowerbird("doctor", "--library", indexed[1])
    assert (done.code, done.complaints) == (0, "")
    assert f"{N_GOOD} sounds in 1 folder)" in done.out
    assert str(home) in done.out
    assert "no library" in bowerbird("doctor").out


def test_help_and_version_are_given():
    assert "Exit codes" in bowerbird("--help").out
    assert bowerbird("--version").out.startswith("bowerbird ")
    for command in ("index", "search", "evaluate", "export", "doctor", "demo"):
        assert bowerbird(command, "--help").code == 0


def test_the_library_of_the_environment_is_used(home, tmp_path):
    write(tmp_path / "a.wav", sine(duration_s=0.1))
    assert bowerbird("index", tmp_path).code == 0
    assert (home / "library" / "catalogue.sqlite3").is_file()


def test_commands_need_no_qt_and_no_sound_device(indexed, tmp_path):
    for name in ("PySide6", "sounddevice"):
        (tmp_path / f"{name}.py").write_text("raise ImportError('not here')\n")
    without = os.pathsep.join([str(tmp_path), environment()["PYTHONPATH"]])
    done = bowerbird("search", "kick", "--library", indexed[1], PYTHONPATH=without)
    assert (done.code, done.complaints) == (0, "")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has file names that are no text")
def test_a_file_whose_name_is_no_text_is_found_and_shown(tmp_path):
    path = tmp_path / "sounds" / os.fsdecode(b"caf\xe9 kick.wav")
    write(path, sine(duration_s=0.1))
    broken = tmp_path / "sounds" / os.fsdecode(b"br\xffken.wav")
    broken.write_bytes(b"")
    library = tmp_path / "library"
    for arguments in (["--json"], []):
        done = bowerbird("index", tmp_path / "sounds", "--library", library, *arguments)
        assert (done.code, done.complaints) == (1, "")
    (row,) = bowerbird("search", "kick", "--library", library, "--json").rows
    assert row["path"] == str(path)
    assert bowerbird("search", "kick", "--library", library).code == 0
    assert bowerbird("search", "--like", path, "--library", library).code == 0
    assert bowerbird("export", "--vectors", tmp_path / "x.npz", "--library", library).code == 0


def test_output_that_nobody_reads_is_no_error(indexed):
    reading = subprocess.Popen(
        [sys.executable, "-m", "bowerbird", "search", "wav", "--limit", "1000", "--library", str(indexed[1])],
        env=environment(PYTHONUNBUFFERED="1"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    reading.stdout.close()
    complaints = reading.stderr.read()
    reading.stderr.close()
    assert (reading.wait(30), complaints) == (0, b"")


def test_a_home_that_cannot_be_written_is_a_sentence_and_2(tmp_path):
    (tmp_path / "file").write_text("x")
    write(tmp_path / "sounds" / "a.wav", sine(duration_s=0.1))
    done = bowerbird("index", tmp_path / "sounds", BOWERBIRD_HOME=str(tmp_path / "file"))
    assert done.code == 2
    assert "Check the folder's permissions" in done.complaints


def test_permissions_bind_the_tests_themselves(tmp_path):
    (tmp_path / "closed").write_text("x")
    (tmp_path / "closed").chmod(0)
    with bound_by_permissions(), pytest.raises(PermissionError):
        (tmp_path / "closed").read_text()
