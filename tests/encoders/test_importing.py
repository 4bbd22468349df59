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
from bowerbird.jobs.control import Cancelled, Control

TINY = Path(__file__).parent / "tiny_clap"


@pytest.fixture
def exported(tmp_path):
    shutil.copytree(TINY, tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture
def checkout(tmp_path):
    """A copy of a hub's repository: no card, its own names, and more files than needed."""
    folder = tmp_path / "checkout"
    for role, file in shipped_cards()["clap-htsat-unfused"].files.items():
        (folder / file.path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(TINY / FILE_NAMES[role], folder / file.path)
    (folder / "README.md").touch()
    return folder


def is_nothing_installed():
    return not weights_path().exists() or not list(weights_path().iterdir())


def test_every_file_of_an_export_is_copied(exported):
    reports = []
    weights = import_weights(exported, control=Control(), report=reports.append)
    assert installed_weights() == {"clap-tiny": weights}
    for role in FILE_NAMES:
        assert checked_file(weights, role).read_bytes() == (TINY / FILE_NAMES[role]).read_bytes()
    n_total = sum((TINY / name).stat().st_size for name in FILE_NAMES.values())
    counts = [progress.n_done for progress in reports]
    assert (counts[-1], reports[-1].n_total, reports[-1].unit) == (n_total, n_total, "bytes")
    assert counts == sorted(counts)
    assert [path.name for path in weights_path().iterdir()] == ["clap-tiny"]


def test_a_copy_of_a_repository_is_recognised_by_its_files(checkout):
    weights = import_weights(checkout, control=Control())
    assert weights.card.id == "clap-htsat-unfused"
    assert weights.card.files["audio"].sha256 == read_card(TINY / "card.toml").files["audio"].sha256
    assert weights.card.files["audio"].path == "onnx/audio_model.onnx"
    assert checked_file(weights, "text").is_file()


def test_the_files_of_a_card_may_have_any_names(checkout):
    card = replace(shipped_cards()["clap-htsat-unfused"], id="mine", source=Source("own"))
    write_card(card, checkout / "card.toml")
    assert import_weights(checkout, control=Control()).card.id == "mine"


@pytest.mark.parametrize("name", ["audio.onnx", "tokenizer.json"])
def test_a_missing_file_is_named_and_nothing_is_imported(exported, name):
    (exported / name).unlink()
    with pytest.raises(EncoderError, match=rf"{name} is missing in .*Nothing was imported"):
        import_weights(exported, control=Control())
    assert is_nothing_installed()


def test_8_bit_weights_may_be_absent_and_8_bit_text_may_be_alone(exported):
    (exported / "audio_int8.onnx").unlink()
    (exported / "text.onnx").unlink()
    weights = import_weights(exported, control=Control())
    assert sorted(path.suffix for path in weights.folder.iterdir()) == [".json", ".onnx", ".onnx", ".toml"]
    (exported / "text_int8.onnx").unlink()
    with pytest.raises(EncoderError, match=r"text\.onnx is missing"):
        import_weights(exported, control=Control())


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
def test_a_damaged_file_is_rejected_and_the_former_weights_are_kept(exported, harm, name):
    before = import_weights(exported, control=Control())
    harm(exported / name)
    with pytest.raises(EncoderError, match=rf"{name} in .* its sha256 differs.*Nothing was imported"):
        import_weights(exported, control=Control())
    assert installed_weights() == {"clap-tiny": before}
    assert [path.name for path in weights_path().iterdir()] == ["clap-tiny"]


def test_new_weights_replace_the_old(exported):
    import_weights(exported, control=Control())
    tamper(exported / "text.onnx")
    card = read_card(exported / "card.toml")
    write_card(replace(card, files={**card.files, "text": WeightFile("text.onnx")}), exported / "card.toml")
    weights = import_weights(exported, control=Control())
    assert checked_file(weights, "text").read_bytes() == (exported / "text.onnx").read_bytes()


def test_weights_may_be_imported_from_their_installed_folder(exported):
    first = import_weights(exported, control=Control())
    assert import_weights(first.folder, control=Control()) == first


def test_a_cancelled_import_leaves_nothing(exported):
    control = Control()
    with pytest.raises(Cancelled):
        import_weights(exported, control=control, report=lambda _: control.cancel())
    assert is_nothing_installed()


def test_a_disk_without_space_is_a_sentence(exported, monkeypatch):
    monkeypatch.setattr(weights_module, "free_bytes", lambda folder: 51_000_000)
    with pytest.raises(EncoderError, match=r"\d\.\d MB needed.*Free some space"):
        import_weights(exported, control=Control())
    assert is_nothing_installed()


def test_a_missing_or_unknown_folder_is_a_sentence(tmp_path):
    with pytest.raises(EncoderError, match="is not a folder"):
        import_weights(tmp_path / "absent", control=Control())
    with pytest.raises(EncoderError, match=r"has no card\.toml.*general\.toml"):
        import_weights(tmp_path, control=Control())


def test_a_card_with_an_invalid_number_is_rejected_and_the_former_weights_are_kept(exported):
    before = import_weights(exported, control=Control())
    path = exported / "card.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(
        re.sub(r"\nwindow_s = .*", "", text).replace("[audio]", "[audio]\nwindow_s = nan"), encoding="utf-8"
    )
    with pytest.raises(EncoderError, match=r"audio\.window_s must be a finite number\. Correct it"):
        import_weights(exported, control=Control())
    assert installed_weights() == {"clap-tiny": before}
