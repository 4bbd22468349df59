"""Downloading weights from a hub, on request. The only other module that opens a connection is `packages`, through pip.

Requests contain the program's name and version and nothing about the user: no token, no telemetry.
"""

import contextlib
import hashlib
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import bowerbird
from bowerbird.base.errors import EncoderError
from bowerbird.base.paths import weights_path
from bowerbird.base.text import bytes_text
from bowerbird.encoders.weights.cards import FILE_NAMES, Card, Role
from bowerbird.encoders.weights.store import (
    IMPORT_FOLDER,
    Weights,
    disk_error,
    install,
    part_folder,
    require_space,
    sha256_of,
    with_recorded_file,
)
from bowerbird.jobs.control import Control
from bowerbird.jobs.progress import Progress, Report, ignore

ENDPOINT_VARIABLE: Final = "HF_ENDPOINT"
"""Environment variable with the address of a mirror of Hugging Face, as in Hugging Face's own tools."""

_ENDPOINT: Final = "https://huggingface.co"
_TIMEOUT_S: Final = 10.0
_N_TRIES: Final = 3
_UNFINISHED: Final = ".unfinished"
_HEX: Final = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True)
class _Remote:
    """A file on the hub.

    Attributes
    ----------
    url : str
        Of a fixed commit.
    size_bytes : int or None
    digest : str
        sha256 of a large file, git's SHA-1 of a small file; "" when the hub gives neither.
    tag : str
        Changes with the content; "" when neither the hub nor the card identifies it.
    """

    role: Role
    url: str
    size_bytes: int | None
    digest: str
    tag: str


def fetch_weights(
    card: Card,
    roles: Sequence[Role],
    *,
    control: Control,
    report: Report = ignore,
    activity: str = "Downloading",
    endpoint: str | None = None,
) -> Weights:
    """Download files of a card, verify them, and replace what was installed.

    An interrupted download is kept and resumed by the next call. Installed files that are the same on the hub are not
    downloaded again.

    Parameters
    ----------
    card : Card
        Its source is a hub.
    roles : sequence of Role
    control : Control
        Checked between blocks.
    report : callable
        Receives progress in bytes.
    activity : str
        Of the progress.
    endpoint : str or None
        Address of the hub; None for that of ``HF_ENDPOINT``, or Hugging Face's.

    Raises
    ------
    EncoderError
        When the hub cannot be reached or does not serve the files, the disk is full, or a digest differs.
    Cancelled
    """
    part = part_folder(card.id)
    address = _address(endpoint)
    try:
        part.mkdir(parents=True, exist_ok=True)
        with _hub(address):
            remotes, commit = _describe(card, roles, address, control)
            card = replace(card, source=replace(card.source, revision=commit))
            tally = _Tally(remotes, control, report, activity)
            for remote in remotes:
                if not (part / FILE_NAMES[remote.role]).exists():
                    _reuse(remote, weights_path() / card.id, part)
            _delete_others(part, remotes)
            require_space(part, sum((remote.size_bytes or 0) - _n_downloaded(remote, part) for remote in remotes))
            for remote in remotes:
                card = _complete(card, remote, part, tally)
    except OSError as error:
        raise disk_error("write", part, error) from error
    return install(card, part)


class _Tally:
    """Counts bytes over all files, reports them, and checks for cancellation."""

    def __init__(self, remotes: Sequence[_Remote], control: Control, report: Report, activity: str) -> None:
        self._control = control
        self._report = report
        self._activity = activity
        self._n_total = sum(remote.size_bytes or 0 for remote in remotes)
        self._n_before = 0
        self._n_now = 0

    def set(self, n_bytes: int) -> None:
        """Set the number of bytes of the current file."""
        self._control.check()
        self._n_now = n_bytes
        n_done = self._n_before + n_bytes
        self._report(Progress(self._activity, n_done, max(self._n_total, n_done), "bytes"))

    def next(self) -> None:
        """Start the next file."""
        self._n_before += self._n_now
        self._n_now = 0


# The hub


def _address(endpoint: str | None) -> str:
    address = (endpoint or os.environ.get(ENDPOINT_VARIABLE) or _ENDPOINT).rstrip("/")
    try:
        parts = urlsplit(address)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise EncoderError(
            f"{address} is not a valid hub address. Set {ENDPOINT_VARIABLE} to an address such as {_ENDPOINT}."
        )
    return address


