"""Reading published weights: laion's `.pt` files and transformers' directories.

Weights get the names of transformers' ClapModel, which all other modules use.
"""

import json
import pickle
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from graph import Array
from numpy._core.multiarray import scalar  # used by pickled numpy numbers
from safetensors.numpy import load_file
from transformers import ClapConfig


class CheckpointError(Exception):
    """A checkpoint or its export is invalid; the message is a sentence for the user."""


@dataclass(frozen=True, slots=True, eq=False)
class Checkpoint:
    """Weights with their configuration and tokenizer.

    Attributes
    ----------
    weights : mapping of str to ndarray, float32
        With the names of transformers' ClapModel.
    config : mapping
        Of a ClapModel.
    tokenizer : bytes
        The text of a tokenizer.json.
    """

    weights: Mapping[str, Array]
    config: Mapping[str, Any]
    tokenizer: bytes


_ROBERTA_HEAD: Final = 64
"""Channels of an attention head of RoBERTa."""

_LAION_NAMES: Final = (
    (r"^audio_branch\.bn0\.", "audio_model.audio_encoder.batch_norm."),
    (r"^audio_branch\.", "audio_model.audio_encoder."),
    (r"^text_branch\.", "text_model."),
    (r"^(audio|text)_projection\.0\.", r"\1_projection.linear1."),
    (r"^(audio|text)_projection\.2\.", r"\1_projection.linear2."),
    (r"\.attn\.proj\.", ".attention.output.dense."),
    (r"\.attn\.relative_", ".attention.self.relative_"),
    (r"\.norm1\.", ".layernorm_before."),
    (r"\.norm2\.", ".layernorm_after."),
    (r"\.mlp\.fc1\.", ".intermediate.dense."),
    (r"\.mlp\.fc2\.", ".output.dense."),
)
_UNUSED: Final = re.compile(
    r"^(audio|text)_transform\.|^logit_scale|^audio_branch\.(spectrogram_extractor|logmel_extractor|tscam_conv|head)\."
    r"|\.attn_mask$|position_ids$|token_type_ids$|num_batches_tracked$|relative_position_index$"
)
"""Unused weights: heads for training, and constants of the architecture."""

_NUMBERS: Final[list[Any]] = [
    (scalar, "numpy.core.multiarray.scalar"),
    (scalar, "numpy._core.multiarray.scalar"),
    np.dtype,
    *(type(np.dtype(kind)) for kind in (np.float64, np.float32, np.int64, np.bool_)),
]
"""Types of other values in a checkpoint, such as its best score: plain numbers that run no code."""


def read_checkpoint(path: Path, *, tokenizer: Path | None, is_unsafe_allowed: bool) -> Checkpoint:
    """Read a `.pt` file or a directory.

    Raises
    ------
    CheckpointError
        When something is missing, damaged, or of another architecture.
    """
    if path.is_dir():
        return _read_directory(path, tokenizer=tokenizer)
    if not path.is_file():
        raise CheckpointError(f"{path} does not exist. Choose a .pt file, or a directory with model.safetensors.")
    if tokenizer is None:
        raise CheckpointError(
            f"{path} has no tokenizer. Add `--tokenizer FILE` with the tokenizer.json of roberta-base."
        )
    weights = laion_weights(_unpickled(path, is_unsafe_allowed=is_unsafe_allowed), where=str(path))
    return Checkpoint(weights, config_of(weights, where=str(path)), _read_tokenizer(tokenizer))


def _read_directory(path: Path, *, tokenizer: Path | None) -> Checkpoint:
    tokenizer = tokenizer or path / "tokenizer.json"
    for needed in (path / "config.json", path / "model.safetensors"):
        if not needed.is_file():
            raise CheckpointError(f"{path} has no {needed.name}. Download the whole repository of the model again.")
    try:
        config = ClapConfig(**json.loads((path / "config.json").read_text(encoding="utf-8"))).to_dict()
        weights = load_file(path / "model.safetensors")
    except Exception as error:  # three libraries with their own exceptions for damaged files
        raise CheckpointError(f"{path} cannot be read ({error}). Download its files again.") from error
    kept = {name: value.astype(np.float32) for name, value in weights.items() if not _UNUSED.search(name)}
    return Checkpoint(kept, config, _read_tokenizer(tokenizer))


def _read_tokenizer(path: Path) -> bytes:
    try:
        text = path.read_bytes()
        json.loads(text)["model"]["vocab"]
    except OSError as error:
        raise CheckpointError(f"{path} does not exist. Add `--tokenizer FILE` with a tokenizer.json.") from error
    except (ValueError, KeyError, TypeError) as error:
        raise CheckpointError(
            f"{path} is not a valid tokenizer.json. Add `--tokenizer FILE` with a valid file."
        ) from error
    return text


