"""8-bit variants: weights quantised per column, activations quantised dynamically."""

import errno
import logging
from pathlib import Path
from typing import Final

import numpy as np
import onnx
from google.protobuf.message import DecodeError
from onnx import TensorProto, helper, numpy_helper
from runtime import quantization

_SMALLEST_TABLE: Final = 2000
"""Minimum number of rows for quantising a look-up table."""


def write_int8(source: Path, target: Path) -> None:
    """Write a graph's 8-bit variant. Products without weights, such as in attention, stay in 32 bits.

    Raises
    ------
    OSError
        When there is no space for it or for the temporary copy of the graph.
    """
    log = logging.getLogger()
    level = log.level
    log.setLevel(logging.ERROR)  # its advice would fix the batch size
    try:
        quantization.quantize_dynamic(
            source,
            target,
            op_types_to_quantize=["MatMul", "Gemm"],
            per_channel=True,
            weight_type=quantization.QuantType.QInt8,
        )
    except DecodeError as error:  # its temporary copy was truncated by a full disk
        raise OSError(errno.ENOSPC, "no space for a copy of the graph") from error
    finally:
        log.setLevel(level)
    model = onnx.load(target)
    _round_tables(model.graph)
    onnx.checker.check_model(model)
    onnx.save(model, target)


def _round_tables(graph: onnx.GraphProto) -> None:
    """Quantise the large word embedding table, with a scale for each row."""
    tables = {table.name: table for table in graph.initializer if table.data_type == TensorProto.FLOAT}
    for number, node in enumerate(list(graph.node)):
        table = tables.get(node.input[0]) if node.op_type == "Gather" else None
        if table is None or len(table.dims) != 2 or table.dims[0] < _SMALLEST_TABLE:
            continue
        values = numpy_helper.to_array(table)
        scale = np.maximum(np.abs(values).max(axis=1, keepdims=True) / 127, 1e-12).astype(np.float32)
        names = [f"{table.name}_{part}" for part in ("int8", "scale")]
        rounded = np.round(values / scale).astype(np.int8)
        rows, indices = node.output[0], node.input[1]
        looked_up = [
            helper.make_node("Gather", [names[0], indices], [f"{rows}_int8"], name=f"{node.name}_int8"),
            helper.make_node("Gather", [names[1], indices], [f"{rows}_scale"], name=f"{node.name}_scale"),
            helper.make_node("Cast", [f"{rows}_int8"], [f"{rows}_float"], to=TensorProto.FLOAT, name=f"{node.name}_f"),
            helper.make_node("Mul", [f"{rows}_float", f"{rows}_scale"], [rows], name=f"{node.name}_mul"),
        ]
        graph.node.remove(node)
        for offset, added in enumerate(looked_up):
            graph.node.insert(number + offset, added)
        graph.initializer.remove(table)
        graph.initializer.extend(
            numpy_helper.from_array(value, name) for value, name in zip((rounded, scale), names, strict=True)
        )
        return