@contextlib.contextmanager
def _hub(address: str) -> Iterator[None]:
    """Silence the hub's library, close its session, and turn its errors into sentences."""
    import huggingface_hub  # noqa: PLC0415 - slow to import, and few processes need it
    from huggingface_hub import constants, errors  # noqa: PLC0415
    from huggingface_hub.utils.logging import set_verbosity  # noqa: PLC0415

    constants.HF_HUB_DISABLE_TELEMETRY = True
    set_verbosity(logging.CRITICAL)
    host = urlsplit(address).netloc
    try:
        yield
    except errors.OfflineModeIsEnabled as error:
        raise EncoderError(
            "HF_HUB_OFFLINE is set, so nothing was downloaded. Unset it, or import a folder from another computer "
            f"{IMPORT_FOLDER}."
        ) from error
    except errors.HfHubHTTPError as error:
        raise _status_error(error.response.status_code, str(error.response.request.url)) from error
    except errors.HFValidationError as error:
        raise EncoderError(f"The card's source is invalid: {error}. Correct the card.") from error
    except errors.HTTPError as error:  # type: ignore[attr-defined] # of the HTTP library below it
        raise EncoderError(
            f"Cannot reach {host} ({_reason(error)}). Check the network and try again, or import a "
            f"folder from another computer {IMPORT_FOLDER}."
        ) from error
    finally:
        huggingface_hub.close_session()


