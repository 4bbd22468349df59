"""The audio network as an ONNX graph optimised for speed: log-mel spectrogram in, unit vector out.

HTSAT (Chen et al. 2022, arXiv:2202.00874) is a Swin transformer (Liu et al. 2021, arXiv:2103.14030). Five things
differ from a plain export, none of them in what is computed:

- Tokens stay in the order of the attention windows. When windows are shifted, a single Gather reorders all tokens,
  including the merging of patches. The image order is never restored, as the final mean does not depend on it.
- The order is: position in the window, window, image of the batch. So the tokens of a window and head are a constant
  stride apart, and the runtime multiplies them without copying.
- Every matrix product with weights is two-dimensional and includes its bias.
- Batch norm and the bicubic stretch in time are a batch of small matrix products and one multiply-add: both are
  linear, and the stretch does not mix bands.
- The bias of relative positions and the mask of shifted windows are stored as tables and folded when the graph is
  loaded, as their inputs are constants.
"""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import onnx
from architecture import N_FRAMES, AudioShape
from graph import Array, Graph, linear_of

INPUT, OUTPUT = "input_features", "audio_embeds"

_BLOCK_FRAMES = 32
"""Interpolated frames per matrix product."""
_MASKED = -100.0
"""Added by the reference to the score of two patches that are adjacent only because the image was rolled."""

Index = npt.NDArray[np.int64]


