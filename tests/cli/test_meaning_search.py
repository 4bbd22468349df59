"""`bowerbird search` and `index` with an encoder that knows words, and when its weights are harmed or gone."""

import re
import shutil
import sys
from pathlib import Path

import pytest
from bowerbird_command import bowerbird

import tiny_weights
from bowerbird.base.paths import library_path
from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.encoders.weights.store import installed_weights
from encoding_stage import Here, run_further, vectors_of
from sounds import click, noise, sine, write

NAME = tiny_weights.NAME
NAMES = ("kick 1.wav", "kick 2.wav", "my voice.wav", "rain.wav", "wind.wav")


@pytest.fixture(scope="module")
def indexed(tmp_path_factory):
    """A home with the tiny network and a library searched with it, and its sounds. Not to be changed."""
    home, root = tmp_path_factory.mktemp("indexed"), tmp_path_factory.mktemp("sounds")
    for name, samples in zip(
        NAMES, (click(), sine(60, duration_s=0.2), sine(300), noise(1), noise(2, duration_s=0.3)), strict=True
    ):
        write(root / name, samples)
    for number in range(15):
        write(root / "other" / f"{number}.wav", noise(10 + number, duration_s=0.05))
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("BOWERBIRD_HOME", str(home))
        Here(patched)
        tiny_weights.have()
        run_further(library_path(), root, further=NAME)
    return home, root


@pytest.fixture
def sounds(indexed):
    return indexed[1]


@pytest.fixture
def library(indexed, home):
    """The user's own library, searched with the tiny network."""
    shutil.copytree(indexed[0], home, dirs_exist_ok=True)
    return library_path()


@pytest.fixture
def weights(library):
    return installed_weights()[NAME]


@pytest.fixture
def new(tmp_path):
    """A folder with one more sound."""
    write(tmp_path / "new" / "new.wav", noise(99, duration_s=0.2))
    return tmp_path / "new"


@pytest.fixture
def search(library, command):
    """Search; gives JSON rows."""

    def search(*arguments):
        done = command("search", "--json", *arguments)
        assert (done.code, done.complaints) == (0, "")
        return done.rows

    return search


def names(rows):
    return [Path(row["path"]).name for row in rows]


# Searching


def test_words_find_by_name_and_by_meaning(search):
    rows = search("kick", "--limit", "20")
    assert len(rows) == 20
    assert sorted(names(rows)[:2]) == ["kick 1.wav", "kick 2.wav"]
    by_name = dict(zip(names(rows), rows, strict=True))
    assert by_name["kick 1.wav"]["why"].startswith("words in name")
    assert by_name["wind.wav"]["why"] == "by meaning"
    assert 0 <= by_name["wind.wav"]["percentile"] <= 100


def test_words_that_no_name_holds_find_all_the_same(search):
    rows = search("metallic impact with a long tail")
    assert len(rows) == 15
    assert [row["percentile"] for row in rows] == sorted((row["percentile"] for row in rows), reverse=True)


def test_bands_are_printed_in_their_order_and_ranks_where_an_encoder_has_no_calibration(library, sounds, command):
    def printed(encoder, *query):
        lines = command("search", *query, "--encoder", encoder, "--limit", "20").out.splitlines()
        return [line.split("\t")[1] for line in lines]

    order = ["close", "related", "stretch", "weak"]
    for query in (("metallic impact",), ("--like", sounds / "kick 1.wav")):
        bands = printed("ear", *query)
        assert set(bands) <= set(order)
        assert [order.index(band) for band in bands] == sorted(order.index(band) for band in bands)
    ranks = printed(NAME, "metallic impact")
    assert all(re.fullmatch(r"top \d+\.\d %", rank) for rank in ranks)


@pytest.mark.parametrize(
    "arguments",
    [
        ["metal", "-voice"],
        ["-voice", "metal"],
        ["metal -voice"],
        ["metal", "-voice", "--limit", "20"],
        ["--limit", "20", "-voice", "metal"],
        ["--limit", "20", "--", "metal", "-voice"],
        ["metal", "\u2212voice"],
        ["-voice"],
    ],
)
def test_words_with_a_minus_are_not_options_and_leave_names_out(search, arguments):
    assert "my voice.wav" in names(search("metal", "--limit", "20"))
    found = names(search(*arguments))
    assert "my voice.wav" not in found
    assert len(found) >= 15