def _describe(card: Card, roles: Sequence[Role], address: str, control: Control) -> tuple[list[_Remote], str]:
    """Return the size and digest of each file, and the commit that they all belong to."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url  # noqa: PLC0415

    revision = card.source.revision
    found = []
    for role in roles:
        control.check()
        path = card.files[role].path
        url = hf_hub_url(card.source.repository, path, revision=revision, endpoint=address)
        facts = get_hf_file_metadata(url, token=False, timeout=_TIMEOUT_S, headers=_headers(), endpoint=address)
        if facts.commit_hash and facts.commit_hash != revision:
            revision = facts.commit_hash
            url = hf_hub_url(card.source.repository, path, revision=revision, endpoint=address)
        tag = facts.etag or ""
        is_digest = len(tag) in (40, 64) and set(tag) <= _HEX
        known = card.files[role].sha256
        if known and len(tag) == 64 and is_digest and tag != known:
            raise EncoderError(
                f"{path} at {urlsplit(url).netloc} does not match the SHA-256 in its model card. It was not "
                "downloaded. Update Bowerbird, or correct the card."
            )
        digest = known or (tag if is_digest else "")
        has_tag = bool(tag or digest)
        stamp = hashlib.blake2b(f"{tag} {digest} {facts.size}".encode(), digest_size=8).hexdigest()
        found.append(_Remote(role, url, facts.size, digest, stamp if has_tag else ""))
    return found, revision


def _headers() -> dict[str, str]:
    return {"user-agent": f"bowerbird/{bowerbird.__version__}"}


# Files


def _n_downloaded(remote: _Remote, part: Path) -> int:
    for path in (part / FILE_NAMES[remote.role], _unfinished(remote, part)):
        if path.exists():
            return path.stat().st_size
    return 0


def _unfinished(remote: _Remote, part: Path) -> Path:
    """Return the path of an unfinished file, which includes the tag of its content."""
    return part / f"{FILE_NAMES[remote.role]}.{remote.tag}{_UNFINISHED}"


def _delete_others(part: Path, remotes: Sequence[_Remote]) -> None:
    """Delete files of earlier downloads that are not needed now."""
    wanted = {_unfinished(remote, part).name for remote in remotes if remote.tag}
    wanted |= {FILE_NAMES[remote.role] for remote in remotes if remote.digest}  # size alone does not identify a file
    for path in part.iterdir():
        if path.name not in wanted:
            path.unlink()


def _reuse(remote: _Remote, installed: Path, part: Path) -> None:
    """Link or copy an installed file of the right size; its digest is checked as if it had been downloaded."""
    source, target = installed / FILE_NAMES[remote.role], part / FILE_NAMES[remote.role]
    if not remote.digest or not source.is_file() or source.stat().st_size != remote.size_bytes:
        return
    try:
        target.hardlink_to(source)
    except OSError:  # a file system without hard links
        require_space(part, source.stat().st_size)
        shutil.copyfile(source, target)


def _complete(card: Card, remote: _Remote, part: Path, tally: _Tally) -> Card:
    """Download and verify a file; return the card with its size and sha256."""
    path = part / FILE_NAMES[remote.role]
    if path.exists() and not _is_intact(path, remote):
        path.unlink()
    if not path.exists():
        unfinished = _unfinished(remote, part)
        _download(remote, unfinished, tally)
        if not _is_intact(unfinished, remote):
            unfinished.unlink()
            raise EncoderError(
                f"{card.files[remote.role].path} was downloaded and deleted: its digest differs from the "
                f"{'card' if card.files[remote.role].sha256 else 'hub'}'s. Try again; if it happens again, the file "
                "on the hub was replaced and should not be used."
            )
        unfinished.rename(path)
    n_bytes = path.stat().st_size
    tally.set(n_bytes)
    tally.next()
    is_known = len(remote.digest) == 64  # and was just compared
    return with_recorded_file(
        card, remote.role, size_bytes=n_bytes, sha256=remote.digest if is_known else sha256_of(path)
    )


def _is_intact(path: Path, remote: _Remote) -> bool:
    n_bytes = path.stat().st_size
    if remote.size_bytes is not None and n_bytes != remote.size_bytes:
        return False
    if len(remote.digest) == 40:  # git's SHA-1: not tamper-proof, but all that the hub gives for small files
        with path.open("rb") as file:
            digest = hashlib.sha1(f"blob {n_bytes}\0".encode(), usedforsecurity=False)
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
        return digest.hexdigest() == remote.digest
    return not remote.digest or sha256_of(path) == remote.digest


def _download(remote: _Remote, path: Path, tally: _Tally) -> None:
    """Download a file, resuming an earlier attempt when its tag shows that it is the same file."""
    from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined] # noqa: PLC0415

    for n_left in reversed(range(_N_TRIES)):
        n_before = path.stat().st_size if path.exists() and remote.tag else 0
        if path.exists() and n_before == remote.size_bytes:
            return
        if remote.size_bytes is not None and n_before > remote.size_bytes:
            path.unlink()
            n_before = 0
        try:
            if _stream(remote, path, n_before, tally):
                return
        except HTTPError as error:
            n_now = path.stat().st_size if path.exists() else 0
            if not n_left or n_now <= n_before:
                raise EncoderError(
                    f"The connection was lost {bytes_text(n_now) or '0 MB'} into {FILE_NAMES[remote.role]} "
                    f"({_reason(error)}). Try again{' to resume' if remote.tag else ''}."
                ) from error
    raise EncoderError(f"{urlsplit(remote.url).netloc} sent only a part of {FILE_NAMES[remote.role]}. Try again later.")


def _stream(remote: _Remote, path: Path, n_before: int, tally: _Tally) -> bool:
    """Append the response to the file; return whether the file is complete."""
    from huggingface_hub import get_session  # noqa: PLC0415

    headers = _headers() | {"accept-encoding": "identity"}
    if n_before:
        headers["range"] = f"bytes={n_before}-"
    with get_session().stream(
        "GET", remote.url, headers=headers, timeout=_TIMEOUT_S, follow_redirects=True
    ) as response:
        is_resumed = response.status_code == 206
        if response.status_code == 416 or (is_resumed and not _starts_at(response.headers, n_before)):
            path.unlink(missing_ok=True)  # the unfinished file is not the beginning of this file
            return False
        if response.is_error:
            raise _status_error(response.status_code, remote.url)
        n_bytes = n_before if is_resumed else 0
        with path.open("ab" if is_resumed else "wb") as file:
            tally.set(n_bytes)
            for block in response.iter_bytes():
                n_bytes += len(block)
                if remote.size_bytes is not None and n_bytes > remote.size_bytes:
                    break  # too long, so it will be rejected: do not fill the disk first
                file.write(block)
                tally.set(n_bytes)
    return remote.size_bytes is None or n_bytes >= remote.size_bytes


def _starts_at(headers: Any, n_bytes: int) -> bool:
    return str(headers.get("content-range", "")).startswith(f"bytes {n_bytes}-")


# Errors


def _status_error(status: int, url: str) -> EncoderError:
    host, path = urlsplit(url).netloc, urlsplit(url).path.lstrip("/")
    if status in (401, 403):
        return EncoderError(
            f"{host} refused access to {path}. Download the files from its web page, then import "
            f"their folder {IMPORT_FOLDER}."
        )
    if status == 404:
        return EncoderError(
            f"{host} does not have {path}. Correct the card if it was moved, or import a folder "
            f"that contains the files {IMPORT_FOLDER}."
        )
    if status == 429:
        return EncoderError(f"{host} is rate-limiting requests. Try again in a few minutes.")
    return EncoderError(f"{host} returned error {status} for {path}. Try again later.")


def _reason(error: Exception) -> str:
    text = (str(error) or type(error).__name__).splitlines()[0].rstrip(". ")
    return text[:1].lower() + text[1:]
