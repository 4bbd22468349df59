"""`bowerbird models` from outside: what it prints, what it leaves, and its exit codes."""

import os
import shutil
from dataclasses import replace
from functools import partial
from types import SimpleNamespace

import pytest
from bowerbird_command import bowerbird

import hub_server
import package_index
import tiny_weights
from bowerbird.base.paths import library_path, weights_path
from bowerbird.catalogue.sqlite.lock import process_lock
from bowerbird.catalogue.sqlite.reader import SqliteReader
from bowerbird.encoders.weights.cards import CARD_NAME, FILE_NAMES, WeightFile, read_card, shipped_cards
from bowerbird.encoders.weights.fetching import fetch_weights
from bowerbird.encoders.weights.self_check import SELF_CHECK_NAME
from bowerbird.encoders.weights.store import write_card
from bowerbird.jobs.control import Cancelled, Control
from bowerbird.library.encoders.choice import Choice
from bowerbird.library.encoders.recall import Recall, write_recall
from hub_server import Hub, closed_endpoint
from own_ears import have_ear
from sounds import noise, sine, write

NAME = tiny_weights.NAME
UNFUSED = "clap-htsat-unfused"


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    monkeypatch.delenv("HF_ENDPOINT", raising=False)


@pytest.fixture
def models(command):
    return partial(command, "models")


@pytest.fixture
def listed(models):
    """Return the row of a model in the list."""

    def listed(name):
        (row,) = [row for row in models("list", "--json").rows if row["name"] == name]
        return row

    return listed


@pytest.fixture
def exported(tmp_path):
    """A folder with the tiny network, as the export tool writes it."""
    return shutil.copytree(tiny_weights.TINY, tmp_path / "exported")


@pytest.fixture
def sounds(tmp_path):
    write(tmp_path / "sounds" / "kick.wav", sine(60, duration_s=0.2))
    write(tmp_path / "sounds" / "rain.wav", noise(1, duration_s=0.4))
    write(tmp_path / "sounds" / "my voice.wav", sine(300, duration_s=0.3))
    return tmp_path / "sounds"


def is_sentence(text):
    return text.strip().endswith(".") and "\n" not in text.strip()


# End to end


def test_from_import_to_a_search_by_meaning_and_back(exported, sounds):
    done = bowerbird("models", "import", exported)
    assert (done.code, done.complaints) == (0, "")
    assert done.out.startswith("clap-tiny is installed and passed its check. Its weights are random")
    assert "To use it, run `bowerbird index --encoder clap-tiny`." in done.out
    assert "Run `bowerbird models verify clap-tiny --int8`" in done.out
    (row,) = [row for row in bowerbird("models", "list", "--json").rows if row["name"] == NAME]
    assert (row["state"], row["is_used"], row["has_int8"], row["int8_recall"]) == ("ready", False, True, None)
    assert row["n_disk_bytes"] > sum((exported / name).stat().st_size for name in FILE_NAMES.values())

    done = bowerbird("index", sounds, "--encoder", NAME)
    assert (done.code, done.complaints) == (0, "")
    assert "Search uses clap-tiny from now on" in done.out
    assert "3 embedded" in done.out

    rows = bowerbird("search", "metallic impact with a long tail", "--json").rows
    assert len(rows) == 3
    assert {row["why"] for row in rows} == {"by meaning"}

    done = bowerbird("models", "remove", NAME, "--vectors")
    assert (done.code, done.complaints) == (0, "")
    assert "Search now uses the built-in encoder" in done.out
    assert f"Deleted 3 embeddings of {NAME}-" in done.out
    rows = bowerbird("search", "metallic impact", "--json").rows  # the built-in encoder also searches by meaning
    assert len(rows) == 3


@pytest.fixture
def hub(monkeypatch):
    """A hub with the tiny network at the paths of the shipped card."""
    card = shipped_cards()[UNFUSED]
    monkeypatch.setattr(hub_server, "REPOSITORY", card.source.repository)
    with Hub(
        {file.path: (tiny_weights.TINY / FILE_NAMES[role]).read_bytes() for role, file in card.files.items()}
    ) as hub:
        yield hub


