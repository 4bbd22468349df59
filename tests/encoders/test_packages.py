"""Weights from a Python package, with a package index on the loopback address."""

import hashlib
import os
import shutil
import threading
import zipfile
from dataclasses import replace

import pytest

import package_index
from bowerbird.base.errors import EncoderError
from bowerbird.base.paths import weights_path
from bowerbird.encoders.onnx.encoder import OnnxEncoder
from bowerbird.encoders.weights import packages
from bowerbird.encoders.weights.importing import card_of_wheel, wheel_in
from bowerbird.encoders.weights.packages import fetch_package, import_wheel
from bowerbird.encoders.weights.store import checked_file, installed_weights
from bowerbird.jobs.control import Cancelled, Control
from hub_server import closed_endpoint
from package_index import NAME, WHEEL, Index
from sounds import noise
from torch_archive import archive, call, text


@pytest.fixture(autouse=True)
def no_proxy(monkeypatch):
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)


@pytest.fixture
def shipped(monkeypatch, tmp_path):
    """The card of the small package, which ships."""
    card = package_index.card(package_index.wheel())
    package_index.ship(monkeypatch, tmp_path / "shipped", card)
    return card


@pytest.fixture
def wheel(tmp_path):
    path = tmp_path / WHEEL
    path.write_bytes(package_index.wheel())
    return path


def nothing_is_left_but(*names):
    return sorted(path.name for path in weights_path().iterdir()) == sorted(names)


# Downloading


def test_a_network_is_made_of_a_wheel_of_the_index(monkeypatch, shipped):
    reports = []
    with Index(package_index.wheel()) as index:
        package_index.use_index(monkeypatch, index.endpoint)
        weights = fetch_package(shipped, control=Control(), report=reports.append, activity="Downloading Smallnet")
    assert index.requests == [f"/simple/{NAME}/", f"/files/{WHEEL}"]
    assert checked_file(weights, "audio").read_bytes() == package_index.network()
    assert installed_weights() == {NAME: weights}
    assert weights.card.attribution == shipped.attribution
    assert sorted(path.name for path in weights.folder.iterdir()) == ["audio.onnx", "card.toml"]
    assert nothing_is_left_but(NAME)
    assert {(progress.unit, progress.n_total) for progress in reports} == {("bytes", len(package_index.wheel()))}
    (vector,) = OnnxEncoder(weights).encode([noise(0, duration_s=0.5)[:, 0].astype("float32")])
    assert vector.shape == (4,)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (package_index.wheel(note="changed"), "has another file for smallnet 0.1: its sha256 differs"),
        (None, "does not have smallnet 0.1"),
    ],
)
def test_another_wheel_or_none_is_a_sentence_and_the_old_weights_stay(monkeypatch, shipped, wheel, data, reason):
    before = import_wheel(shipped, wheel, control=Control())
    with Index(data) as index:
        package_index.use_index(monkeypatch, index.endpoint)
        with pytest.raises(EncoderError, match=reason) as fault:
            fetch_package(shipped, control=Control())
    assert f"download {WHEEL} on another computer, then run `bowerbird models import FILE`" in str(fault.value)
    assert checked_file(before, "audio").is_file()
    assert nothing_is_left_but(NAME)


def test_an_index_that_cannot_be_reached_is_a_sentence(monkeypatch, shipped):
    package_index.use_index(monkeypatch, closed_endpoint())
    with pytest.raises(EncoderError, match=r"Cannot reach the package index for smallnet 0\.1\. Check the network"):
        fetch_package(shipped, control=Control())
    assert nothing_is_left_but()


def test_without_pip_the_sentence_says_how_to_get_it(monkeypatch, shipped):
    monkeypatch.setattr(packages.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EncoderError, match=r"pip, which is not installed .*ensurepip.*models import FILE"):
        fetch_package(shipped, control=Control())
    assert nothing_is_left_but()


