"""Writing a network: a graph without weights, followed by its tensors.

A serialised protocol buffer has no end: a parser merges what follows into it, concatenates repeated fields, and merges
embedded messages (https://protobuf.dev/programming-guides/encoding/#last-one-wins). So a whole ONNX model is the model
without its weights, followed by a model that has nothing but a graph with initialisers. Field numbers are those of
onnx.proto (https://github.com/onnx/onnx/blob/main/onnx/onnx.proto), which never change.
"""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
import numpy.typing as npt

_MODEL_GRAPH: Final = 7
_GRAPH_INITIALIZER: Final = 5
_TENSOR_DIMS: Final = 1
_TENSOR_DATA_TYPE: Final = 2
_TENSOR_NAME: Final = 8
_TENSOR_RAW_DATA: Final = 9
_FLOAT: Final = 1

_VARINT: Final = 0
_LENGTH_DELIMITED: Final = 2


def with_tensors(graph: bytes, tensors: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """Return an ONNX model with its weights.

    Parameters
    ----------
    graph : bytes
        An ONNX model whose initialisers are missing.
    tensors : mapping of str to ndarray
        The initialisers, stored as float32, in this order: the same tensors give the same bytes.
    """
    initialisers = b"".join(_field(_GRAPH_INITIALIZER, _tensor(name, value)) for name, value in tensors.items())
    return graph + _field(_MODEL_GRAPH, initialisers)


def _tensor(name: str, value: npt.NDArray[Any]) -> bytes:
    return b"".join(
        [
            *(_key(_TENSOR_DIMS, _VARINT) + _varint(length) for length in value.shape),
            _key(_TENSOR_DATA_TYPE, _VARINT) + _varint(_FLOAT),
            _field(_TENSOR_NAME, name.encode()),
            _field(_TENSOR_RAW_DATA, np.ascontiguousarray(value, "<f4").tobytes()),
        ]
    )


def _field(number: int, content: bytes) -> bytes:
    return _key(number, _LENGTH_DELIMITED) + _varint(len(content)) + content


def _key(number: int, wire_type: int) -> bytes:
    return _varint(number << 3 | wire_type)


def _varint(value: int) -> bytes:
    """Return a whole number, seven bits a byte, the lowest first; all bytes but the last have the highest bit set."""
    groups = bytearray()
    while value > 0x7F:
        groups.append(value & 0x7F | 0x80)
        value >>= 7
    groups.append(value)
    return bytes(groups)