def test_from_a_hub_to_a_search_by_meaning(hub, sounds, command, models, listed):
    card = shipped_cards()[UNFUSED]
    tiny = read_card(tiny_weights.TINY / CARD_NAME)
    mine = replace(
        card,
        id="tiny-of-hub",
        is_trained=False,
        audio=tiny.audio,
        text=tiny.text,
        files={role: WeightFile(file.path) for role, file in card.files.items()},
    )
    weights = fetch_weights(mine, ("audio", "text", "tokenizer"), control=Control(), endpoint=hub.endpoint)
    assert listed("tiny-of-hub")["state"] == "unproven"
    done = command("index", sounds, "--encoder", "tiny-of-hub")
    assert (done.code, "Run `bowerbird models verify tiny-of-hub`" in done.complaints) == (2, True)
    tiny_weights.tamper(weights.folder / "text.onnx")
    done = models("verify", "tiny-of-hub")
    assert (done.code, done.out) == (2, "")
    assert "sha256 differs. Run `bowerbird models fetch tiny-of-hub`." in done.complaints
    hub.requests.clear()
    done = models("fetch", "tiny-of-hub", "--endpoint", hub.endpoint)
    assert (done.code, done.complaints) == (0, "")
    assert [len(hub.gets(mine.files[role].path)) for role in ("audio", "text", "audio_int8")] == [0, 1, 0]
    hub.requests.clear()
    done = models("fetch", "tiny-of-hub", "--endpoint", hub.endpoint, "--int8")
    assert (done.code, done.complaints) == (0, "")
    assert [len(hub.gets(mine.files[role].path)) for role in ("audio", "text", "audio_int8")] == [0, 0, 1]
    hub.requests.clear()
    assert models("fetch", "tiny-of-hub", "--endpoint", hub.endpoint).code == 0
    assert hub.requests == []
    assert command("index", sounds, "--encoder", "tiny-of-hub").code == 0
    assert {row["why"] for row in command("search", "metallic impact", "--json").rows} == {"by meaning"}
    assert hub.requests == []


def test_weights_of_another_size_than_their_card_says_are_fetched_and_refused(hub, sounds, command, models, listed):
    done = models("fetch", UNFUSED, "--endpoint", hub.endpoint)
    assert (done.code, done.out) == (2, "")
    assert "returns 64 dimensions; its card says 512" in done.complaints
    assert is_sentence(done.complaints)
    row = listed(UNFUSED)
    assert row["state"] == "refused"
    assert "64 dimensions" in row["sentence"]
    assert "64 dimensions" in models("list").out.replace("\n", " ")
    done = command("index", sounds, "--encoder", UNFUSED)
    assert (done.code, "64 dimensions" in done.complaints) == (2, True)
    assert command("index", sounds).code == 0


def test_a_fetch_without_a_network_is_a_sentence(models, listed):
    done = models("fetch", UNFUSED, "--endpoint", closed_endpoint())
    assert (done.code, done.out) == (2, "")
    assert "Cannot reach" in done.complaints
    assert "bowerbird models import DIR" in done.complaints
    assert listed(UNFUSED)["state"] in {"absent", "partial"}


# Weights in a Python package


@pytest.fixture
def package(monkeypatch, tmp_path):
    """A shipped card whose weights are in a package; return the wheel as a file."""
    wheel = tmp_path / package_index.WHEEL
    wheel.write_bytes(package_index.wheel())
    package_index.ship(monkeypatch, tmp_path / "shipped", package_index.card(wheel.read_bytes()))
    return wheel


