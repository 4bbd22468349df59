"""Importing weights from a folder."""

import re
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from bowerbird.base.errors import EncoderError
from bowerbird.base.paths import weights_path
from bowerbird.encoders.weights import store as weights_module
from bowerbird.encoders.weights.cards import FILE_NAMES, Source, WeightFile, read_card, shipped_cards
from bowerbird.encoders.weights.importing import import_weights
from bowerbird.encoders.weights.store import checked_file, installed_weights, write_card

TINY = Path(__file__).parent / "tiny_clap"


@pytest.fixture
def exported(tmp_path):
    shutil.copytree(TINY, tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def checkout(tmp_path):
    """A repository as somebody copied it from a hub: no card, its own names, and more than is needed."""
    folder = tmp_path / "checkout"
    for role, place in shipped_cards()["clap-htsat-unfused"].files.items():
        (folder / place.path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(TINY / FILE_NAMES[role], folder / place.path)
    (folder / "README.md").touch()
    return folder


def nothing_came():
    return not weights_path().exists() or not list(weights_path().iterdir())


def test_what_was_exported_is_copied_with_every_file(exported):
    told = []
    weights = import_weights(exported, progress=lambda *n: told.append(n))
    assert installed_weights() == {"clap-tiny": weights}
    for role in FILE_NAMES:
        assert checked_file(weights, role).read_bytes() == (TINY / FILE_NAMES[role]).read_bytes()
    n_total = sum((TINY / name).stat().st_size for name in FILE_NAMES.values())
    assert told[-1] == (n_total, n_total)
    assert told == sorted(told)
    assert [path.name for path in weights_path().iterdir()] == ["clap-tiny"]


def test_a_copy_of_a_repository_is_known_by_its_files_and_recorded(checkout):
    weights = import_weights(checkout)
    assert weights.card.id == "clap-htsat-unfused"
    assert weights.card.files["audio"].sha256 == read_card(TINY / "card.toml").files["audio"].sha256
    assert weights.card.files["audio"].path == "onnx/audio_model.onnx"
    assert checked_file(weights, "text").is_file()


def test_a_card_may_name_its_files_as_it_likes(checkout):
    card = replace(shipped_cards()["clap-htsat-unfused"], id="mine", source=Source("own"))
    write_card(card, checkout / "card.toml")
    assert import_weights(checkout).card.id == "mine"


@pytest.mark.parametrize("name", ["audio.onnx", "tokenizer.json"])
def test_a_missing_file_is_named_and_nothing_is_imported(exported, name):
    (exported / name).unlink()
    with pytest.raises(EncoderError, match=rf"`{name}` is missing in .*nothing was imported"):
        import_weights(exported)
    assert nothing_came()


def test_8_bit_weights_may_be_absent_and_8_bit_text_may_be_alone(exported):
    (exported / "audio_int8.onnx").unlink()
    (exported / "text.onnx").unlink()
    weights = import_weights(exported)
    assert sorted(path.suffix for path in weights.folder.iterdir()) == [".json", ".onnx", ".onnx", ".toml"]
    (exported / "text_int8.onnx").unlink()
    with pytest.raises(EncoderError, match=r"`text\.onnx` is missing"):
        import_weights(exported)


def cut(path):
    path.write_bytes(path.read_bytes()[:-10])


def tamper(path):
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def swap(path):
    shutil.copyfile(path.parent / "audio.onnx", path)


@pytest.mark.parametrize("harm", [cut, tamper, swap])
@pytest.mark.parametrize("name", ["text.onnx", "text_int8.onnx", "tokenizer.json"])
def test_a_harmed_file_is_refused_and_the_old_weights_stay(exported, harm, name):
    before = import_weights(exported)
    harm(exported / name)
    with pytest.raises(EncoderError, match=rf"`{name}` in .* its sha256 differs.*nothing was imported"):
        import_weights(exported)
    assert installed_weights() == {"clap-tiny": before}
    assert [path.name for path in weights_path().iterdir()] == ["clap-tiny"]


def test_new_weights_replace_the_old(exported):
    import_weights(exported)
    tamper(exported / "text.onnx")
    card = read_card(exported / "card.toml")
    write_card(replace(card, files={**card.files, "text": WeightFile("text.onnx")}), exported / "card.toml")
    weights = import_weights(exported)
    assert checked_file(weights, "text").read_bytes() == (exported / "text.onnx").read_bytes()


def test_weights_may_be_imported_from_where_they_are(exported):
    first = import_weights(exported)
    assert import_weights(first.folder) == first


def test_the_cancel_button_leaves_nothing(exported):
    assert import_weights(exported, is_cancelled=lambda: True) is None
    assert nothing_came()


def test_a_disk_without_room_is_a_sentence(exported, monkeypatch):
    monkeypatch.setattr(weights_module, "free_bytes", lambda folder: 51_000_000)
    with pytest.raises(EncoderError, match=r"\d\.\d MB are needed.*Make room"):
        import_weights(exported)
    assert nothing_came()


def test_a_folder_that_is_none_or_that_nobody_knows_is_a_sentence(tmp_path):
    with pytest.raises(EncoderError, match="is no folder"):
        import_weights(tmp_path / "absent")
    with pytest.raises(EncoderError, match=r"has no `card\.toml`.*general\.toml"):
        import_weights(tmp_path)


def test_a_card_with_a_number_that_is_none_brings_nothing_and_the_old_weights_stay(exported):
    before = import_weights(exported)
    path = exported / "card.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        re.sub(r"\nwindow_s = .*", "", text).replace("[audio]", "[audio]\nwindow_s = nan"), encoding="utf-8"
    )
    with pytest.raises(EncoderError, match=r"audio\.window_s must be a finite number\. Mend it"):
        import_weights(exported)
    assert installed_weights() == {"clap-tiny": before}
