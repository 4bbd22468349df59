"""Reading the tensors of a PyTorch checkpoint without PyTorch.

`torch.save` writes a zip archive: a pickle that names the tensors, and a member for the content of each. A pickle is a
program that can call any function, so it is not given to the `pickle` module. Its instructions are interpreted here:
only those that build tuples, dictionaries and tensors are known, no function is imported or called, and everything else
is refused.
"""

import io
import math
import pickletools
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, BinaryIO, Final, TypeAlias

import numpy as np
import numpy.typing as npt

from bowerbird.base.errors import EncoderError

Tensor: TypeAlias = npt.NDArray[Any]

MAX_MEMBERS: Final = 10_000
MAX_DIRECTORY_BYTES: Final = 4_000_000
"""Of the archive's list of members, which `zipfile` reads at once."""

MAX_PICKLE_BYTES: Final = 4_000_000
MAX_STACK: Final = 100_000
"""Values that wait on the stack: two for each tensor of a dictionary, and those of the tensor that is being built."""

MAX_BYTES: Final = 2_000_000_000
"""Of all contents together, and of all tensors together: several tensors may share a content."""

_MAX_AXES: Final = 8
_MAX_REASON_LETTERS: Final = 200
ENCRYPTED_FLAG: Final = 0x1
"""Of a member of a zip archive (APPNOTE.TXT 4.4.4)."""

_STORAGES: Final[Mapping[str, str]] = MappingProxyType({"torch FloatStorage": "<f4", "torch LongStorage": "<i8"})
"""Types of content, and their byte order on disk."""

_DICTIONARY: Final = "collections OrderedDict"
_TENSOR: Final = "torch._utils _rebuild_tensor_v2"
_SKIPPED: Final = frozenset(
    {"_codecs encode", "numpy dtype", "numpy.core.multiarray scalar", "numpy._core.multiarray scalar"}
)
"""Make values that are not tensors, such as numbers of classes, and are skipped."""

