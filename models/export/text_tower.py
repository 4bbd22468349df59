"""The text network as an ONNX graph: any number of tokens in, unit vector out.

RoBERTa (Liu et al. 2019, arXiv:1907.11692): only the first token of the last layer is used, so that layer works on
that token alone once its keys and values are there.
"""

from collections.abc import Mapping
from typing import Final

import numpy as np
import onnx
from architecture import TextShape
from graph import Array, Graph, linear_of
from onnx import TensorProto

IDS, MASK, OUTPUT = "input_ids", "attention_mask", "text_embeds"

_MASKED: Final = float(np.finfo(np.float32).min)


def text_model(weights: Mapping[str, Array], shape: TextShape) -> onnx.ModelProto:
    """Build the network.

    Parameters
    ----------
    weights : mapping of str to ndarray, float32
        With the names of transformers' ClapModel.
    shape : TextShape

    Returns
    -------
    ModelProto
        With two integer inputs of shape (n, n_tokens) and an output of shape (n, n_dims).
    """
    graph = Graph("text")
    inner = {name.removeprefix("text_model."): value for name, value in weights.items()}
    ids = graph.input(IDS, ("batch", "tokens"), is_whole=True)
    attended = graph.input(MASK, ("batch", "tokens"), is_whole=True)

    value = _embedded(graph, inner, ids, pad_id=shape.pad_id)
    value = graph.layer_norm(graph.reshape(value, -1, shape.n_channels), inner, "embeddings.LayerNorm", eps=shape.eps)
    n_texts = graph.add("Slice", graph.add("Shape", ids), graph.whole(0), graph.whole(1))
    by_head = graph.add(
        "Concat", graph.add("Shape", ids), graph.whole(shape.n_heads, shape.n_channels // shape.n_heads), axis=0
    )
    floats = graph.add("Cast", attended, to=TensorProto.FLOAT)
    bias = graph.add("Mul", graph.add("Sub", graph.number(1), floats), graph.number(_MASKED))
    bias = graph.add("Unsqueeze", bias, graph.whole(1, 2))
    for layer in range(shape.n_layers):
        is_last = layer == shape.n_layers - 1
        name = f"encoder.layer.{layer}"
        keys, values = (
            graph.add("Reshape", graph.linear(value, *linear_of(inner, f"{name}.attention.self.{part}")), by_head)
            for part in ("key", "value")
        )
        if is_last:
            rows = graph.add("Concat", n_texts, graph.whole(-1, shape.n_channels), axis=0)
            value = graph.add(
                "Gather", graph.add("Reshape", value, rows), graph.constant(np.array(0, np.int64)), axis=1
            )
        weight, offset = linear_of(inner, f"{name}.attention.self.query")
        scale = np.float32((shape.n_channels // shape.n_heads) ** -0.5)
        queries = graph.linear(value, weight * scale, offset * scale)
        if is_last:
            queries = graph.reshape(queries, -1, 1, shape.n_heads, shape.n_channels // shape.n_heads)
        else:
            queries = graph.add("Reshape", queries, by_head)
        scores = graph.add(
            "MatMul",
            graph.add("Transpose", queries, perm=[0, 2, 1, 3]),
            graph.add("Transpose", keys, perm=[0, 2, 3, 1]),
        )
        scores = graph.add("Softmax", graph.add("Add", scores, bias), axis=-1)
        attended = graph.add("MatMul", scores, graph.add("Transpose", values, perm=[0, 2, 1, 3]))
        attended = graph.reshape(graph.add("Transpose", attended, perm=[0, 2, 1, 3]), -1, shape.n_channels)
        attended = graph.linear(attended, *linear_of(inner, f"{name}.attention.output.dense"))
        norm = f"{name}.attention.output.LayerNorm"
        value = graph.layer_norm(graph.add("Add", attended, value), inner, norm, eps=shape.eps)
        hidden = graph.add("Gelu", graph.linear(value, *linear_of(inner, f"{name}.intermediate.dense")))
        hidden = graph.linear(hidden, *linear_of(inner, f"{name}.output.dense"))
        value = graph.layer_norm(graph.add("Add", hidden, value), inner, f"{name}.output.LayerNorm", eps=shape.eps)
    value = graph.add("Tanh", graph.linear(value, *linear_of(inner, "pooler.dense")))
    graph.output(OUTPUT, graph.projection(value, weights, "text_projection"), ("batch", shape.n_dims))
    return graph.model()


def _embedded(graph: Graph, weights: Mapping[str, Array], ids: str, *, pad_id: int) -> str:
    """Look up tokens and positions; padding tokens share a position."""
    pad = graph.constant(np.array(pad_id, dtype=np.int64))
    is_word = graph.add("Cast", graph.add("Not", graph.add("Equal", ids, pad)), to=TensorProto.INT64)
    counted = graph.add("Mul", graph.add("CumSum", is_word, graph.constant(np.array(1, dtype=np.int64))), is_word)
    words = graph.add("Gather", graph.constant(weights["embeddings.word_embeddings.weight"]), ids)
    # There is a single token type, so its row is added to every position.
    positions = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    return str(graph.add("Add", words, graph.add("Gather", graph.constant(positions), graph.add("Add", counted, pad))))
