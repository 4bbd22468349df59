"""A small builder of ONNX graphs from nodes and constants."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET: Final = 20
IR_VERSION: Final = 9
"""IR version of opset 20; newer versions exclude older runtimes."""

Array = npt.NDArray[Any]
Axis = int | str
"""A length, or the name of a variable length."""


class Graph:
    """A graph of nodes in the order in which they were added."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._nodes: list[onnx.NodeProto] = []
        self._constants: dict[bytes, str] = {}
        self._tensors: list[TensorProto] = []
        self._inputs: list[onnx.ValueInfoProto] = []
        self._outputs: list[onnx.ValueInfoProto] = []

    def input(self, name: str, shape: Sequence[Axis], *, is_whole: bool = False) -> str:
        """Add an input of floats, or of whole numbers, and return its name."""
        kind = TensorProto.INT64 if is_whole else TensorProto.FLOAT
        self._inputs.append(helper.make_tensor_value_info(name, kind, list(shape)))
        return name

    def output(self, name: str, value: str, shape: Sequence[Axis]) -> None:
        """Add an output."""
        self._nodes.append(helper.make_node("Identity", [value], [name], name=f"out_{name}"))
        self._outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, list(shape)))

    def constant(self, value: Array) -> str:
        """Return the name of a constant; equal constants are stored once."""
        value = np.array(value, order="C", copy=None)
        if value.dtype not in (np.float32, np.int64, np.int8):
            raise TypeError(f"constants of {value.dtype} are not supported")
        key = repr((value.dtype.str, value.shape)).encode() + value.tobytes()
        if key not in self._constants:
            self._constants[key] = name = f"c{len(self._constants)}"
            self._tensors.append(numpy_helper.from_array(value, name))
        return self._constants[key]

    def whole(self, *values: int) -> str:
        """Return the name of a constant list of integers, such as a shape or axes."""
        return self.constant(np.array(values, dtype=np.int64))

    def number(self, value: float) -> str:
        """Return the name of a constant number."""
        return self.constant(np.array(value, dtype=np.float32))

    def add(self, kind: str, *inputs: str, n_outputs: int = 1, **attributes: Any) -> Any:
        """Add a node and return the name of its output, or a list of names."""
        name = f"n{len(self._nodes)}"
        names = [name] if n_outputs == 1 else [f"{name}_{i}" for i in range(n_outputs)]
        self._nodes.append(helper.make_node(kind, inputs, names, name=f"{kind}_{name}", **attributes))
        return names[0] if n_outputs == 1 else names

    def reshape(self, value: str, *shape: int) -> str:
        """Reshape; -1 is inferred, 0 keeps a dimension."""
        return str(self.add("Reshape", value, self.whole(*shape)))

    def linear(self, value: str, weight: Array, bias: Array | None = None) -> str:
        """Add a matrix product of rows in a single node with its bias.

        Parameters
        ----------
        value : str
            Of shape (n_rows, n_in).
        weight : ndarray, shape (n_in, n_out)
        bias : ndarray, shape (n_out,), optional
        """
        inputs = [value, self.constant(weight)]
        if bias is not None:
            inputs.append(self.constant(bias))
        return str(self.add("Gemm", *inputs))

    def layer_norm(self, value: str, weights: Mapping[str, Array], name: str, *, eps: float) -> str:
        """Normalise the last axis with the gain and offset called `name`."""
        gain, offset = (self.constant(weights[f"{name}.{part}"]) for part in ("weight", "bias"))
        return str(self.add("LayerNormalization", value, gain, offset, axis=-1, epsilon=eps))

    def projection(self, value: str, weights: Mapping[str, Array], name: str) -> str:
        """Add the two projection layers into the common space, and scale rows to unit length."""
        for layer in ("linear1", "linear2"):
            value = self.linear(value, *linear_of(weights, f"{name}.{layer}"))
            if layer == "linear1":
                value = self.add("Relu", value)
        length = self.add("ReduceL2", value, self.whole(-1), keepdims=1)
        return str(self.add("Div", value, self.add("Max", length, self.number(1e-12))))

    def model(self) -> onnx.ModelProto:
        """Return the checked model."""
        graph = helper.make_graph(self._nodes, self._name, self._inputs, self._outputs, self._tensors)
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="bowerbird")
        onnx.checker.check_model(model, full_check=True)
        return model


def linear_of(weights: Mapping[str, Array], name: str) -> tuple[Array, Array | None]:
    """Return a layer's weight, shape (n_in, n_out), and its bias, if any."""
    return weights[f"{name}.weight"].T, weights.get(f"{name}.bias")