def test_from_a_package_to_searches_by_both_encoders_and_back(package, monkeypatch, sounds, command, listed):
    models = partial(command, "models")
    name, both = package_index.NAME, f"ear+{package_index.NAME}"
    with package_index.Index(package.read_bytes()) as index:
        package_index.use_index(monkeypatch, index.endpoint)
        done = models("fetch", name)
        n_requests = len(index.requests)
        assert models("fetch", name).code == 0
        assert len(index.requests) == n_requests, "what is installed is not downloaded again"
    assert (done.code, done.complaints) == (0, "")
    assert "A. Author, A Paper, 2022. CC-BY-4.0." in done.out
    assert f"run `bowerbird index --encoder {both}` (40 % ear, 60 % {name})." in done.out
    assert f"To use it alone, run `bowerbird index --encoder {name}`." in done.out
    terms = {"licence": "CC-BY-4.0", "attribution": "A. Author, A Paper, 2022"}
    assert listed(both) == {"name": both, **terms, "state": "ready", "is_used": False}
    assert "A. Author, A Paper, 2022. CC-BY-4.0." in models("list").out

    done = command("index", sounds, "--encoder", both)
    assert (done.code, done.complaints) == (0, "")
    assert f"Search uses {both} from now on" in done.out
    assert (listed(both)["is_used"], listed(name)["is_used"]) == (True, False)
    rows = command("search", "thunderstorm", "--json").rows
    assert (len(rows), {row["why"] for row in rows}) == (3, {"by meaning"})
    assert {row["band"] for row in rows} == {None}, "probabilities were measured with the ear alone"
    like = command("search", "--like", sounds / "kick.wav", "--json").rows
    assert len(like) == 2
    weighted = command("search", "--like", sounds / "kick.wav", "--aspect", f"{name}=0", "--json").rows
    assert [row["score"] for row in weighted] != [row["score"] for row in like]

    done = models("remove", name, "--vectors")
    assert (done.code, done.complaints) == (0, "")
    assert f"Deleted 3 embeddings of {both}-" in done.out
    assert "It was in use. Search now uses the built-in encoder." in done.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--endpoint", "http://127.0.0.1:9"], "pip downloads it from the package index that it is configured with."),
        (["--int8"], "There are no 8-bit weights of Smallnet."),
    ],
)
def test_an_option_that_does_not_apply_to_a_package_is_not_ignored(package, options, words, models, listed):
    done = models("fetch", package_index.NAME, *options)
    assert (done.code, done.out) == (2, "")
    assert words in done.complaints
    assert is_sentence(done.complaints)
    assert listed(package_index.NAME)["state"] == "absent"


def test_words_are_searched_with_the_built_in_encoder_where_weights_have_no_text(package, sounds, command, models):
    name = package_index.NAME
    assert models("import", package).code == 0
    assert command("index", sounds, "--encoder", name).code == 0
    alone = command("search", "thunderstorm", "--encoder", "ear", "--json").rows
    assert {row["why"] for row in alone} == {"by meaning"}
    for arguments in ([], ["--encoder", name]):
        found = command("search", "thunderstorm", *arguments, "--json").rows
        assert [(row["path"], row["band"]) for row in found] == [(row["path"], row["band"]) for row in alone]
    done = command("search", "thundrstorm", "--encoder", name)
    assert "“thundrstorm” is not a known word; searching for “thunderstorm”." in done.complaints


def test_every_combination_is_listed_and_the_one_in_use_on_any_device(package, monkeypatch, models):
    have_ear("mine")
    assert models("import", package).code == 0
    name = package_index.NAME
    for used in (f"ear+{name}", f"mine+{name}", name):
        for device in ("", "@cuda"):
            encoder = SimpleNamespace(name=used + device)
            monkeypatch.setattr("bowerbird.cli.models.searched_encoder", lambda _, encoder=encoder: Choice(encoder))
            rows = models("list", "--json").rows
            assert {f"ear+{name}", f"mine+{name}", name} <= {row["name"] for row in rows}
            assert [row["name"] for row in rows if row["is_used"]] == [used]
            (line,) = [line for line in models("list").out.splitlines() if "in use" in line]
            assert line.split()[:4] == [used, "ready,", "in", "use"]
    assert "Words are understood by mine." in " ".join(models("list").out.split())


@pytest.mark.parametrize("as_folder", [False, True])
def test_a_wheel_from_another_computer_is_imported(package, as_folder, models, listed):
    done = models("import", package.parent if as_folder else package)
    assert (done.code, done.complaints) == (0, "")
    assert done.out.startswith("smallnet is installed and passed its check.")
    assert listed(package_index.NAME)["state"] == "ready"


def test_another_wheel_is_refused_with_what_is_expected(package, models, listed):
    package.write_bytes(package_index.wheel(note="changed"))
    done = models("import", package)
    assert (done.code, done.out) == (2, "")
    assert "its size or sha256 differs. Nothing was imported." in done.complaints
    foreign = package.rename(package.with_name("foreign-1.0-py3-none-any.whl"))
    done = models("import", foreign)
    assert (done.code, done.out) == (2, "")
    assert f"the package file {package_index.WHEEL}." in done.complaints
    assert is_sentence(done.complaints)
    assert listed(package_index.NAME)["state"] == "absent"


def test_nothing_is_fetched_by_any_other_command(hub, sounds, monkeypatch, command):
    monkeypatch.setenv("HF_ENDPOINT", hub.endpoint)
    for arguments in (
        ["models", "list"],
        ["models", "verify", UNFUSED],
        ["index", sounds],
        ["index", "--encoder", UNFUSED],
        ["search", "rain", "--encoder", UNFUSED],
        ["models", "remove", UNFUSED],
    ):
        command(*arguments)
    assert hub.requests == []