def _unpickled(path: Path, *, is_unsafe_allowed: bool) -> Mapping[str, Any]:
    """Load a `.pt` without running code in it, unless the user allowed that."""
    try:
        with torch.serialization.safe_globals(_NUMBERS):
            content = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        if not is_unsafe_allowed:
            raise CheckpointError(
                f"{path} contains more than weights, and reading it would run its code. If you trust its author, add "
                "`--allow-unsafe-pickle`; otherwise use the checkpoint in safetensors format."
            ) from error
        print(
            f"WARNING: {path} contains more than weights. Its code runs now with your permissions, because of "
            "`--allow-unsafe-pickle`.",
            file=sys.stderr,
            flush=True,
        )
        try:
            content = torch.load(path, map_location="cpu", weights_only=False)
        except Exception as unread:  # the code in the file can raise anything
            raise CheckpointError(f"{path} cannot be read ({unread}). Download it again.") from unread
    except (RuntimeError, EOFError, OSError, ValueError) as error:
        reason = str(error).partition(".")[0]
        raise CheckpointError(f"{path} cannot be read ({reason}). Download it again.") from error
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping):
        raise CheckpointError(f"{path} contains no weights. Choose a LAION-CLAP checkpoint.")
    return content


def laion_weights(content: Mapping[str, Any], *, where: str) -> dict[str, Array]:
    """Rename the weights of laion_clap.

    Raises
    ------
    CheckpointError
        When they belong to another network.
    """
    weights: dict[str, Array] = {}
    for full_name, value in content.items():
        old = str(full_name).removeprefix("module.")
        if _UNUSED.search(old) or not isinstance(value, torch.Tensor):
            continue
        new = old
        for pattern, replacement in _LAION_NAMES:
            new = re.sub(pattern, replacement, new)
        array = value.detach().to(torch.float32).numpy()
        if ".attn.qkv." in new:
            for part, third in zip(("query", "key", "value"), np.split(array, 3), strict=True):
                weights[new.replace(".attn.qkv.", f".attention.self.{part}.")] = third
        else:
            weights[new] = array
    if "audio_model.audio_encoder.patch_embed.proj.weight" not in weights:
        raise CheckpointError(f"{where} has no HTSAT audio network. Choose a LAION-CLAP checkpoint that has one.")
    if "text_model.embeddings.word_embeddings.weight" not in weights:
        raise CheckpointError(f"{where} has no RoBERTa text network. Choose a LAION-CLAP checkpoint that has one.")
    return weights


def config_of(weights: Mapping[str, Array], *, where: str) -> dict[str, Any]:
    """Return the configuration of a ClapModel, derived from the shapes of laion's weights."""
    audio = "audio_model.audio_encoder."
    text = "text_model."
    try:
        table = re.compile(
            re.escape(audio) + r"layers\.(\d+)\.blocks\.(\d+)\.attention\.self\.relative_position_bias_t"
        )
        found = {(int(m[1]), int(m[2])): weights[name].shape for name in weights if (m := table.match(name))}
        n_stages = max(stage for stage, _ in found) + 1
        words = weights[f"{text}embeddings.word_embeddings.weight"].shape
        positions = weights[f"{text}embeddings.position_embeddings.weight"].shape
        n_channels = weights[f"{audio}patch_embed.proj.weight"].shape[0]
        is_fused = f"{audio}patch_embed.mel_conv2d.weight" in weights
        n_dims = weights["audio_projection.linear2.weight"].shape[0]
        layers = {int(name.split(".")[3]) for name in weights if name.startswith(f"{text}encoder.layer.")}
        audio_config = {
            "patch_embeds_hidden_size": n_channels,
            "hidden_size": n_channels * 2 ** (n_stages - 1),
            "depths": [sum(stage == wanted for stage, _ in found) for wanted in range(n_stages)],
            "num_attention_heads": [found[stage, 0][1] for stage in range(n_stages)],
            "window_size": (int(found[0, 0][0] ** 0.5) + 1) // 2,
            "num_mel_bins": weights[f"{audio}batch_norm.weight"].shape[0],
            "enable_fusion": is_fused,
            "fusion_type": "aff_2d" if is_fused else None,
        }
        text_config = {
            "vocab_size": words[0],
            "hidden_size": words[1],
            "num_hidden_layers": len(layers),
            "num_attention_heads": max(1, words[1] // _ROBERTA_HEAD),
            "intermediate_size": weights[f"{text}encoder.layer.0.intermediate.dense.weight"].shape[0],
            "max_position_embeddings": positions[0],
            # As in laion's training. Converted directories have 1e-12, which is transformers' default.
            "layer_norm_eps": 1e-5,
        }
    except (KeyError, ValueError, IndexError) as error:
        raise CheckpointError(f"{where} lacks weights ({error}). Download it again.") from error
    return dict(
        ClapConfig(
            audio_config=audio_config,
            text_config=text_config,
            projection_dim=n_dims,
        ).to_dict()
    )
