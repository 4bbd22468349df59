"""Fetching weights from a hub, when asked to: the only place of the program that opens a network connection.

Requests carry the program's name and version and nothing about the user: no token, no telemetry.
"""

import contextlib
import hashlib
import logging
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
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
    Weights,
    cannot,
    part_folder,
    put_in_place,
    recorded,
    require_space,
    sha256_of,
)

ENDPOINT_VARIABLE: Final = "HF_ENDPOINT"
"""Environment variable with the address of another hub than Hugging Face's; their own tools know it too."""

_ENDPOINT: Final = "https://huggingface.co"
_TIMEOUT_S: Final = 10.0
_N_TRIES: Final = 3
_UNFINISHED: Final = ".unfinished"
_HEX: Final = frozenset("0123456789abcdef")

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class _Remote:
    """A file as the hub describes it.

    Attributes
    ----------
    url : str
        Of one commit, whatever is pushed meanwhile.
    size_bytes : int or None
    digest : str
        sha256 of a large file, git's own SHA-1 of a small one, "" when the hub says neither.
    tag : str
        Changes with the content; "" where the hub and the card say nothing that does.
    """

    role: Role
    url: str
    size_bytes: int | None
    digest: str
    tag: str


class _CancelledError(Exception):
    """Somebody pressed cancel."""


def fetch_weights(
    card: Card,
    roles: Sequence[Role],
    *,
    endpoint: str | None = None,
    is_cancelled: Callable[[], bool] = lambda: False,
    progress: Progress = lambda _done, _total: None,
) -> Weights | None:
    """Fetch files of a card, check them, and let them take the place of what was there.

    What a broken or cancelled run brought stays, and the next goes on from there. Files that are here already and are
    the hub's own are not fetched again.

    Parameters
    ----------
    card : Card
        Whose source is a hub.
    roles : sequence of Role
    endpoint : str or None
        Address of the hub; None for that of ``HF_ENDPOINT``, or Hugging Face's.
    is_cancelled : callable
        Asked between blocks.
    progress : callable
        Told bytes done and in all.

    Returns
    -------
    Weights or None
        None when it was cancelled.

    Raises
    ------
    EncoderError
        When the hub cannot be reached, does not have or give the files, the disk is full, or a file is another.
    """
    part = part_folder(card.id)
    address = _address(endpoint)
    try:
        part.mkdir(parents=True, exist_ok=True)
        with _hub(address):
            remotes, commit = _describe(card, roles, address, is_cancelled)
            card = replace(card, source=replace(card.source, revision=commit))
            tally = _Tally(remotes, is_cancelled, progress)
            for remote in remotes:
                if not (part / FILE_NAMES[remote.role]).exists():
                    _borrow(remote, weights_path() / card.id, part)
            _drop_strangers(part, remotes)
            require_space(part, sum((remote.size_bytes or 0) - _n_here(remote, part) for remote in remotes))
            for remote in remotes:
                card = _bring(card, remote, part, tally)
    except _CancelledError:
        return None
    except OSError as error:
        raise cannot("write", part, error) from error
    return put_in_place(card, part)


class _Tally:
    """Counts bytes over all files, and hears of the cancel button."""

    def __init__(self, remotes: Sequence[_Remote], is_cancelled: Callable[[], bool], progress: Progress) -> None:
        self._is_cancelled = is_cancelled
        self._progress = progress
        self._n_total = sum(remote.size_bytes or 0 for remote in remotes)
        self._n_before = 0
        self._n_now = 0

    def set(self, n_bytes: int) -> None:
        """Say how much of the present file is here."""
        if self._is_cancelled():
            raise _CancelledError
        self._n_now = n_bytes
        n_done = self._n_before + n_bytes
        self._progress(n_done, max(self._n_total, n_done))

    def next(self) -> None:
        """Begin another file."""
        self._n_before += self._n_now
        self._n_now = 0


# What the hub says


def _address(endpoint: str | None) -> str:
    address = (endpoint or os.environ.get(ENDPOINT_VARIABLE) or _ENDPOINT).rstrip("/")
    try:
        parts = urlsplit(address)
        is_address = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_address = False
    if not is_address:
        raise EncoderError(f"`{address}` is no address of a hub. Set {ENDPOINT_VARIABLE} to one such as {_ENDPOINT}.")
    return address


