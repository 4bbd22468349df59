"""Finding the chunks of RIFF, RIFX, RF64, BW64, Wave64, AIFF and CAF files, also where a writer forgot a pad byte."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Literal

MAX_CHUNK_BYTES: Final = 4_000_000
"""Longer chunks are not read as metadata."""

_MAX_CHUNKS: Final = 1_000
_KNOWN: Final = frozenset(
    b"fmt  data LIST list bext iXML smpl inst cue  acid id3  ID3  fact PEAK JUNK junk FLLR PAD  axml chna cart umid "
    b"minf elm1 regn strc plst levl DISP _PMX afsp INFO adtl labl note ltxt INAM IART ICMT ICRD IGNR ISFT IPRD "
    b"IKEY ISBJ IENG ICOP COMM SSND MARK INST NAME AUTH ANNO (c)  COMT basc trns cate FVER CHAN APPL MIDI AESD".split(
        b" "
    )
)
"""Compared without trailing spaces."""

Kind = Literal["wave", "aiff", "caf"]


@dataclass(frozen=True, slots=True)
class Chunk:
    """A chunk in a file.

    Attributes
    ----------
    name : bytes
        Four of them; of Wave64 the first four of the GUID.
    start : int
        Position of its data.
    n_bytes : int
        As declared.
    """

    name: bytes
    start: int
    n_bytes: int


@dataclass(frozen=True, slots=True)
class Container:
    """A file that is made of chunks.

    Attributes
    ----------
    kind : {"wave", "aiff", "caf"}
    order : {"little", "big"}
        Order of the bytes in numbers.
    chunks : tuple of Chunk
    """

    kind: Kind
    order: Literal["little", "big"]
    chunks: tuple[Chunk, ...]


def read_container(file: BinaryIO) -> Container | None:
    """Return the chunks of a file; None where it is not made of chunks."""
    n_bytes = file.seek(0, 2)
    file.seek(0)
    head = file.read(40)
    if head[:4] in {b"RIFF", b"RF64", b"BW64"} and head[8:12] == b"WAVE":
        return Container("wave", "little", tuple(_riff_chunks(file, n_bytes, "little")))
    if head[:4] == b"RIFX" and head[8:12] == b"WAVE":
        return Container("wave", "big", tuple(_riff_chunks(file, n_bytes, "big")))
    if head[:4] == b"riff" and head[24:28] == b"wave":
        return Container("wave", "little", tuple(_wave64_chunks(file, n_bytes)))
    if head[:4] == b"FORM" and head[8:12] in {b"AIFF", b"AIFC"}:
        return Container("aiff", "big", tuple(_riff_chunks(file, n_bytes, "big")))
    if head[:4] == b"caff":
        return Container("caf", "big", tuple(_caf_chunks(file, n_bytes)))
    return None


def is_unfinished(path: Path) -> bool:
    """Return whether a file's chunk of samples is empty or longer than the file: its writer is not done, or died."""
    try:
        with path.open("rb") as file:
            container = read_container(file)
            n_file_bytes = file.seek(0, 2)
    except OSError:
        return False
    if container is None:
        return False
    audio = [chunk for chunk in container.chunks if chunk.name in {b"data", b"SSND"}]
    return not audio or any(chunk.n_bytes == 0 or chunk.start + chunk.n_bytes > n_file_bytes for chunk in audio)


def read_chunk(file: BinaryIO, chunk: Chunk) -> bytes:
    """Return a chunk's data; cut at the end of the file, and empty where the chunk is too long for metadata."""
    if chunk.n_bytes > MAX_CHUNK_BYTES:
        return b""
    file.seek(chunk.start)
    return file.read(chunk.n_bytes)


def subchunks(data: bytes, order: Literal["little", "big"]) -> Iterator[tuple[bytes, bytes]]:
    """Yield name and data of each chunk inside a list, as `read_container` finds those of a file."""
    position = 0
    while position + 8 <= len(data):
        n_bytes = int.from_bytes(data[position + 4 : position + 8], order)
        end = position + 8 + n_bytes
        yield data[position : position + 4], data[position + 8 : end]
        position = _next(end, data[end : end + 9], n_bytes, len(data), order)


def _riff_chunks(file: BinaryIO, n_file_bytes: int, order: Literal["little", "big"]) -> Iterator[Chunk]:
    position = 12
    n_data_bytes = 0
    for _ in range(_MAX_CHUNKS):
        file.seek(position)
        head = file.read(8)
        if len(head) < 8:
            return
        name, n_bytes = head[:4], int.from_bytes(head[4:], order)
        if name == b"ds64":  # RF64 and BW64 store the size of `data` here (EBU Tech 3306, ITU-R BS.2088)
            n_data_bytes = int.from_bytes(file.read(16)[8:], "little")
        elif name == b"data" and n_bytes == 0xFFFFFFFF:
            n_bytes = n_data_bytes
        yield Chunk(name, position + 8, n_bytes)
        end = position + 8 + n_bytes
        file.seek(min(end, n_file_bytes))
        position = _next(end, file.read(9), n_bytes, n_file_bytes, order)


def _next(end: int, following: bytes, n_bytes: int, n_total: int, order: Literal["little", "big"]) -> int:
    """Return where the chunk after one that ends at `end` begins: chunks of odd length should have a pad byte."""
    if not n_bytes & 1:
        return end
    padded, unpadded = following[1:9], following[:8]
    if _is_known(unpadded) and not _is_known(padded):
        return end
    if not _is_plausible(padded, n_total - end - 9, order) and _is_plausible(unpadded, n_total - end - 8, order):
        return end
    return end + 1


def _is_known(head: bytes) -> bool:
    return len(head) == 8 and head[:4].rstrip(b" ") in _KNOWN and head[:4].strip(b" ") != b""


def _is_plausible(head: bytes, n_left: int, order: Literal["little", "big"]) -> bool:
    return len(head) == 8 and all(32 <= byte < 127 for byte in head[:4]) and int.from_bytes(head[4:8], order) <= n_left


def _wave64_chunks(file: BinaryIO, n_file_bytes: int) -> Iterator[Chunk]:
    """Yield the chunks of a Wave64 file: GUIDs, sizes of 8 bytes that include the head, aligned to 8 bytes."""
    position = 40
    for _ in range(_MAX_CHUNKS):
        file.seek(position)
        head = file.read(24)
        n_bytes = int.from_bytes(head[16:24], "little")
        if len(head) < 24 or n_bytes < 24:
            return
        name = b"LIST" if head[:4] == b"list" else head[:4]
        yield Chunk(name, position + 24, n_bytes - 24)
        position += (n_bytes + 7) & ~7
        if position >= n_file_bytes:
            return


def _caf_chunks(file: BinaryIO, n_file_bytes: int) -> Iterator[Chunk]:
    position = 8
    for _ in range(_MAX_CHUNKS):
        file.seek(position)
        head = file.read(12)
        if len(head) < 12:
            return
        n_bytes = int.from_bytes(head[4:12], "big", signed=True)
        if n_bytes < 0:  # `data` may reach to the end
            n_bytes = n_file_bytes - position - 12
        yield Chunk(head[:4], position + 12, n_bytes)
        position += 12 + n_bytes