def test_an_option_that_does_not_exist_is_still_told(command, library):
    done = command("search", "rain", "--voice")
    assert (done.code, done.out) == (2, "")
    assert "--voice" in done.complaints


def test_numbers_and_letters_with_a_minus_are_not_options(command, library):
    for word in ("-808", "-a", "-4x4", "-6"):
        assert command("search", "rain", word).complaints == ""


def test_a_file_name_with_a_minus_is_read_in_its_order(search):
    assert names(search("-my", "voice.wav"))[0] == "my voice.wav"
    assert "my voice.wav" not in names(search("voice", "-my", "--limit", "20"))


def test_filters_hold_for_meanings_too(search):
    assert names(search("metal", "folder=other", "--limit", "20")) != []
    assert all(Path(row["path"]).parent.name == "other" for row in search("metal", "folder=other"))
    assert search("metal", "channels=stereo") == []


def test_words_mix_with_examples_of_both_kinds(search, sounds):
    plain = search("--like", sounds / "rain.wav", "--limit", "20")
    mixed = search("metal", "-voice", "--like", sounds / "rain.wav", "--unlike", sounds / "kick 1.wav", "--limit", "20")
    assert {row["why"] for row in plain} == {"sounds similar"}
    assert {row["why"] for row in mixed} == {"similar in sound and meaning"}
    assert not {"rain.wav", "kick 1.wav"} & set(names(mixed))
    assert names(mixed) != names(plain)
    assert names(search("--unlike", sounds / "rain.wav"))


def test_with_descriptors_alone_words_are_names(search, sounds, command):
    alone = ("--encoder", "acoustic")
    assert names(search("kick", *alone)) == ["kick 1.wav", "kick 2.wav"]
    assert "my voice.wav" not in names(search("-voice", *alone, "--limit", "20"))
    told = command("search", "--like", sounds / "rain.wav", *alone)
    assert (told.code, told.out) == (2, "")
    assert "“acoustic” has not embedded these sounds. Run `bowerbird index --encoder acoustic`." in told.complaints
    assert command("index", "--encoder", "acoustic").code == 0
    rows = search("kick", "--like", sounds / "rain.wav", *alone)
    assert rows[0]["why"] == "similar in sound and meaning", "names have taught what a kick is"
    assert "kick 1.wav" in names(rows)
    assert all(row["why"].startswith("similar in") for row in rows)


def test_signs_that_are_not_words_are_not_an_error(search):
    assert search("...") is not None


@pytest.mark.skipif(sys.platform == "win32", reason="arguments are always text there")
def test_an_argument_that_is_no_text_is_no_fault(search):
    undecodable = b"caf\xe9".decode("utf-8", "surrogateescape")
    assert search(undecodable) is not None


# Choosing


def doctor_encoder(command):
    return command("doctor").out.partition("encoder: ")[2].split()[0]


def test_index_goes_on_with_the_encoder_that_was_chosen_and_back_to_the_built_in(search, command, new):
    done = command("index", new)
    assert (done.code, "1 embedded" in done.out) == (0, True)
    assert search("metal") != []
    assert command("index", "--encoder", "ear").code == 0
    assert doctor_encoder(command).startswith("ear-")
    write(new / "newer.wav", noise(98, duration_s=0.2))
    assert " embedded" not in command("index").out
    done = command("index", "--encoder", NAME)
    assert "1 embedded" in done.out  # the others' were kept
    assert search("metal") != []


def test_an_encoder_that_is_not_there_is_refused_before_anything_is_done(sounds, command):
    done = command("index", sounds, "--encoder", "nonsense")
    assert (done.code, done.out) == (2, "")
    assert "Unknown encoder “nonsense”. Choose from: ear, acoustic." in done.complaints
    assert not library_path().exists()


def test_events_of_the_further_encoder_are_printed(new, command):
    tiny_weights.have()
    rows = command("index", new, "--encoder", NAME, "--json").rows
    assert {row["activity"] for row in rows if row["event"] == "progress"} == {"", NAME}
    assert [row["name"] for row in rows if row["event"] == "encoder_ready"] == [NAME]
    assert rows[-1]["n_encoded"] == 1


# Weights that are harmed or gone