@contextlib.contextmanager
def _hub(address: str) -> Iterator[None]:
    """Keep the hub's library quiet, close what it opens, and turn its faults into sentences."""
    import huggingface_hub  # noqa: PLC0415 - takes a while to load, and few processes need it
    from huggingface_hub import constants, errors  # noqa: PLC0415
    from huggingface_hub.utils.logging import set_verbosity  # noqa: PLC0415

    constants.HF_HUB_DISABLE_TELEMETRY = True
    set_verbosity(logging.CRITICAL)
    host = urlsplit(address).netloc
    try:
        yield
    except errors.OfflineModeIsEnabled as error:
        raise EncoderError(
            "`HF_HUB_OFFLINE` is set, so nothing is fetched. Unset it, or run `bowerbird models import DIR` with a "
            "folder from another machine."
        ) from error
    except errors.HfHubHTTPError as error:
        raise _refusal(error.response.status_code, str(error.response.request.url)) from error
    except errors.HFValidationError as error:
        raise EncoderError(f"The card's source is wrong: {error}. Mend the card.") from error
    except errors.HTTPError as error:  # type: ignore[attr-defined] # that of the HTTP library below it
        raise EncoderError(
            f"`{host}` cannot be reached ({_reason(error)}). Check the network and try again, or run "
            "`bowerbird models import DIR` with a folder from another machine."
        ) from error
    finally:
        huggingface_hub.close_session()


def _describe(
    card: Card, roles: Sequence[Role], address: str, is_cancelled: Callable[[], bool]
) -> tuple[list[_Remote], str]:
    """Ask for size and digest of each file, all of one commit, and return that too."""
    from huggingface_hub import get_hf_file_metadata, hf_hub_url  # noqa: PLC0415

    revision = card.source.revision
    found = []
    for role in roles:
        if is_cancelled():
            raise _CancelledError
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
                f"`{urlsplit(url).netloc}` has another `{path}` than the card says: its sha256 differs, so it was not "
                "fetched. Get a newer Bowerbird, or mend the card."
            )
        digest = known or (tag if is_digest else "")
        has_tag = bool(tag or digest)
        stamp = hashlib.blake2b(f"{tag} {digest} {facts.size}".encode(), digest_size=8).hexdigest()
        found.append(_Remote(role, url, facts.size, digest, stamp if has_tag else ""))
    return found, revision


def _headers() -> dict[str, str]:
    return {"user-agent": f"bowerbird/{bowerbird.__version__}"}


# Files


def _n_here(remote: _Remote, part: Path) -> int:
    for path in (part / FILE_NAMES[remote.role], _unfinished(remote, part)):
        if path.exists():
            return path.stat().st_size
    return 0


def _unfinished(remote: _Remote, part: Path) -> Path:
    """Return the file that bytes come into: what has another tag is of another content."""
    return part / f"{FILE_NAMES[remote.role]}.{remote.tag}{_UNFINISHED}"


def _drop_strangers(part: Path, remotes: Sequence[_Remote]) -> None:
    """Remove what an earlier run left that is not wanted any more."""
    wanted = {_unfinished(remote, part).name for remote in remotes if remote.tag}
    wanted |= {FILE_NAMES[remote.role] for remote in remotes if remote.digest}  # size tells no two apart
    for path in part.iterdir():
        if path.name not in wanted:
            path.unlink()


def _borrow(remote: _Remote, installed: Path, part: Path) -> None:
    """Take a file of the right size that is here already; its digest is checked as if it had been fetched."""
    source, target = installed / FILE_NAMES[remote.role], part / FILE_NAMES[remote.role]
    if not remote.digest or not source.is_file() or source.stat().st_size != remote.size_bytes:
        return
    try:
        target.hardlink_to(source)
    except OSError:  # a disk without links
        require_space(part, source.stat().st_size)
        shutil.copyfile(source, target)


