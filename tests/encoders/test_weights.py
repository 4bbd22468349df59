"""Installed weights: complete and damaged folders, checks, and replacing weights."""

import logging
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bowerbird.base.errors import EncoderError
from bowerbird.base.paths import models_path, weights_path
from bowerbird.encoders.weights import store as module
from bowerbird.encoders.weights.cards import LogMel, WeightFile, read_card, shipped_cards
from bowerbird.encoders.weights.store import (
    Weights,
    checked_file,
    file_of,
    has_file,
    install,
    installed_weights,
    needed_roles,
    old_folder,
    part_folder,
    require_space,
    used_roles,
    weights_folders,
    weights_in,
    write_card,
)

TINY = Path(__file__).parent / "tiny_clap"


@pytest.fixture
def tiny():
    """The tiny network, as if it had been imported."""
    folder = weights_path() / "clap-tiny"
    shutil.copytree(TINY, folder)
    return weights_in(folder)


def test_nothing_is_there_at_first():
    assert installed_weights() == {}


def test_what_is_whole_is_found_by_its_id(tiny):
    assert installed_weights() == {"clap-tiny": tiny}
    assert used_roles(tiny) == needed_roles(tiny.card) == ("audio", "text", "tokenizer")
    for role in tiny.card.files:
        assert checked_file(tiny, role) == file_of(tiny, role)


@pytest.mark.parametrize("name", ["audio.onnx", "text.onnx", "tokenizer.json"])
def test_what_lacks_a_file_is_left_out_and_logged(tiny, name, caplog):
    file = tiny.folder / name
    file.unlink()
    if name == "text.onnx":  # the 8-bit weights are used instead
        assert used_roles(installed_weights()["clap-tiny"]) == ("audio", "text_int8", "tokenizer")
        (tiny.folder / "text_int8.onnx").unlink()
    with caplog.at_level(logging.WARNING):
        assert installed_weights() == {}
    assert name in caplog.text


def test_8_bit_weights_are_optional(tiny):
    (tiny.folder / "audio_int8.onnx").unlink()
    assert not has_file(installed_weights()["clap-tiny"], "audio_int8")


def test_broken_cards_stray_files_and_unfinished_folders_are_not_weights(tiny):
    shutil.copytree(tiny.folder, part_folder("clap-tiny"))
    shutil.copytree(tiny.folder, weights_path() / "another-name")
    (weights_path() / "broken").mkdir()
    (weights_path() / "broken" / "card.toml").write_text("id = ")
    (weights_path() / "file").touch()
    assert set(installed_weights()) == {"clap-tiny"}


def cut(path):
    path.write_bytes(path.read_bytes()[:-10])


def tamper(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def swap(path):
    shutil.copyfile(path.parent / "text.onnx", path)


@pytest.mark.parametrize(
    ("harm", "word"),
    [(cut, "is truncated"), (tamper, "sha256"), (swap, "is truncated"), (Path.unlink, "not installed")],
)
def test_a_harmed_file_is_refused_with_a_sentence(tiny, harm, word):
    harm(file_of(tiny, "audio"))
    with pytest.raises(EncoderError, match=rf"audio\.onnx of clap-tiny .*{word}.*`bowerbird models import DIR`"):
        checked_file(tiny, "audio")
    assert checked_file(tiny, "text").is_file()


def test_a_file_without_a_recorded_sha256_is_refused(tiny):
    files = {**tiny.card.files, "audio": WeightFile("audio.onnx")}
    with pytest.raises(EncoderError, match="no recorded sha256"):
        checked_file(Weights(replace(tiny.card, files=files), tiny.folder), "audio")


@pytest.mark.parametrize("name", [*sorted(shipped_cards()), "general"])
def test_a_card_survives_writing(tmp_path, name):
    card = read_card(models_path() / f"{name}.toml")
    write_card(card, tmp_path / "card.toml")
    assert read_card(tmp_path / "card.toml") == card


def test_a_card_of_odd_values_survives_writing(tmp_path):
    card = shipped_cards()["clap-htsat-unfused"]
    bank = LogMel(
        512, 400, 160, 64, 0.1 + 0.2, 7_999.5, "htk", "none", is_centred=False, floor=1e-300, mean=-4.25, sd=1e16
    )
    about = 'He said "\\ü☂\x7f\x01\t\n[audio] #\U0001f41f".'
    odd = replace(card, about=about, audio=replace(card.audio, log_mel=bank, window_s=0.96), is_trained=False)
    write_card(odd, tmp_path / "card.toml")
    assert read_card(tmp_path / "card.toml") == odd
    plain = replace(
        card, text=None, audio=replace(card.audio, front_end="waveform", layout="bt", log_mel=None), files=card.files
    )
    write_card(plain, tmp_path / "card.toml")
    assert read_card(tmp_path / "card.toml") == plain


def on_the_way(card):
    part = part_folder(card.id)
    shutil.copytree(TINY, part)
    return part


def test_new_weights_replace_former_weights_at_once(tiny):
    (tiny.folder / "of-the-old.txt").touch()
    install(replace(tiny.card, title="New"), on_the_way(tiny.card))
    assert installed_weights()["clap-tiny"].card.title == "New"
    assert not (tiny.folder / "of-the-old.txt").exists()
    assert [path.name for path in weights_path().iterdir()] == ["clap-tiny"]


def test_new_weights_that_are_not_complete_leave_the_old_ones(tiny):
    part = on_the_way(tiny.card)
    (part / "tokenizer.json").unlink()
    with pytest.raises(EncoderError, match=r"tokenizer\.json is missing"):
        install(replace(tiny.card, title="New"), part)
    assert installed_weights()["clap-tiny"] == tiny


def test_when_the_disk_refuses_the_former_weights_are_restored(tiny, monkeypatch):
    part = on_the_way(tiny.card)
    move = Path.replace

    def refuse(self, target):
        if self == part:
            raise PermissionError(13, "Permission denied")
        return move(self, target)

    monkeypatch.setattr(Path, "replace", refuse)
    with pytest.raises(EncoderError, match="cannot be replaced"):
        install(tiny.card, part)
    assert installed_weights()["clap-tiny"] == tiny


def test_a_disk_without_space_is_a_sentence_with_both_figures(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "free_bytes", lambda folder: 60_000_000)
    require_space(tmp_path, 9_000_000)
    with pytest.raises(EncoderError, match=r"620 MB needed, 60 MB free"):
        require_space(tmp_path / "not" / "made", 620_000_000)


def test_free_space_is_measured_for_a_folder_that_does_not_exist_yet(tmp_path):
    assert module.free_bytes(tmp_path / "not" / "made") > 0


def test_a_replacement_that_was_killed_between_its_two_steps_is_undone(tiny):
    part = on_the_way(tiny.card)
    move = Path.replace

    def die(self, target):
        if self == part:
            raise KeyboardInterrupt  # like a killed program, nothing catches it
        return move(self, target)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "replace", die)
        with pytest.raises(KeyboardInterrupt):
            install(replace(tiny.card, title="New"), part)
    assert not tiny.folder.exists()
    assert weights_folders() == ["clap-tiny"]
    assert installed_weights() == {"clap-tiny": tiny}
    assert sorted(path.name for path in weights_path().iterdir()) == ["clap-tiny", "clap-tiny.part"]


def test_old_weights_that_were_not_deleted_any_more_do_not_come_back(tiny):
    shutil.copytree(tiny.folder, old_folder("clap-tiny"))
    (old_folder("clap-tiny") / "of-the-old.txt").touch()
    assert installed_weights() == {"clap-tiny": tiny}
    assert not (tiny.folder / "of-the-old.txt").exists()
