"""`bowerbird train` and `bowerbird words`: words for sounds, and tuning the built-in encoder."""

from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from bowerbird.base.paths import ears_path
from bowerbird.cli import train as training
from bowerbird.cli.progress import live_line
from bowerbird.encoders.ear.encoder import EarEncoder
from bowerbird.encoders.ear.tuning import units
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.library.annotations import words as suggestions
from bowerbird.library.encoders import tuning
from own_ears import have_ear
from sounds import click, noise, sine, write

N_KINDS, N_TAKES = 12, 20


@pytest.fixture
def sounds(tmp_path, command):
    """A folder of three sounds whose names say nothing, indexed."""
    for name, samples in (("one.wav", noise(1, duration_s=0.5)), ("two.wav", sine(300)), ("three.wav", click())):
        write(tmp_path / "sounds" / name, samples)
    assert command("index", tmp_path / "sounds").code == 0
    return tmp_path / "sounds"


@pytest.fixture
def names_mean_something(monkeypatch, tmp_path):
    """A library with a direction of the vectors for every word in its names."""
    rng = np.random.default_rng(1)
    kinds = units(rng.normal(size=(N_KINDS, encoder_named(DEFAULT_ENCODER).n_dims)))
    paths, rows = [], []
    for kind in range(N_KINDS):
        word = "".join(chr(97 + (kind * 7 + place * 5) % 26) for place in range(6))
        for take in range(N_TAKES):
            own = "".join(chr(97 + (kind * 61 + take) // 26**place % 26) for place in range(4))
            paths.append(tmp_path / f"{word} {own}.wav")
            rows.append(kinds[kind] + 2.0 * units(rng.normal(size=(1, kinds.shape[1])))[0])
    monkeypatch.setattr(tuning, "sound_vectors", lambda _library, _ear: (paths, units(np.stack(rows))))


def names(rows):
    return sorted(Path(row["path"]).name for row in rows)


def words_of(row):
    return [one["word"] for one in row["words"]]


def is_sentence(text):
    return text.strip().endswith(".") and "\n" not in text.strip()


# Words


def test_each_sound_and_its_words_are_a_line(sounds, command, monkeypatch):
    monkeypatch.setattr(suggestions, "MIN_CONFIDENCE", 0.0)  # noise has no confident suggestions
    done = command("words", sounds / "one.wav", sounds / "two.wav")
    assert (done.code, done.complaints) == (0, "")
    lines = [line.split("\t") for line in done.out.splitlines()]
    assert [path for path, _ in lines] == [str(sounds / "one.wav"), str(sounds / "two.wav")]
    for _, shown in lines:
        assert len(shown.split(", ")) == suggestions.N_SUGGESTED
        assert all(word.endswith(" %") for word in shown.split(", "))


def test_a_word_that_is_added_comes_first_and_finds_the_sound(sounds, command):
    assert command("search", "garden gate", "folder=nowhere", "--json").rows == []
    done = command("words", sounds / "one.wav", "--add", "Garden  Gate", "--json")
    assert (done.code, done.complaints) == (0, "")
    (row,) = done.rows
    assert row["path"] == str(sounds / "one.wav")
    assert row["words"][0] == {"word": "garden gate", "confidence": 1.0, "is_given": True}
    rows = command("search", "garden", "--json").rows
    assert names(rows[:1]) == ["one.wav"]
    assert rows[0]["why"].startswith("words in")
    assert names(command("search", "garden", "--encoder", "acoustic", "--json").rows) == ["one.wav"]
    assert command("words", sounds / "one.wav").out.split("\t")[1].startswith("garden gate")


def test_a_word_is_added_to_several_sounds_at_once(sounds, command):
    done = command("words", sounds / "one.wav", sounds / "two.wav", "--add", "gate", "--json")
    assert [words_of(row)[0] for row in done.rows] == ["gate", "gate"]
    found = command("search", "gate", "--encoder", "acoustic", "--json").rows
    assert names(found) == ["one.wav", "two.wav"]


def test_a_rejected_word_is_not_suggested_again(sounds, command, monkeypatch):
    monkeypatch.setattr(suggestions, "MIN_CONFIDENCE", 0.0)
    (before,) = command("words", sounds / "one.wav", "--json").rows
    denied = words_of(before)[0]
    (after,) = command("words", sounds / "one.wav", "--deny", denied, "--json").rows
    assert denied not in words_of(after)
    assert len(after["words"]) == suggestions.N_SUGGESTED
    assert words_of(command("words", sounds / "one.wav", "--json").rows[0]) == words_of(after)


def test_an_added_word_can_be_rejected_again(sounds, command):
    command("words", sounds / "one.wav", "--add", "gate")
    (row,) = command("words", sounds / "one.wav", "--deny", "gate", "--json").rows
    assert "gate" not in words_of(row)
    assert command("search", "gate", "--encoder", "acoustic", "--json").rows == []


def test_paths_may_be_relative(sounds, command, monkeypatch):
    monkeypatch.chdir(sounds)
    (row,) = command("words", "one.wav", "--add", "gate", "--json").rows
    assert row["path"] == str(sounds / "one.wav")


@pytest.mark.parametrize("word", ["", "  ", "?!"])
def test_an_invalid_word_is_a_sentence_and_2(sounds, command, word):
    done = command("words", sounds / "one.wav", "--add", word)
    assert (done.code, done.out) == (2, "")
    assert "Enter a word or a short phrase" in done.complaints
    assert is_sentence(done.complaints)


def test_a_sound_that_is_not_in_the_library_is_a_sentence_and_2_and_no_other_is_changed(sounds, command):
    done = command("words", sounds / "one.wav", sounds / "four.wav", "--add", "gate")
    assert (done.code, done.out) == (2, "")
    assert done.complaints.strip().endswith("is not in the library, or not analysed yet. Index its folder.")
    assert "gate" not in command("words", sounds / "one.wav").out


def test_a_folder_is_not_a_sound(sounds, command):
    done = command("words", sounds, "--add", "gate")
    assert (done.code, done.out) == (2, "")
    assert done.complaints.strip() == f"{sounds} is a folder. Name the sounds in it."


@pytest.mark.parametrize(("add", "deny"), [("gate", " Gate"), ("gate", "?!"), ("gate", "g" * 61)])
def test_of_two_words_neither_is_stored_if_one_is_invalid(sounds, command, add, deny):
    done = command("words", sounds / "one.wav", "--add", add, "--deny", deny)
    assert (done.code, done.out) == (2, "")
    assert is_sentence(done.complaints)
    assert "gate" not in command("words", sounds / "one.wav").out


def test_words_come_from_the_encoder_that_search_uses(sounds, command, monkeypatch):
    monkeypatch.setattr(EarEncoder, "names_of", lambda ear, vectors, n_names: [((ear.name, 0.5),) for _ in vectors])
    have_ear("mine")
    assert command("index", "--encoder", "mine").code == 0
    assert command("words", sounds / "one.wav").out.split("\t")[1] == "mine 50 %\n"
    assert command("index", "--encoder", "acoustic").code == 0
    assert command("words", sounds / "one.wav").out.split("\t")[1] == "ear 50 %\n"


def test_words_without_a_library_are_a_sentence_and_2(tmp_path, command):
    done = command("words", tmp_path / "one.wav")
    assert (done.code, done.out) == (2, "")
    assert is_sentence(done.complaints)


# Training


def test_too_little_to_learn_from_is_a_sentence_and_2(sounds, command):
    done = command("train")
    assert (done.code, done.out) == (2, "")
    assert "There is too little to learn from: " in done.complaints
    assert is_sentence(done.complaints)
    assert not ears_path().exists()


def test_training_without_a_library_is_a_sentence_and_2(command):
    done = command("train")
    assert (done.code, done.out) == (2, "")
    assert is_sentence(done.complaints)


@pytest.mark.parametrize("name", ["Mine", "ear", "acoustic-2", "../up"])
def test_an_invalid_name_is_a_sentence_and_2(sounds, command, name):
    done = command("train", name)
    assert (done.code, done.out) == (2, "")
    assert f"“{name}” is not a valid name." in done.complaints


@pytest.mark.usefixtures("names_mean_something")
def test_a_tuned_encoder_reports_its_gain_and_is_used_like_any_other(sounds, command):
    done = command("train", "--json")
    assert (done.code, done.complaints) == (0, "")
    (row,) = done.rows
    assert (row["name"], row["n_sounds"], row["n_words"]) == ("mine", N_KINDS * N_TAKES, N_KINDS)
    assert row["map_after"] > row["map_before"]
    done = command("index", "--encoder", "mine")
    assert (done.code, done.complaints) == (0, "")
    assert "Search uses mine from now on" in done.out
    assert command("doctor").out.partition("encoder: ")[2].startswith("mine-")
    assert len(command("search", "--like", sounds / "one.wav", "--json").rows) == 2
    assert "mine" in command("models", "list").out


@pytest.mark.usefixtures("names_mean_something")
def test_training_says_how_to_use_the_result(command):
    done = command("train", "door-ear")
    assert (done.code, done.complaints) == (0, "")
    assert done.out.startswith(f"door-ear learned {N_KINDS} words from {N_KINDS * N_TAKES} sounds.")
    assert done.out.strip().endswith("To use it, run `bowerbird index --encoder door-ear`.")


@pytest.mark.usefixtures("names_mean_something")
def test_training_shows_its_progress(command, monkeypatch):
    texts = []
    monkeypatch.setattr(training, "live_line", lambda: nullcontext(texts.append))
    assert command("train").code == 0
    first, *rest = texts
    assert first == "Reading embeddings"
    assert [text.partition(" of ")[0].split()[-1] for text in rest] == [str(n) for n in range(10)]
    assert all("left" in text for text in rest[1:-1])


def test_the_progress_line_is_shown_on_a_terminal_and_cleared_at_the_end(capsys, monkeypatch):
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with live_line() as show:
        show("3 of 9")
    output = capsys.readouterr()
    assert "3 of 9" in output.err
    assert "\x1b[2K" in output.err.rpartition("3 of 9")[2]
    assert output.out == ""


def test_a_tuned_encoder_whose_folder_is_missing_is_reported_and_the_built_in_is_used(sounds, command):
    card = have_ear("mine")
    assert command("index", "--encoder", "mine").code == 0
    card.unlink()
    done = command("search", "--like", sounds / "one.wav", "--json")
    assert (done.code, len(done.rows)) == (0, 2)
    assert "Unknown encoder “mine”." in done.complaints
    assert done.complaints.strip().endswith("Until then, search uses the built-in encoder; nothing was lost.")


def test_a_tuned_encoder_is_listed_and_removed_with_its_vectors(sounds, command):
    have_ear("mine")
    assert command("index", "--encoder", "mine").code == 0
    listed = {row["name"]: row for row in command("models", "list", "--json").rows}
    assert (listed["mine"]["state"], listed["mine"]["is_used"]) == ("trained here", True)
    assert (listed["ear"]["state"], listed["ear"]["is_used"]) == ("built in", False)
    done = command("models", "remove", "mine", "--vectors")
    assert (done.code, done.complaints) == (0, "")
    assert "embeddings of mine-" in done.out
    assert not (ears_path() / "mine").exists()
    listed = {row["name"]: row for row in command("models", "list", "--json").rows}
    assert "mine" not in listed
    assert listed["ear"]["is_used"]


def test_a_misspelt_word_is_reported_with_its_correction(sounds, command):
    done = command("search", "thundr", "-flumph", "--json")
    assert (done.code, len(done.rows)) == (0, 3)
    assert done.complaints.splitlines() == [
        "“thundr” is not a known word; searching for “thunder”.",
        "“flumph” is not a known word; searching for “flump”.",
    ]
    assert command("search", "thunder").complaints == ""
    assert command("search", "zorblatt").out.startswith("No match for zorblatt.")


def test_a_damaged_own_thesaurus_is_reported_and_search_continues(sounds, command, home):
    assert "not created" in command("doctor").out
    (home / "thesaurus.toml").write_text("x [", "utf-8")
    done = command("search", "noise", "--json")
    assert (done.code, len(done.rows) > 0) == (0, True)
    assert "thesaurus.toml" in done.complaints
    assert is_sentence(done.complaints)
    assert "Correct it" in command("doctor").out
