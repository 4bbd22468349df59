"""Write a trained ear in the form that the program loads: the network in ONNX, and its card."""

import copy
import hashlib
from pathlib import Path
from typing import Final

import numpy as np
import onnx
import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_eval, fuse_linear_bn_eval

from bowerbird.encoders.ear.encoder import ACOUSTIC_INPUT, FRONT_END_VERSION, MEL_INPUT, OUTPUT
from bowerbird.encoders.onnx.runtime import onnxruntime
from ear.data import Clip
from ear.network import Ear, Plain, n_parameters

LARGEST_DIFFERENCE: Final = 1e-5
"""Between the torch network and ONNX Runtime."""


def plain_copy(ear: Ear) -> Ear:
    """Return the same network with its norms folded into convolutions and its weights rounded to 16 bits.

    Computation stays in 32 bits: only the file is smaller.
    """
    small = copy.deepcopy(ear).cpu().eval()
    small.body[0], small.body[1] = fuse_conv_bn_eval(small.body[0], small.body[1]), nn.Identity()
    for block in small.body:
        if isinstance(block, Plain):
            block.first, block.first_norm = fuse_conv_bn_eval(block.first, block.first_norm), nn.Identity()
            block.second, block.second_norm = fuse_conv_bn_eval(block.second, block.second_norm), nn.Identity()
            if isinstance(block.shortcut, nn.Sequential):
                block.shortcut[1], block.shortcut[2] = (
                    fuse_conv_bn_eval(block.shortcut[1], block.shortcut[2]),
                    nn.Identity(),
                )
    small.mix, small.mix_norm = fuse_conv_bn_eval(small.mix, small.mix_norm), nn.Identity()
    small.hidden, small.hidden_norm = fuse_linear_bn_eval(small.hidden, small.hidden_norm), nn.Identity()
    if small.shape.n_acoustic:
        layers = small.described.layers
        for i in (1, 5):
            layers[i], layers[i + 1] = fuse_linear_bn_eval(layers[i], layers[i + 1]), nn.Identity()
    with torch.no_grad():
        for weights in small.parameters():
            if weights.ndim > 1:
                weights.copy_(weights.half().float())
    return small


class Exported(nn.Module):
    """The network as exported: a batch of one sound."""

    def __init__(self, ear: Ear) -> None:
        super().__init__()
        self.ear = ear

    def forward(self, mel: Tensor, acoustic: Tensor) -> Tensor:
        """Encode one sound, (1, 1, n_steps, 64) and (1, n_acoustic) to (1, n_dims)."""
        return self.ear(mel, acoustic)


def write_network(path: Path, ear: Ear) -> float:
    """Write the network, compare it with ONNX Runtime, and return the largest difference.

    Raises
    ------
    SystemExit
        When they differ by more than `LARGEST_DIFFERENCE`; no file is left behind.
    """
    small = plain_copy(ear)
    example = (torch.randn(1, 1, 128, 64), torch.randn(1, ear.shape.n_acoustic))
    program = torch.onnx.export(
        Exported(small).eval(),
        example,
        input_names=[MEL_INPUT, ACOUSTIC_INPUT],
        output_names=[OUTPUT],
        dynamic_shapes={"mel": {2: 16 * torch.export.Dim("n", min=4, max=64)}, "acoustic": None},
        dynamo=True,
        verbose=False,
    )
    model = program.model_proto
    model.doc_string = ""
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    halve(model)
    onnx.checker.check_model(model)
    path.write_bytes(model.SerializeToString())
    difference = largest_difference(path, small)
    if difference > LARGEST_DIFFERENCE:
        path.unlink()
        raise SystemExit(f"The exported network differs by {difference:.1e}. Nothing was written.")
    return difference


def halve(model: onnx.ModelProto) -> None:
    """Store matrices and kernels in 16 bits; the graph casts them to 32 bits when it is loaded."""
    for stored in list(model.graph.initializer):
        values = onnx.numpy_helper.to_array(stored)
        narrow = values.astype(np.float16)
        if stored.data_type != onnx.TensorProto.FLOAT or values.size < 1024:
            continue
        if not np.array_equal(narrow.astype(np.float32), values):
            continue
        name = stored.name
        stored.CopyFrom(onnx.numpy_helper.from_array(narrow, f"{name}_16"))
        model.graph.node.insert(0, onnx.helper.make_node("Cast", [f"{name}_16"], [name], to=onnx.TensorProto.FLOAT))


@torch.no_grad()
def largest_difference(path: Path, ear: Ear) -> float:
    """Return the largest difference from ONNX Runtime at several lengths."""
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    rng = np.random.default_rng(0)
    largest = 0.0
    for n_steps in (64, 80, 128, 304, 1008):
        mel = rng.uniform(-2, 2, (1, 1, n_steps, 64)).astype(np.float32)
        acoustic = rng.standard_normal((1, ear.shape.n_acoustic)).astype(np.float32)
        acoustic /= np.linalg.norm(acoustic)
        (given,) = session.run([OUTPUT], {MEL_INPUT: mel, ACOUSTIC_INPUT: acoustic})
        wanted = ear(torch.from_numpy(mel), torch.from_numpy(acoustic)).numpy()
        largest = max(largest, float(np.abs(np.asarray(given) - wanted).max()))
    return largest


def write_card(path: Path, ear: Ear, *, meaning_weight: float, clips: list[Clip]) -> None:
    """Write the card of a network that lies beside it."""
    network = path.with_name(path.stem + ".onnx")
    digest = hashlib.sha256(network.read_bytes()).hexdigest()
    n_sources = len({clip.source for clip in clips})
    path.write_text(
        f'''# Written by models/train/train.sh.
name = "{path.stem}"
title = "Ear"
kind = "ear"
summary = "Text search and similarity out of the box"
front_end_version = {FRONT_END_VERSION}
network = "{network.name}"
sha256 = "{digest}"
words = "{path.stem}-words.npz"
n_learned = {ear.shape.n_dims}
n_parameters = {n_parameters(ear)}
# Share of the learned part in the similarity of two sounds; the rest is the acoustic encoder's.
meaning_weight = {meaning_weight}
licence = "Apache-2.0"
source = "Trained by this project on {len(clips)} openly licensed clips of {n_sources} sources"
sources = "{path.stem}-sources.csv"
''',
        encoding="utf-8",
    )
