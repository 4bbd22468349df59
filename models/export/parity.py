"""Comparison of the exported graphs with transformers' ClapModel."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from checkpoints import Checkpoint, CheckpointError
from runtime import onnxruntime
from transformers import ClapConfig, ClapModel

LARGEST: Final = 1e-5
"""Largest allowed difference in any component of a unit vector."""

BATCHES: Final = (1, 3, 8)

Vectors = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Difference:
    """The result of a comparison.

    Attributes
    ----------
    name : str
        Tower, batch size and, for texts, whether some were padded.
    largest : float
        Largest absolute difference of unit vectors.
    """

    name: str
    largest: float


def reference(checkpoint: Checkpoint) -> ClapModel:
    """Return transformers' network with a checkpoint's weights.

    Raises
    ------
    CheckpointError
        When weights are missing, of another shape, or unknown.
    """
    model = ClapModel(ClapConfig(**checkpoint.config)).eval()
    tensors = {name: torch.from_numpy(np.ascontiguousarray(value)) for name, value in checkpoint.weights.items()}
    try:
        missing, unknown = model.load_state_dict(tensors, strict=False)
    except RuntimeError as error:
        raise CheckpointError(
            f"The weights do not fit the network ({error}). Download the checkpoint again."
        ) from error
    computed = ("logit_scale", "position_ids", "token_type_ids", "num_batches_tracked", "relative_position_index")
    missing = [name for name in missing if not any(part in name for part in computed)]
    if missing or unknown:
        problem = f"lacks {missing[0]}" if missing else f"has {unknown[0]}, which is not part of CLAP"
        raise CheckpointError(f"The checkpoint {problem}. Choose a LAION-CLAP checkpoint.")
    return model


def check(model: ClapModel, folder: Path) -> list[Difference]:
    """Compare both graphs in a folder with the reference, for every batch size.

    Raises
    ------
    CheckpointError
        When they differ by more than rounding errors.
    """
    rng = np.random.default_rng(1)
    found = [
        *_audio_differences(model, folder / "audio.onnx", rng),
        *_text_differences(model, folder / "text.onnx", rng),
    ]
    # The negation makes NaN fail too.
    if failed := [difference for difference in found if not difference.largest <= LARGEST]:
        raise CheckpointError(
            f"The exported network differs from the reference by {failed[0].largest:.1e} ({failed[0].name}), but "
            f"{LARGEST:.0e} is allowed. Nothing was written. Install the versions of requirements.txt and try again."
        )
    return found


@torch.no_grad()
def _audio_differences(model: ClapModel, path: Path, rng: np.random.Generator) -> list[Difference]:
    session = session_of(path)
    config = model.config.audio_config
    found = []
    for n in BATCHES:
        features = -35 + 20 * rng.standard_normal((n, 1, 1001, config.num_mel_bins)).astype(np.float32)
        features[0, :, 300:] = -100.0  # silence after a short sound
        copies = torch.from_numpy(features).repeat(1, 4 if config.enable_fusion else 1, 1, 1)
        wanted = model.get_audio_features(copies, is_longer=torch.zeros(n, 1, dtype=torch.bool)).pooler_output
        found.append(_difference(f"audio, batch {n}", session, {"input_features": features}, wanted))
    return found


@torch.no_grad()
def _text_differences(model: ClapModel, path: Path, rng: np.random.Generator) -> list[Difference]:
    session = session_of(path)
    config = model.config.text_config
    found = []
    for n in BATCHES:
        for n_tokens, is_padded in ((12, False), (77, True)):
            ids = rng.integers(5, config.vocab_size, (n, n_tokens))
            ids[:, 0], ids[:, -1] = config.bos_token_id, config.eos_token_id
            mask = np.ones_like(ids)
            if is_padded:
                for row, n_used in enumerate(rng.integers(4, n_tokens, n)):
                    ids[row, n_used:], mask[row, n_used:] = config.pad_token_id, 0
            wanted = model.get_text_features(torch.from_numpy(ids), torch.from_numpy(mask)).pooler_output
            name = f"text, batch {n}{', padded' if is_padded else ''}"
            found.append(_difference(name, session, {"input_ids": ids, "attention_mask": mask}, wanted))
    return found


def _difference(
    name: str, session: onnxruntime.InferenceSession, inputs: dict[str, npt.NDArray[Any]], wanted: torch.Tensor
) -> Difference:
    given: Vectors = session.run(None, inputs)[0]
    if given.shape != tuple(wanted.shape):
        return Difference(name, float("inf"))
    return Difference(name, float(np.abs(given - wanted.numpy()).max()))


def session_of(path: Path) -> onnxruntime.InferenceSession:
    """Open a graph with a single thread."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.x64quantprecision", "1")  # exact 8-bit products on every processor
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
