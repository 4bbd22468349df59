"""Makes the little networks of this folder: run it where `onnx` is installed, beside the tests' own requirements.

Each takes samples, shape (1, n), and says something that can be foreseen, so that what is done before and after a
network can be checked without one that hears.
"""

from pathlib import Path

from onnx import TensorProto, checker, helper, save_model

FOLDER = Path(__file__).parent
N_DIMS = 4


def network(name, nodes, *, output_shape, constants=(), is_complete=True):
    """A graph from `samples` to `vectors`; one without its weights cannot be checked."""
    graph = helper.make_graph(
        nodes,
        name,
        [helper.make_tensor_value_info("samples", TensorProto.FLOAT, [1, "n"])],
        [helper.make_tensor_value_info("vectors", TensorProto.FLOAT, output_shape)],
        list(constants),
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="bowerbird")
    model.ir_version = 8
    if is_complete:
        checker.check_model(model, full_check=True)
    save_model(model, FOLDER / f"{name}.onnx")


SHAPE = helper.make_tensor("shape", TensorProto.INT64, [3], [1, -1, N_DIMS])

# Four samples a frame, as they are; a number of samples that four does not divide is refused.
network(
    "frames",
    [helper.make_node("Reshape", ["samples", "shape"], ["vectors"])],
    output_shape=[1, "frames", N_DIMS],
    constants=[SHAPE],
)
# Their logarithm: no number for what is below zero, without end for zero.
network(
    "log",
    [
        helper.make_node("Log", ["samples"], ["logarithms"]),
        helper.make_node("Reshape", ["logarithms", "shape"], ["vectors"]),
    ],
    output_shape=[1, "frames", N_DIMS],
    constants=[SHAPE],
)
# One number without an axis.
network("sum", [helper.make_node("ReduceSum", ["samples"], ["vectors"], keepdims=0)], output_shape=[])
# The frames but the first: none of four samples.
network(
    "rest",
    [
        helper.make_node("Reshape", ["samples", "shape"], ["frames"]),
        helper.make_node("Slice", ["frames", "one", "end", "one"], ["vectors"]),
    ],
    output_shape=[1, "rest", N_DIMS],
    constants=[
        SHAPE,
        helper.make_tensor("one", TensorProto.INT64, [1], [1]),
        helper.make_tensor("end", TensorProto.INT64, [1], [1 << 40]),
    ],
)
# The frames, turned by a matrix that is missing: it comes from a checkpoint.
network(
    "turned",
    [
        helper.make_node("Reshape", ["samples", "shape"], ["frames"]),
        helper.make_node("MatMul", ["frames", "net.matrix"], ["vectors"]),
    ],
    output_shape=[1, "frames", N_DIMS],
    constants=[SHAPE],
    is_complete=False,
)