_CONSTANTS: Final[Mapping[str, object]] = MappingProxyType({"NONE": None, "NEWTRUE": True, "NEWFALSE": False})
_VALUES: Final = frozenset({"BININT", "BININT1", "BININT2", "BINUNICODE", "SHORT_BINUNICODE", "LONG1", "BINFLOAT"})
_TUPLES: Final[Mapping[str, int]] = MappingProxyType({"EMPTY_TUPLE": 0, "TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3})


class _Fault(Exception):  # noqa: N818 - a reason, which becomes a sentence
    """Why a checkpoint is refused."""


@dataclass(frozen=True, slots=True)
class _Global:
    """The name of a function or class; it stays a name."""

    name: str


@dataclass(frozen=True, slots=True)
class _Storage:
    """The content of a tensor: a member of the archive."""

    key: str
    type: str
    n_values: int


class _Skipped:
    """A value that is not a tensor and is not needed."""


class _Mark:
    """The beginning of a tuple or of the items of a dictionary on the stack."""


def read_tensors(file: BinaryIO, *, name: str) -> dict[str, Tensor]:
    """Read the tensors of a checkpoint.

    Parameters
    ----------
    file : binary file
        A zip archive that `torch.save` wrote; its value is a dictionary of tensors, or a tuple that begins with it.
    name : str
        Of the file, in errors.

    Returns
    -------
    dict of str to ndarray, float32 or int64
        Read-only, in the order of the file.

    Raises
    ------
    EncoderError
        When it is something else: an unknown function or type, a missing or wrong member, or too large.
    OSError
        When the file cannot be read.
    """
    try:
        pieces = _Pieces(file)
        with zipfile.ZipFile(pieces) as archive:
            pieces.max_bytes = pieces.size_bytes
            return _Archive(archive).tensors()
    except (_Fault, zipfile.BadZipFile, ValueError, OverflowError, IndexError, EOFError, NotImplementedError) as error:
        reason = str(error)
        if len(reason) > _MAX_REASON_LETTERS:
            reason = reason[:_MAX_REASON_LETTERS] + "…"
        raise EncoderError(
            f"{name} is not a checkpoint that can be read safely ({reason}). Nothing in it was run. Download it again "
            "from its authors."
        ) from error


class _Pieces:
    """A file that is read in pieces of limited size: `zipfile` believes the sizes that an archive declares."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size_bytes = file.seek(0, io.SEEK_END)
        self.max_bytes = MAX_DIRECTORY_BYTES
        self.seek = file.seek
        self.tell = file.tell
        self.seekable = file.seekable

    def read(self, n_bytes: int = -1) -> bytes:
        if n_bytes > self.max_bytes:
            raise _Fault(f"it declares a list or member of {n_bytes:,} bytes")
        return self._file.read(n_bytes)


class _Archive:
    """A checkpoint; its pickle is interpreted once."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        members = archive.infolist()
        if len(members) > MAX_MEMBERS:
            raise _Fault(f"it has {len(members):,} members")
        self._archive = archive
        self._members = {member.filename: member for member in members}
        pickles = [member for member in self._members if member.endswith("/data.pkl")]
        if len(pickles) != 1 or len(self._members) != len(members):
            raise _Fault("it does not have exactly one data.pkl")
        self._folder = pickles[0].removesuffix("data.pkl")
        self._n_content_bytes_left = self._n_tensor_bytes_left = MAX_BYTES
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}
        self._contents: dict[str, Tensor] = {}

    def tensors(self) -> dict[str, Tensor]:
        if self._folder + "byteorder" in self._members and self._read("byteorder", 16) != b"little":
            raise _Fault("its numbers are big-endian")
        value = self._value(self._read("data.pkl", MAX_PICKLE_BYTES))
        if isinstance(value, tuple) and value:
            value = value[0]
        if not isinstance(value, dict):
            raise _Fault("it is not a dictionary of tensors")
        found = {key: entry for key, entry in value.items() if isinstance(key, str) and isinstance(entry, np.ndarray)}
        if not found or len(found) != len(value):
            raise _Fault("it has values that are not tensors")
        return found

    def _read(self, name: str, max_bytes: int) -> bytes:
        member = self._members.get(self._folder + name)
        if member is None:
            raise _Fault(f"its member {name} is missing")
        if member.file_size > max_bytes:
            raise _Fault(f"its member {name} has {member.file_size:,} bytes")
        if member.compress_type != zipfile.ZIP_STORED or member.compress_size != member.file_size:
            raise _Fault(f"its member {name} is compressed")  # torch.save compresses nothing
        if member.flag_bits & ENCRYPTED_FLAG:
            raise _Fault(f"its member {name} is encrypted")
        return self._archive.read(member)

    # The pickle

    def _value(self, program: bytes) -> object:
        """Return the value that a pickle describes."""
        for opcode, argument, _ in pickletools.genops(program):
            if opcode.name == "STOP":
                break
            self._step(opcode.name, argument)
            if len(self._stack) > MAX_STACK:
                raise _Fault("its pickle has too many values")
        if len(self._stack) != 1:
            raise _Fault("its pickle is incomplete")
        value: object = self._stack[0]
        return value

    def _step(self, name: str, argument: Any) -> None:
        stack = self._stack
        if name in _VALUES:
            stack.append(argument)
        elif name in _CONSTANTS:
            stack.append(_CONSTANTS[name])
        elif name in _TUPLES:
            stack.append(tuple(self._pop(_TUPLES[name])))
        elif name in ("BINPUT", "LONG_BINPUT"):
            self._memo[argument] = stack[-1]
        elif name in ("BINGET", "LONG_BINGET"):
            if argument not in self._memo:
                raise _Fault("its pickle refers to a missing value")
            stack.append(self._memo[argument])
        elif name == "MARK":
            stack.append(_Mark())
        elif name == "TUPLE":
            stack.append(tuple(self._pop_to_mark()))
        elif name == "EMPTY_DICT":
            stack.append({})
        elif name == "SETITEM":
            self._set(self._pop(2))
        elif name == "SETITEMS":
            self._set(self._pop_to_mark())
        elif name == "GLOBAL":
            if argument not in {*_STORAGES, *_SKIPPED, _DICTIONARY, _TENSOR}:
                raise _Fault(f"it uses {argument.replace(' ', '.')}, which is not part of a tensor")
            stack.append(_Global(argument))
        elif name == "BINPERSID":
            stack.append(_storage(self._pop(1)[0]))
        elif name == "REDUCE":
            function, arguments = self._pop(2)
            stack.append(self._make(function, arguments))
        elif name == "BUILD":  # attributes of a dictionary, such as the versions of its modules, are not needed
            self._pop(1)
            if not isinstance(stack[-1], (dict, _Skipped)):
                raise _Fault("it changes a value that is not a dictionary")
        elif name != "PROTO":
            raise _Fault(f"its pickle has the instruction {name}")

    def _pop(self, n: int) -> list[Any]:
        """Remove the last values from the stack and return them."""
        if n > len(self._stack):
            raise _Fault("its pickle is incomplete")
        values = self._stack[len(self._stack) - n :]
        del self._stack[len(self._stack) - n :]
        if any(isinstance(value, _Mark) for value in values):
            raise _Fault("its pickle is incomplete")
        return values

    def _pop_to_mark(self) -> list[Any]:
        """Remove the values since the last mark, and the mark, from the stack."""
        for index in reversed(range(len(self._stack))):
            if isinstance(self._stack[index], _Mark):
                values = self._stack[index + 1 :]
                del self._stack[index:]
                return values
        raise _Fault("its pickle is incomplete")

    def _set(self, items: list[Any]) -> None:
        dictionary = self._stack[-1]
        keys, values = items[::2], items[1::2]
        if not isinstance(dictionary, dict) or len(keys) != len(values):
            raise _Fault("its pickle sets items of a value that is not a dictionary")
        if not all(isinstance(key, (str, int)) for key in keys):
            raise _Fault("it has a key that is neither text nor a number")
        dictionary.update(zip(keys, values, strict=True))

    def _make(self, function: object, arguments: object) -> object:
        """Return what a known function would return; none is called."""
        name = function.name if isinstance(function, _Global) else ""
        if name == _DICTIONARY and arguments == ():
            return {}
        if name == _TENSOR and isinstance(arguments, tuple) and len(arguments) >= 4:
            return self._tensor(*arguments[:4])
        if name in _SKIPPED:
            return _Skipped()
        raise _Fault("it calls a function that does not make a tensor")

    def _tensor(self, storage: object, start: object, shape: object, strides: object) -> Tensor:
        sizes, steps = _whole_numbers(shape), _whole_numbers(strides)
        if not isinstance(storage, _Storage) or len(sizes) != len(steps) or len(sizes) > _MAX_AXES:
            raise _Fault("it has a tensor that is not valid")
        (offset,) = _whole_numbers((start,))
        contiguous = [math.prod(sizes[axis + 1 :]) for axis in range(len(sizes))]
        if any(size > 1 and step != own for size, step, own in zip(sizes, steps, contiguous, strict=True)):
            raise _Fault("it has a tensor that is not contiguous")
        n_values = math.prod(sizes)
        if offset + n_values > storage.n_values:
            raise _Fault("it has a tensor that is larger than its content")
        self._n_tensor_bytes_left -= n_values * np.dtype(_STORAGES[storage.type]).itemsize
        if self._n_tensor_bytes_left < 0:
            raise _Fault("its tensors are too large")
        return self._content(storage)[offset : offset + n_values].reshape(sizes)

    def _content(self, storage: _Storage) -> Tensor:
        content = self._contents.get(storage.key)
        if content is None:
            kind = np.dtype(_STORAGES[storage.type])
            raw = self._read(f"data/{storage.key}", self._n_content_bytes_left)
            if len(raw) != storage.n_values * kind.itemsize:
                raise _Fault(f"its member data/{storage.key} has {len(raw):,} bytes for {storage.n_values:,} values")
            self._n_content_bytes_left -= len(raw)
            content = self._contents[storage.key] = np.frombuffer(raw, kind)
        if len(content) != storage.n_values or content.dtype != np.dtype(_STORAGES[storage.type]):
            raise _Fault(f"its member data/{storage.key} has two types")
        return content


def _storage(described: object) -> _Storage:
    """Return the content that a persistent id describes: ("storage", type, key, device, number of values)."""
    if not isinstance(described, tuple) or len(described) != 5 or described[0] != "storage":
        raise _Fault("it refers to something that is not a tensor's content")
    _, kind, key, _, n_values = described
    if not isinstance(kind, _Global) or kind.name not in _STORAGES:
        raise _Fault("it has a tensor of an unknown type")
    if not isinstance(key, str) or not (key.isascii() and key.isdecimal()):
        raise _Fault("it refers to content outside the archive")
    return _Storage(key, kind.name, *_whole_numbers((n_values,)))


def _whole_numbers(values: object) -> tuple[int, ...]:
    if not isinstance(values, tuple) or not all(type(value) is int and value >= 0 for value in values):
        raise _Fault("it has a size that is not a whole number")
    return values
