"""Appending tensors to a graph without weights."""

import numpy as np
import pytest

from bowerbird.encoders.onnx.runtime import LOAD_ERRORS, onnxruntime
from bowerbird.encoders.weights.graph_file import with_tensors
from package_index import GRAPH

MATRIX = np.arange(16, dtype=np.float32).reshape(4, 4)


def run(model, samples):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    return session.run(None, {"samples": samples})[0]


def test_a_graph_runs_with_its_tensors():
    samples = np.arange(8, dtype=np.float32)[None]
    model = with_tensors(GRAPH.read_bytes(), {"net.matrix": MATRIX})
    np.testing.assert_array_equal(run(model, samples)[0], samples.reshape(2, 4) @ MATRIX)


def test_a_tensor_may_be_turned_large_or_not_needed():
    samples = np.arange(8, dtype=np.float32)[None]
    tensors = {"other.weight": np.zeros((300, 200), np.float32), "net.matrix": MATRIX.T}
    np.testing.assert_array_equal(
        run(with_tensors(GRAPH.read_bytes(), tensors), samples)[0, 1], MATRIX @ samples[0, 4:]
    )


def test_a_graph_without_its_tensors_does_not_load():
    with pytest.raises(LOAD_ERRORS):
        run(with_tensors(GRAPH.read_bytes(), {}), np.zeros((1, 8), np.float32))


def test_the_same_tensors_give_the_same_bytes():
    graph = GRAPH.read_bytes()
    assert with_tensors(graph, {"net.matrix": MATRIX}) == with_tensors(graph, {"net.matrix": MATRIX.copy()})