def test_index_with_harmed_weights_ends_with_a_sentence_and_keeps_what_was_analysed(library, weights, new):
    """With real workers: it is they who load the weights."""
    tiny_weights.swap(weights.folder / "audio.onnx")
    done = bowerbird("index", new)
    assert done.code == 2
    assert "audio.onnx of clap-tiny" in done.complaints
    assert done.complaints.strip().endswith("Run `bowerbird models import DIR` with the folder that contains it.")
    with SqliteReader(library) as reader:
        assert reader.sound_at(new / "new.wav").content_id is not None
        assert reader.encoder("searched") == NAME
    assert len(vectors_of(library, encoder_named(DEFAULT_ENCODER).id)) == 21
    assert len(vectors_of(library, encoder_named(NAME).id)) == 20


def test_index_whose_weights_are_gone_says_so_and_does_the_rest(weights, new, command):
    shutil.rmtree(weights.folder)
    done = command("index", new)
    assert "Unknown encoder “clap-tiny”." in done.complaints
    assert done.complaints.strip().endswith("nothing was lost.")
    assert "1 analysed" in done.out
    done = command("index", "--encoder", NAME)
    assert (done.code, done.out) == (2, "")


def test_index_whose_weights_are_gone_analyses_and_says_so(weights, new, command):
    shutil.rmtree(weights.folder)
    done = command("index", new)
    assert done.code == 0
    assert "Until then, search uses the built-in encoder" in done.complaints


def test_search_whose_weights_are_gone_goes_on_with_the_built_in_and_says_so(weights, sounds, command):
    shutil.rmtree(weights.folder)
    done = command("search", "kick", "--json")
    assert (done.code, sorted(names(done.rows)[:2])) == (0, ["kick 1.wav", "kick 2.wav"])
    assert done.complaints.strip().endswith("Until then, search uses the built-in encoder; nothing was lost.")
    done = command("search", "--like", sounds / "rain.wav", "--json")
    assert (done.code, len(done.rows)) == (0, 15)
    assert all(row["why"].startswith("similar in") for row in done.rows)
    assert "search uses the built-in encoder" in done.complaints
    done = command("search", "kick", "--encoder", NAME)
    assert (done.code, done.out) == (2, "")


@pytest.mark.parametrize("name", ["audio.onnx", "tokenizer.json"])
def test_search_with_a_file_missing_goes_on_with_the_built_in(weights, command, name):
    (weights.folder / name).unlink()
    done = command("search", "kick", "--json")
    assert (done.code, sorted(names(done.rows)[:2])) == (0, ["kick 1.wav", "kick 2.wav"])
    assert "search uses the built-in encoder" in done.complaints


@pytest.mark.parametrize("harm", tiny_weights.HARMS)
def test_search_by_words_with_a_harmed_text_network_finds_names_and_says_so(weights, sounds, command, harm):
    harm(weights.folder / "text.onnx")
    done = command("search", "kick", "--json")
    assert (done.code, sorted(names(done.rows)[:2])) == (0, ["kick 1.wav", "kick 2.wav"])
    assert "text.onnx of clap-tiny" in done.complaints
    assert done.complaints.strip().endswith("These are the sounds with the words in their names.")
    done = command("search", "--like", sounds / "rain.wav", "--json")
    assert (done.code, done.complaints, len(done.rows)) == (0, "", 15)


def test_search_by_a_sound_of_the_library_needs_no_audio_network(weights, sounds, command):
    tiny_weights.tamper(weights.folder / "audio.onnx")
    done = command("search", "--like", sounds / "rain.wav", "metal", "--json")
    assert (done.code, done.complaints, len(done.rows)) == (0, "", 15)


def test_search_by_another_sound_with_a_harmed_audio_network_is_a_sentence(weights, tmp_path, command):
    outside = write(tmp_path / "outside.wav", noise(77, duration_s=0.2))
    assert command("search", "--like", outside).code == 0
    tiny_weights.tamper(weights.folder / "audio.onnx")
    done = command("search", "--like", outside)
    assert "audio.onnx of clap-tiny" in done.complaints
    assert "Traceback" not in done.complaints
    assert done.code in {0, 2}


def test_weights_that_fail_a_later_check_are_no_longer_used(weights, command):
    tiny_weights.tamper(weights.folder / "text.onnx")
    assert command("models", "verify", NAME).code == 2
    done = command("search", "kick", "--json")
    assert (done.code, sorted(names(done.rows)[:2])) == (0, ["kick 1.wav", "kick 2.wav"])
    assert "sha256 differs" in done.complaints
    assert "search uses the built-in encoder" in done.complaints
