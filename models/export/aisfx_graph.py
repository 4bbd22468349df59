"""Write the graph of aiSFX's network without its weights, models/aisfx-graph.onnx.

    python models/export/aisfx_graph.py

The network is EmbeddingNet of aisfx 0.1.2: four blocks of two convolutions of 3 x 3, each with batch normalisation and
a rectifier; maxima over 2 x 2 after the first three blocks; the mean over mel bands, then the maximum over time. Its
initialisers are missing and have the names of the tensors in the checkpoint (`bowerbird.encoders.weights.graph_file`).
Only the package onnx is needed (requirements.txt).
"""

from pathlib import Path
from typing import Final

from onnx import ModelProto, NodeProto, TensorProto, helper

TARGET: Final = Path(__file__).parents[1] / "aisfx-graph.onnx"
PREFIX: Final = "embedding_net."
N_MELS: Final = 96
N_DIMS: Final = 512
N_BLOCKS: Final = 4
OPSET: Final = 17
IR_VERSION: Final = 8


def block(number: int, value: str) -> tuple[list[NodeProto], str]:
    """Return the nodes of a block and the name of its output."""
    nodes = []
    for layer in (1, 2):
        prefix, own = f"{PREFIX}conv_block{number}", f"block{number}_{layer}"
        normalised = [f"{prefix}.bn{layer}.{part}" for part in ("weight", "bias", "running_mean", "running_var")]
        nodes += [
            helper.make_node(
                "Conv",
                [value, f"{prefix}.conv{layer}.weight"],
                [f"{own}_conv"],
                kernel_shape=[3, 3],
                pads=[1, 1, 1, 1],
            ),
            helper.make_node("BatchNormalization", [f"{own}_conv", *normalised], [f"{own}_bn"], epsilon=1e-5),
            helper.make_node("Relu", [f"{own}_bn"], [own]),
        ]
        value = own
    if number == N_BLOCKS:
        return nodes, value
    pooled = f"block{number}"
    nodes.append(helper.make_node("MaxPool", [value], [pooled], kernel_shape=[2, 2], strides=[2, 2]))
    return nodes, pooled


def model() -> ModelProto:
    """Return the network without its initialisers."""
    axis = helper.make_tensor("channel_axis", TensorProto.INT64, [1], [1])
    nodes = [
        helper.make_node("Constant", [], ["channel_axis"], value=axis),
        helper.make_node("Unsqueeze", ["mel", "channel_axis"], ["channels"]),
    ]
    value = "channels"
    for number in range(1, N_BLOCKS + 1):
        own, value = block(number, value)
        nodes += own
    nodes += [
        helper.make_node("ReduceMean", [value], ["over_bands"], axes=[3], keepdims=0),
        helper.make_node("ReduceMax", ["over_bands"], ["embedding"], axes=[2], keepdims=0),
    ]
    graph = helper.make_graph(
        nodes,
        "aisfx",
        [helper.make_tensor_value_info("mel", TensorProto.FLOAT, ["b", "t", N_MELS])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["b", N_DIMS])],
    )
    return helper.make_model(
        graph,
        producer_name="bowerbird",
        opset_imports=[helper.make_opsetid("", OPSET)],
        ir_version=IR_VERSION,
    )


if __name__ == "__main__":
    TARGET.write_bytes(model().SerializeToString(deterministic=True))
    print(f"{TARGET}: {TARGET.stat().st_size:,} bytes")