# Each command


def test_the_list_shows_states_and_sizes(exported, models):
    done = models("list")
    assert done.code == 0
    first, second = (line.split() for line in done.out.splitlines()[1:3])
    assert first[:4] == ["ear", "built", "in,", "in"]
    assert second[:3] == ["acoustic", "built", "in"]
    assert "trained here" not in done.out
    assert UNFUSED in done.out
    assert "not installed" in done.out
    rows = models("list", "--json").rows
    assert {row["name"] for row in rows} == set(shipped_cards()) | {"ear", "acoustic"}
    assert {row["state"] for row in rows} == {"absent", "built in"}
    assert all(row["n_download_bytes"] > 0 and row["licence"] for row in rows if row.get("source") == "hub")


def test_the_list_includes_tuned_encoders(models):
    have_ear("mine")
    assert any(line.split()[:3] == ["mine", "trained", "here"] for line in models("list").out.splitlines())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["fetch", "ear"], "ear is built in and has no weights."),
        (["verify", "acoustic"], "acoustic is built in and has no weights."),
        (["remove", "ear"], "ear is built in and has no weights."),
        (["fetch", "nonsense"], "Unknown model “nonsense”"),
        (["verify", "nonsense"], "Unknown model “nonsense”"),
        (["remove", "nonsense"], "The weights of “nonsense” are not installed"),
        (["remove", "../library"], "Unknown model “../library”"),
        (["remove", ""], "are not installed"),
        (["remove", UNFUSED], "are not installed"),
        (["verify", UNFUSED], f"Run `bowerbird models fetch {UNFUSED}`"),
        (["fetch", "clap-630k-audioset-best"], "must be exported first"),
        (["import", "/absent"], "is not a folder"),
    ],
)
def test_an_error_is_a_sentence_with_a_remedy(arguments, words, models):
    done = models(*arguments)
    assert (done.code, done.out) == (2, "")
    assert words in done.complaints
    assert is_sentence(done.complaints)


@pytest.mark.parametrize("harm", tiny_weights.HARMS)
def test_harmed_weights_are_not_imported_and_the_old_stay(exported, harm, models, listed):
    tiny_weights.have()
    harm(exported / "text.onnx")
    done = models("import", exported)
    assert (done.code, done.out) == (2, "")
    assert "text.onnx in" in done.complaints
    assert "Nothing was imported" in done.complaints
    assert listed(NAME)["state"] == "ready"


def test_weights_that_fail_their_check_are_refused_and_say_so(exported, models, listed):
    card = read_card(exported / CARD_NAME)
    write_card(replace(card, is_trained=True), exported / CARD_NAME)  # its embeddings mean nothing
    done = models("import", exported)
    assert (done.code, done.out) == (2, "")
    assert is_sentence(done.complaints)
    assert "These weights of clap-tiny are not used." in done.complaints
    assert listed(NAME)["state"] == "refused"


def test_tampered_weights_are_found_by_verify_and_replaced_by_an_import(exported, models, listed):
    weights = tiny_weights.have()
    tiny_weights.tamper(weights.folder / "audio_int8.onnx")
    done = models("verify", NAME)
    assert (done.code, "audio_int8.onnx of clap-tiny" in done.complaints) == (2, True)
    assert listed(NAME)["state"] == "refused"
    assert models("import", exported).code == 0
    assert listed(NAME)["state"] == "ready"


def test_removing_deletes_weights_and_unfinished_downloads_but_no_library(models):
    tiny_weights.have()
    part = weights_path() / f"{NAME}.part"
    part.mkdir()
    (part / "audio.onnx").write_bytes(bytes(1000))
    done = models("remove", NAME)
    assert (done.code, done.complaints) == (0, "")
    assert "freed" in done.out
    assert [path.name for path in weights_path().iterdir() if path.is_dir()] == []
    assert not library_path().exists()


def test_removing_with_vectors_does_not_create_a_library(models):
    tiny_weights.have()
    assert models("remove", NAME, "--vectors").code == 0
    assert not library_path().exists()


def test_removing_with_vectors_includes_those_of_rejected_weights(sounds, command, models):
    weights = tiny_weights.have()
    command("index", sounds, "--encoder", NAME)
    (weights.folder / SELF_CHECK_NAME).unlink()
    assert "Deleted 3 embeddings of" in models("remove", NAME, "--vectors").out