def _bring(card: Card, remote: _Remote, part: Path, tally: _Tally) -> Card:
    """Return the card with what was recorded of a file, which is here, whole and checked then."""
    path = part / FILE_NAMES[remote.role]
    if path.exists() and not _is_right(path, remote):
        path.unlink()
    if not path.exists():
        unfinished = _unfinished(remote, part)
        _download(remote, unfinished, tally)
        if not _is_right(unfinished, remote):
            unfinished.unlink()
            raise EncoderError(
                f"`{card.files[remote.role].path}` came, but is not what it should be: its digest differs from the "
                f"{'card' if card.files[remote.role].sha256 else 'hub'}'s. It was removed. Try again; if it happens "
                "again, the file was replaced, and you should not use it."
            )
        unfinished.rename(path)
    n_bytes = path.stat().st_size
    tally.set(n_bytes)
    tally.next()
    is_known = len(remote.digest) == 64  # and was compared just now
    return recorded(card, remote.role, size_bytes=n_bytes, sha256=remote.digest if is_known else sha256_of(path))


def _is_right(path: Path, remote: _Remote) -> bool:
    n_bytes = path.stat().st_size
    if remote.size_bytes is not None and n_bytes != remote.size_bytes:
        return False
    if len(remote.digest) == 40:  # as git names a file: not against an enemy, but the hub has nothing better here
        with path.open("rb") as file:
            digest = hashlib.sha1(f"blob {n_bytes}\0".encode(), usedforsecurity=False)
            for block in iter(lambda: file.read(1 << 20), b""):
                digest.update(block)
        return digest.hexdigest() == remote.digest
    return not remote.digest or sha256_of(path) == remote.digest


def _download(remote: _Remote, path: Path, tally: _Tally) -> None:
    """Bring a file to its end, from where an earlier run or try left it if that can be told to be the same file."""
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
                    f"The connection broke off {bytes_text(n_now) or '0 MB'} into `{FILE_NAMES[remote.role]}` "
                    f"({_reason(error)}). Try again{': it goes on from there' if remote.tag else ''}."
                ) from error
    raise EncoderError(
        f"`{urlsplit(remote.url).netloc}` ends `{FILE_NAMES[remote.role]}` before its size says. Try again later."
    )


def _stream(remote: _Remote, path: Path, n_before: int, tally: _Tally) -> bool:
    """Append what comes; say whether the file is as long as the hub said."""
    from huggingface_hub import get_session  # noqa: PLC0415

    headers = _headers() | {"accept-encoding": "identity"}
    if n_before:
        headers["range"] = f"bytes={n_before}-"
    with get_session().stream(
        "GET", remote.url, headers=headers, timeout=_TIMEOUT_S, follow_redirects=True
    ) as response:
        goes_on = response.status_code == 206
        if response.status_code == 416 or (goes_on and not _begins_at(response.headers, n_before)):
            path.unlink(missing_ok=True)  # what is here is no beginning of what is there
            return False
        if response.is_error:
            raise _refusal(response.status_code, remote.url)
        n_bytes = n_before if goes_on else 0
        with path.open("ab" if goes_on else "wb") as file:
            tally.set(n_bytes)
            for block in response.iter_bytes():
                n_bytes += len(block)
                if remote.size_bytes is not None and n_bytes > remote.size_bytes:
                    break  # it will be refused: it need not fill the disk first
                file.write(block)
                tally.set(n_bytes)
    return remote.size_bytes is None or n_bytes >= remote.size_bytes


def _begins_at(headers: Any, n_bytes: int) -> bool:
    return str(headers.get("content-range", "")).startswith(f"bytes {n_bytes}-")


# Faults


def _refusal(status: int, url: str) -> EncoderError:
    host, place = urlsplit(url).netloc, urlsplit(url).path.lstrip("/")
    if status in (401, 403):
        return EncoderError(
            f"`{host}` gives {place} only to people it knows, or not at all. Get the files by its web page, then run "
            "`bowerbird models import DIR` with their folder."
        )
    if status == 404:
        return EncoderError(
            f"`{host}` has no {place}. It was moved or removed there: mend the card, or run "
            "`bowerbird models import DIR` with a folder that has the files."
        )
    if status == 429:
        return EncoderError(f"`{host}` is asked too much just now. Try again in some minutes.")
    return EncoderError(f"`{host}` answered {status} for {place}. Try again later.")


def _reason(error: Exception) -> str:
    text = (str(error) or type(error).__name__).splitlines()[0].rstrip(". ")
    return text[:1].lower() + text[1:]