def test_a_cancelled_download_ends_pip_and_leaves_nothing(monkeypatch, shipped):
    control, running = Control(), []
    start = packages.subprocess.Popen

    def started(*arguments, **options):
        running.append(start(*arguments, **options))
        return running[-1]

    monkeypatch.setattr(packages.subprocess, "Popen", started)
    with Index(package_index.wheel(), stalls=True) as index:
        package_index.use_index(monkeypatch, index.endpoint)
        canceller = threading.Thread(target=lambda: index.has_begun.wait() and control.cancel())
        canceller.start()
        with pytest.raises(Cancelled):
            fetch_package(shipped, control=control)
        canceller.join()
    assert [process.poll() is not None for process in running] == [True]
    assert nothing_is_left_but()


def test_a_pip_that_was_interrupted_too_is_not_a_fault(monkeypatch, shipped):
    control = Control()
    start = packages.subprocess.Popen

    def ended(*arguments, **options):
        process = start(*arguments, **options)
        assert process.wait() != 0
        control.cancel()
        return process

    monkeypatch.setattr(packages.subprocess, "Popen", ended)
    with Index(None) as index:
        package_index.use_index(monkeypatch, index.endpoint)
        with pytest.raises(Cancelled):
            fetch_package(shipped, control=control)
    assert nothing_is_left_but()


# Importing


def test_the_wheel_of_a_card_is_imported_from_a_file_or_its_folder(shipped, wheel):
    assert wheel_in(wheel) == wheel_in(wheel.parent) == wheel
    assert card_of_wheel(wheel) == shipped
    weights = import_wheel(shipped, wheel, control=Control())
    assert checked_file(weights, "audio").read_bytes() == package_index.network()
    assert nothing_is_left_but(NAME)


def test_a_folder_with_a_card_is_not_a_wheel(shipped, wheel):
    (wheel.parent / "card.toml").touch()
    assert wheel_in(wheel.parent) is None


@pytest.mark.parametrize("name", ["another-1.0-py3-none-any.whl", "smallnet-0.1.zip", "song.wav"])
def test_another_file_is_a_sentence_that_names_what_is_expected(shipped, tmp_path, name):
    with pytest.raises(EncoderError, match=rf"{name} is not a file that can be imported.*or the wheel {WHEEL}\."):
        card_of_wheel(tmp_path / name)


def test_another_version_or_a_changed_wheel_is_not_imported(shipped, wheel):
    assert card_of_wheel(wheel.with_name("smallnet-0.2-py3-none-any.whl")) == shipped
    before = import_wheel(shipped, wheel, control=Control())
    data = bytearray(wheel.read_bytes())
    data[len(data) // 2] ^= 1
    wheel.write_bytes(data)
    with pytest.raises(EncoderError, match=r"is not the wheel of smallnet 0\.1 .* sha256 differs\. Nothing was"):
        import_wheel(shipped, wheel, control=Control())
    assert checked_file(before, "audio").is_file()
    assert nothing_is_left_but(NAME)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (package_index.wheel(content=b"no archive"), "not a checkpoint that can be read safely"),
        (package_index.wheel(content=archive(call("os system", text("true")), {})), r"it uses os\.system"),
        (package_index.wheel(name="elsewhere.pth"), "does not contain smallnet/models/checkpoint.pth"),
        (b"no wheel", "does not contain smallnet/models/checkpoint.pth"),
    ],
)
def test_a_wheel_with_another_content_than_its_card_says_is_a_sentence(shipped, wheel, data, reason):
    wheel.write_bytes(data)
    with pytest.raises(EncoderError, match=reason):
        import_wheel(package_index.card(data), wheel, control=Control())
    assert nothing_is_left_but()


def test_a_network_that_is_not_that_of_the_card_is_not_installed(shipped, wheel):
    file = replace(shipped.files["audio"], sha256=hashlib.sha256(b"another").hexdigest())
    with pytest.raises(EncoderError, match="is not that of the card of smallnet"):
        import_wheel(replace(shipped, files={"audio": file}), wheel, control=Control())
    assert nothing_is_left_but()


def test_a_full_disk_is_a_sentence(monkeypatch, shipped, wheel):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(1, 1, 0))
    with pytest.raises(EncoderError, match="Not enough space"):
        import_wheel(shipped, wheel, control=Control())
    assert nothing_is_left_but()


def test_no_code_of_a_package_is_needed_to_read_it(wheel):
    with zipfile.ZipFile(wheel) as archive_:
        assert b"SystemExit" in archive_.read(f"{NAME}/__init__.py")