def test_vectors_can_be_deleted_after_the_weights_and_of_weights_that_were_replaced(sounds, exported, command, models):
    models("import", exported)
    command("index", sounds, "--encoder", NAME)
    assert command("search", "metallic impact").code == 0  # saves an index
    card = read_card(exported / CARD_NAME)
    write_card(replace(card, audio=replace(card.audio, short="zeros")), exported / CARD_NAME)
    assert models("import", exported).code == 0
    command("index", sounds, "--encoder", NAME)
    assert command("search", "metallic impact").code == 0
    with SqliteReader(library_path()) as reader:
        assert len([full_id for full_id in reader.encoder_ids() if full_id.startswith(NAME)]) == 2
    assert [path for path in (library_path() / "index").iterdir() if path.name.startswith(NAME)]
    assert models("remove", NAME).code == 0
    done = models("remove", NAME, "--vectors")
    assert (done.code, done.complaints) == (0, "")
    assert done.out.count(f"Deleted 3 embeddings of {NAME}-") == 2
    assert "freed" not in done.out
    with SqliteReader(library_path()) as reader:
        assert [full_id.partition("-")[0] for full_id in reader.encoder_ids()] == ["ear"]
    assert not [path for path in (library_path() / "index").iterdir() if path.name.startswith(NAME)]
    assert models("remove", NAME, "--vectors").code == 2
    for name in ("ear", "ear-1", "acoustic", "acoustic-1"):
        assert models("remove", name, "--vectors").code == 2


def test_during_indexing_neither_vectors_nor_weights_are_removed(sounds, command, models, listed):
    tiny_weights.have()
    command("index", sounds, "--encoder", NAME)
    with process_lock(library_path()):
        done = models("remove", NAME, "--vectors")
    assert (done.code, done.out) == (2, "")
    assert is_sentence(done.complaints)
    assert listed(NAME)["is_used"]
    assert "Deleted 3 embeddings of" in models("remove", NAME, "--vectors").out


def test_the_list_says_why_the_selected_encoder_is_not_used(sounds, command, models):
    weights = tiny_weights.have()
    command("index", sounds, "--encoder", NAME)
    assert models("list").complaints == ""
    (weights.folder / SELF_CHECK_NAME).unlink()
    for arguments in ([], ["--json"]):
        done = models("list", *arguments)
        assert done.code == 0
        assert "have not been checked" in done.complaints
        assert is_sentence(done.complaints)


def test_an_import_that_is_cancelled_says_so(exported, models, monkeypatch):
    def cancel(*_, **__):
        raise Cancelled

    monkeypatch.setattr("bowerbird.cli.models.import_model", cancel)
    done = models("import", exported)
    assert (done.code, done.out) == (130, "")
    assert done.complaints == "Stopped. Run the same command again to import and check the weights.\n"


# 8-bit weights


def test_8_bit_weights_are_used_only_after_they_were_compared(exported, sounds, command, models, listed):
    weights = tiny_weights.have()
    small = f"{NAME}-int8"
    done = command("index", sounds, "--encoder", small)
    assert (done.code, done.out) == (2, "")
    assert f"Run `bowerbird models verify {NAME} --int8`." in done.complaints
    done = models("verify", NAME, "--int8")
    assert (done.code, "There is no library" in done.complaints) == (2, True)
    for number in range(25):
        write(sounds / "more" / f"{number}.wav", noise(number, duration_s=0.05))
    assert command("index", sounds).code == 0
    done = models("verify", NAME, "--int8")
    assert (done.code, done.complaints) == (0, "")
    assert "of the 10 nearest are the same on 28 sounds" in done.out
    assert 0 < listed(NAME)["int8_recall"] <= 1
    write_recall(weights, Recall(0.9, 200))
    done = command("index", "--encoder", small)
    assert (done.code, f"Use {NAME}." in done.complaints) == (2, True)
    assert "less than 0.95. They are not used." in models("verify", NAME).out
    write_recall(weights, Recall(0.97, 200))
    done = command("index", "--encoder", small)
    assert (done.code, f"Search uses {small} from now on" in done.out) == (0, True)
    assert listed(NAME)["is_used"]


def test_verify_without_8_bit_weights_says_how_to_get_them(models):
    weights = tiny_weights.have()
    (weights.folder / "audio_int8.onnx").unlink()
    done = models("verify", NAME, "--int8")
    assert done.code == 2
    assert f"bowerbird models fetch {NAME} --int8" in done.complaints
