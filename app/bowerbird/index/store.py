"""Index files: written atomically with a stamp of their content, and verified before they are loaded.

An index consists of data files with unique names and a small stamp with their names, sizes and checksums. The stamp is
replaced last, so that a crash leaves the former or the new index. Files that do not match the stamp are never parsed.
The vectors of a compact index are in a file that only grows: it is mapped, and each vector is verified when it is used.
"""

import hashlib
import json
import secrets
from contextlib import suppress
from dataclasses import asdict, astuple, dataclass, fields
from pathlib import Path
from typing import Final

import numpy as np

from bowerbird.base.files import write_atomic
from bowerbird.index import compact, hnsw
from bowerbird.index.compact import CompactIndex
from bowerbird.index.exact import ExactIndex
from bowerbird.index.hnsw import HnswIndex
from bowerbird.index.protocol import VectorIndex

FORMAT: Final = 3


@dataclass(frozen=True, slots=True)
class Stamp:
    """The content of an index.

    Attributes
    ----------
    encoder_id : str
    n_dims : int
    kind : str
        exact, hnsw or compact.
    revision : int
        Highest window id in the index.
    ef : int
        Search width of a graph; 0 for others.
    n_recorded, n_windows : int
        How many windows the catalogue had ever recorded, and how many it had: see `Reader.window_counts`.
    """

    encoder_id: str
    n_dims: int
    kind: str
    revision: int
    ef: int = 0
    n_recorded: int = 0
    n_windows: int = 0


def save(index: VectorIndex, stamp: Stamp, folder: Path) -> None:
    """Save an index in a folder.

    Raises
    ------
    OSError
        When it cannot be written; the former index is kept.
    """
    folder.mkdir(parents=True, exist_ok=True)
    stem = file_stem(stamp.encoder_id)
    data = new_file(stamp.encoder_id, folder, suffix=".index")
    labels = data.with_suffix(".labels")
    try:
        paths = index.write(data)
        with labels.open("wb") as file:
            np.save(file, index.labels())
        files = {path.name: [path.stat().st_size, _checksum(path)] for path in (*paths, labels)}
        kept = [index.vectors_path] if isinstance(index, CompactIndex) else []
        vectors = [path.name for path in kept if path is not None and path.stat()]
        stamp_path = folder / f"{stem}.json"
        write_atomic(stamp_path, json.dumps({"format": FORMAT, **asdict(stamp), "files": files, "vectors": vectors}))
    except BaseException:
        for path in folder.glob(f"{data.stem}.*"):
            path.unlink(missing_ok=True)
        raise
    for old in folder.glob(f"{stem}-*"):
        if old.name not in files and old.name not in vectors:
            with suppress(OSError):  # another process may have it open
                old.unlink()


def new_file(encoder_id: str, folder: Path, *, suffix: str) -> Path:
    """Return the path of a file that does not exist, with a name like those of an encoder's index."""
    return folder / f"{file_stem(encoder_id)}-{secrets.token_hex(4)}{suffix}"


def read_stamp(encoder_id: str, folder: Path) -> Stamp | None:
    """Return the stamp of an encoder's saved index; None if there is none."""
    try:
        stored = json.loads((folder / f"{file_stem(encoder_id)}.json").read_text(encoding="utf-8"))
        stamp = Stamp(*(stored[field.name] for field in fields(Stamp)))
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    fits = tuple(type(value) for value in astuple(stamp)) == (str, int, str, int, int, int, int)
    return stamp if fits else None


def load(encoder_id: str, n_dims: int, folder: Path) -> VectorIndex | None:
    """Load an encoder's index; None if there is no intact and matching index."""
    stamp = read_stamp(encoder_id, folder)
    if stamp is None or (stamp.encoder_id, stamp.n_dims) != (encoder_id, n_dims):
        return None
    try:
        stored = json.loads((folder / f"{file_stem(encoder_id)}.json").read_text(encoding="utf-8"))
        files: dict[str, list[object]] = stored["files"]
        if stored["format"] != FORMAT:
            return None
        paths = [folder / Path(name).name for name in files]
        for path, (size, checksum) in zip(paths, files.values(), strict=True):
            if path.stat().st_size != size or _checksum(path) != checksum:
                return None
        *data, labels = paths
        if stamp.kind == ExactIndex.kind:
            return ExactIndex.read(data[0], n_dims)
        if stamp.kind == HnswIndex.kind and hnsw.is_available():
            return HnswIndex.read(data, n_dims, np.load(labels, allow_pickle=False), ef=stamp.ef)
        if stamp.kind == CompactIndex.kind and compact.is_available():
            (vectors,) = stored["vectors"]
            return CompactIndex.read(data[0], data[1], folder / Path(vectors).name, n_dims)
    except (OSError, ValueError, KeyError, IndexError, TypeError, RuntimeError, AttributeError):
        return None
    return None


def file_stem(encoder_id: str) -> str:
    """Return the beginning of the names of an encoder's files."""
    safe = "".join(letter if letter.isalnum() or letter in "-." else "_" for letter in encoder_id)
    return f"{safe}-{hashlib.blake2b(encoder_id.encode(), digest_size=3).hexdigest()}"


def _checksum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()