def audio_model(weights: Mapping[str, Array], shape: AudioShape) -> onnx.ModelProto:
    """Build the network.

    Parameters
    ----------
    weights : mapping of str to ndarray, float32
        With the names of transformers' ClapModel.
    shape : AudioShape

    Returns
    -------
    ModelProto
        With an input of shape (n, 1, 1001, n_mels) and an output of shape (n, n_dims).
    """
    graph = Graph("audio")
    inner = {name.removeprefix("audio_model.audio_encoder."): value for name, value in weights.items()}
    value = graph.input(INPUT, ("batch", 1, N_FRAMES, shape.n_mels))
    side, channels = shape.image_size // shape.patch_size, shape.n_channels
    value = _patches(graph, inner, shape, value)
    order = windowed(side, *_window(shape, side, 0))
    for stage, (depth, n_heads) in enumerate(zip(shape.depths, shape.n_heads, strict=True)):
        if stage:
            wanted = windowed(side // 2, *_window(shape, side // 2, 0))
            value = _moved(graph, value, merging(order, wanted, side))
            value = graph.add("Transpose", graph.reshape(value, len(wanted), 4, -1, channels), perm=[0, 2, 1, 3])
            name = f"layers.{stage - 1}.downsample"
            value = graph.layer_norm(graph.reshape(value, -1, 4 * channels), inner, f"{name}.norm", eps=1e-5)
            value = graph.linear(value, *linear_of(inner, f"{name}.reduction"))
            order, side, channels = wanted, side // 2, channels * 2
        for block in range(depth):
            window, shift = _window(shape, side, block)
            wanted = windowed(side, window, shift)
            if not np.array_equal(order, wanted):
                value = graph.reshape(_moved(graph, value, moves(order, wanted)), -1, channels)
                order = wanted
            table = inner[f"{_block(stage, block)}.attention.self.relative_position_bias_table"]
            bias = _score_bias(graph, table, side=side, window=window, shift=shift)
            value = _transformed(
                graph,
                inner,
                _block(stage, block),
                value,
                bias,
                n_windows=(side // window) ** 2,
                n_heads=n_heads,
                n_tokens=window**2,
                eps=shape.eps,
            )
    value = graph.layer_norm(value, inner, "norm", eps=1e-5)
    value = graph.add("ReduceMean", graph.reshape(value, side**2, -1, channels), graph.whole(0), keepdims=0)
    graph.output(OUTPUT, graph.projection(value, weights, "audio_projection"), ("batch", shape.n_dims))
    return graph.model()


def _block(stage: int, block: int) -> str:
    return f"layers.{stage}.blocks.{block}"


def _window(shape: AudioShape, side: int, block: int) -> tuple[int, int]:
    """Return side and shift of a block's windows; an image no larger than a window is not shifted."""
    if side <= shape.window_size:
        return side, 0
    return shape.window_size, shape.window_size // 2 if block % 2 else 0


def _patches(graph: Graph, weights: Mapping[str, Array], shape: AudioShape, value: str) -> str:
    """Fold a spectrogram into a square and cut it into patches, rows in the order of unshifted windows."""
    n_folds = shape.image_size // shape.n_mels
    starts, taps = stretch(N_FRAMES, shape.image_size * n_folds)
    n_blocks, _, n_taps = taps.shape
    frames = np.clip(starts[:, None] + np.arange(n_taps), 0, N_FRAMES - 1).ravel()
    value = graph.add("Gather", graph.reshape(value, -1, N_FRAMES, shape.n_mels), graph.constant(frames), axis=1)
    value = graph.add("MatMul", graph.constant(taps), graph.reshape(value, -1, n_blocks, n_taps, shape.n_mels))
    norm = {part: weights[f"batch_norm.{part}"].astype(np.float64) for part in ("weight", "bias")}
    mean, variance = (weights[f"batch_norm.running_{part}"].astype(np.float64) for part in ("mean", "var"))
    gain = norm["weight"] / np.sqrt(variance + 1e-5)
    value = graph.add("Mul", value, graph.constant(gain.astype(np.float32)))
    value = graph.add("Add", value, graph.constant((norm["bias"] - mean * gain).astype(np.float32)))

    window, patch = shape.window_size, shape.patch_size
    n_across = shape.image_size // patch // window
    n_down = shape.n_mels // patch // window
    # fold, window across, patch across, frame, window down, patch down, band
    value = graph.reshape(value, -1, n_folds, n_across, window, patch, n_down, window, patch)
    value = graph.add("Transpose", value, perm=[6, 3, 1, 5, 2, 0, 4, 7])
    kernel = weights["patch_embed.proj.weight"]  # (n_channels, 1, band, frame)
    rows = graph.linear(
        graph.reshape(value, -1, patch**2),
        kernel[:, 0].transpose(2, 1, 0).reshape(patch**2, -1),
        weights["patch_embed.proj.bias"],
    )
    return graph.layer_norm(rows, weights, "patch_embed.norm", eps=1e-5)


def _moved(graph: Graph, value: str, order: Index) -> str:
    """Reorder tokens within their image; takes rows, returns the rows of each token for the whole batch."""
    return str(graph.add("Gather", graph.reshape(value, len(order), -1), graph.constant(order), axis=0))


def _score_bias(graph: Graph, table: Array, *, side: int, window: int, shift: int) -> str:
    """Return the bias of attention scores, shape (1 or n_windows, 1, n_heads, n_tokens, n_tokens)."""
    n_tokens = window**2
    by_pair = graph.add("Gather", graph.constant(table.T), graph.constant(relative_positions(window).ravel()), axis=1)
    bias = graph.reshape(by_pair, 1, 1, -1, n_tokens, n_tokens)
    if not shift:
        return bias
    kinds, kind_of = np.unique(mask(side, window, shift), axis=0, return_inverse=True)
    masks = graph.add("Gather", graph.constant(kinds[:, None, None]), graph.constant(kind_of.ravel().astype(np.int64)))
    return str(graph.add("Add", bias, masks))


def _transformed(
    graph: Graph,
    weights: Mapping[str, Array],
    name: str,
    value: str,
    bias: str,
    *,
    n_windows: int,
    n_heads: int,
    n_tokens: int,
    eps: float,
) -> str:
    """Add a block: attention within each window, then two layers; takes and returns rows."""
    normed = graph.layer_norm(value, weights, f"{name}.layernorm_before", eps=eps)
    heads = []
    for part in ("query", "key", "value"):
        weight, offset = linear_of(weights, f"{name}.attention.self.{part}")
        channels = len(weight)
        scale = np.float32((channels // n_heads) ** -0.5 if part == "query" else 1.0)
        rows = graph.reshape(graph.linear(normed, weight * scale, offset * scale), n_tokens, -1, channels // n_heads)
        heads.append(graph.add("Transpose", rows, perm=[1, 2, 0] if part == "key" else [1, 0, 2]))
    scores = graph.reshape(graph.add("MatMul", heads[0], heads[1]), n_windows, -1, n_heads, n_tokens, n_tokens)
    scores = graph.add("Softmax", graph.add("Add", scores, bias), axis=-1)
    attended = graph.add("MatMul", graph.reshape(scores, -1, n_tokens, n_tokens), heads[2])
    attended = graph.reshape(graph.add("Transpose", attended, perm=[1, 0, 2]), -1, channels)
    attended = graph.linear(attended, *linear_of(weights, f"{name}.attention.output.dense"))
    value = graph.add("Add", value, attended)

    hidden = graph.layer_norm(value, weights, f"{name}.layernorm_after", eps=eps)
    hidden = graph.add("Gelu", graph.linear(hidden, *linear_of(weights, f"{name}.intermediate.dense")))
    return str(graph.add("Add", value, graph.linear(hidden, *linear_of(weights, f"{name}.output.dense"))))


def windowed(side: int, window: int, shift: int) -> Index:
    """Return the position of every token in the image (row by row), ordered by position in the window, then window."""
    picture = np.roll(np.arange(side**2, dtype=np.int64).reshape(side, side), (-shift, -shift), axis=(0, 1))
    n_windows = side // window
    return picture.reshape(n_windows, window, n_windows, window).transpose(1, 3, 0, 2).ravel()


def moves(order: Index, wanted: Index) -> Index:
    """Return the index in the present order of each token of the wanted order."""
    index = np.empty_like(order)
    index[order] = np.arange(len(order))
    return index[wanted]


def merging(order: Index, wanted: Index, side: int) -> Index:
    """Return the indices of the four tokens of each merged token, in the wanted order of half the side."""
    row, column = wanted // (side // 2) * 2, wanted % (side // 2) * 2
    four = [(row + down) * side + column + across for across in (0, 1) for down in (0, 1)]
    return moves(order, np.stack(four, axis=1).ravel())


def relative_positions(window: int) -> Index:
    """Return the row of the bias table for each pair of tokens in a window, shape (n_tokens, n_tokens)."""
    row, column = np.divmod(np.arange(window**2, dtype=np.int64), window)
    down, across = row[:, None] - row, column[:, None] - column
    return (down + window - 1) * (2 * window - 1) + across + window - 1


def mask(side: int, window: int, shift: int) -> npt.NDArray[np.float32]:
    """Return the mask of each window, shape (n_windows, n_tokens, n_tokens): 0 where two tokens are neighbours."""
    position = np.arange(side)
    region = (position >= side - window).astype(np.int64) + (position >= side - shift)
    picture = (region[:, None] * 3 + region).ravel()[windowed(side, window, 0)].reshape(window**2, -1).T
    return np.where(picture[:, None, :] == picture[:, :, None], 0.0, _MASKED).astype(np.float32)


def stretch(n_frames: int, n_wanted: int) -> tuple[Index, npt.NDArray[np.float32]]:
    """Return a bicubic interpolation with aligned corners, as blocks.

    Returns
    -------
    starts : ndarray, shape (n_blocks,)
        First frame that a block needs; frames before the first and after the last repeat these.
    taps : ndarray, shape (n_blocks, n_frames of a block, n_taps)
        Weights (Keys 1981, a = -0.75, as torch has it).
    """
    # In torch's precision: otherwise a position near 1000 changes the fifth digit of the result.
    step = np.float32(n_frames - 1) / np.float32(n_wanted - 1)
    position = step * np.arange(n_wanted, dtype=np.float32)
    first = np.floor(position).astype(np.int64)
    part = (position - first.astype(np.float32)).astype(np.float64)
    sharpness = -0.75

    def near(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return ((sharpness + 2) * x - (sharpness + 3)) * x * x + 1

    def far(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return ((sharpness * x - 5 * sharpness) * x + 8 * sharpness) * x - 4 * sharpness

    four = np.stack([far(part + 1), near(part), near(1 - part), far(2 - part)], axis=1)
    starts = first[::_BLOCK_FRAMES] - 1
    lead = first - 1 - np.repeat(starts, _BLOCK_FRAMES)
    taps = np.zeros((n_wanted, int(lead.max()) + 4), dtype=np.float32)
    for number in range(4):
        taps[np.arange(n_wanted), lead + number] = four[:, number]
    return starts, taps.reshape(len(starts), _BLOCK_FRAMES, -1)
