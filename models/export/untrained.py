"""Create models of the exact architecture with random weights, for tests without real weights.

    python untrained.py tiny FOLDER

The same kind and seed give the same weights. The embeddings have no meaning.
"""

import argparse
import re
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import torch
from card import CardHeader
from checkpoints import Checkpoint
from transformers import ClapConfig, ClapModel
from vocabulary import n_tokens_of, tokenizer_text

from export import export

AUDIO: Final[dict[str, dict[str, Any]]] = {
    "tiny": {
        "patch_embeds_hidden_size": 8,
        "hidden_size": 64,
        "depths": (2, 2, 2, 2),
        "num_attention_heads": (1, 2, 4, 8),
    },
    "htsat-tiny": {},
    "htsat-base": {"patch_embeds_hidden_size": 128, "hidden_size": 1024, "depths": (2, 2, 12, 2)},
    "fused": {"enable_fusion": True, "fusion_type": "aff_2d"},
}
"""Differences from HTSAT-tiny for each kind."""

_SMALL_TEXT: Final = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 128,
    "max_position_embeddings": 130,
}
_N_PROBES: Final = 16


def main() -> int:
    """Create random weights and export them."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("kind", choices=sorted(AUDIO), help="architecture")
    parser.add_argument("folder", type=Path, help="output folder")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--checkpoint", type=Path, help="also write the weights as a transformers directory")
    options = parser.parse_args()
    checkpoint = untrained(options.kind, seed=options.seed)
    if options.checkpoint:
        write_directory(checkpoint, options.checkpoint)
    export(checkpoint, options.folder, (header_of(options.kind), ""))
    return 0


def header_of(kind: str) -> CardHeader:
    """Return the card header of a kind."""
    return CardHeader(
        id="clap-tiny" if kind == "tiny" else "clap-random" if kind == "htsat-tiny" else f"clap-random-{kind}",
        title=f"CLAP with random weights ({kind})",
        about="For tests without real weights. Its results mean nothing.",
        licence="CC0-1.0",
        is_trained=False,
    )


def untrained(kind: str, *, seed: int) -> Checkpoint:
    """Create the weights of a kind."""
    text = tokenizer_text()
    small = {**_SMALL_TEXT, "vocab_size": n_tokens_of(text)} if kind == "tiny" else {"layer_norm_eps": 1e-5}
    config = ClapConfig(
        audio_config=AUDIO[kind], text_config=small, projection_dim=64 if kind == "tiny" else 512
    ).to_dict()
    model = ClapModel(ClapConfig(**config)).eval()
    fill(model, seed=seed)
    audio = torch.from_numpy(spectrograms(_N_PROBES, seed=seed)).repeat(1, 4 if kind == "fused" else 1, 1, 1)
    tokens = torch.from_numpy(sentences(_N_PROBES, n_words=n_tokens_of(text), seed=seed))
    is_longer = torch.zeros(_N_PROBES, 1, dtype=torch.bool)
    centre(model.audio_projection, lambda: model.get_audio_features(audio, is_longer=is_longer))
    centre(model.text_projection, lambda: model.get_text_features(tokens))
    weights = {
        name: value.numpy()
        for name, value in model.state_dict().items()
        if value.dtype == torch.float32 and not name.startswith("logit_scale")
    }
    return Checkpoint(weights, config, text.encode())


def fill(model: torch.nn.Module, *, seed: int) -> None:
    """Randomise every weight so that activations neither vanish nor explode."""
    for name, value in model.state_dict().items():
        if value.dtype == torch.float32 and value.ndim:
            rng = np.random.default_rng((seed, zlib.crc32(name.encode())))
            value.copy_(torch.from_numpy(drawn(name, tuple(value.shape), rng)))


def drawn(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> npt.NDArray[np.float32]:
    """Create a random array of weights, by its name in laion_clap or in transformers."""
    values = rng.standard_normal(shape)
    if re.search(r"(batch_norm|bn0)\.running_mean$", name):
        values = -35 + 5 * values  # decibels, as in log-mel spectrograms of sounds
    elif re.search(r"(batch_norm|bn0)\.running_var$", name):
        values = (15 + 3 * rng.random(shape)) ** 2
    elif name.endswith("running_var"):
        values = 0.5 + rng.random(shape)
    elif name.endswith("relative_position_bias_table"):
        values *= 0.5
    elif re.search(r"embeddings\.\w+_embeddings\.weight$", name):
        values *= 0.3 if "word" not in name else 1.0
    elif len(shape) == 1 and name.endswith("weight"):
        values = 1 + 0.1 * values
    elif len(shape) == 1:
        values *= 0.1
    else:
        values *= _gain(name) / np.sqrt(np.prod(shape[1:]))
    return values.astype(np.float32)


def _gain(name: str) -> float:
    """Return the gain of a layer.

    Sharp attention would make rounding grow on its way; faint values would make all texts alike.
    """
    if re.search(r"(query|key|qkv)\.weight$", name):
        return 1.2
    return 3.0 if name.startswith("text") and re.search(r"attention\.(self\.value|output\.dense)", name) else 1.6


@torch.no_grad()
def centre(projection: torch.nn.Module, run: Callable[[], object], *, last: str = "linear2") -> None:
    """Set the last bias of a projection so that vectors are spread out."""
    seen: list[torch.Tensor] = []
    layer = projection.get_submodule(last)
    hook = layer.register_forward_hook(lambda _layer, _inputs, output: seen.append(output))
    run()
    hook.remove()
    layer.get_parameter("bias").sub_(seen[0].mean(axis=0))


def spectrograms(n: int, *, seed: int, n_mels: int = 64) -> npt.NDArray[np.float32]:
    """Create smooth random log-mel spectrograms in decibels, shape (n, 1, 1001, n_mels)."""
    rng = np.random.default_rng((seed, 1))
    coarse = rng.standard_normal((n, 22, 10))
    time, band = np.linspace(0, 20.99, 1001), np.linspace(0, 8.99, n_mels)
    row, column = time.astype(int), band.astype(int)
    down, across = (time - row)[None, :, None], (band - column)[None, None, :]
    upper = coarse[:, row][:, :, column] * (1 - across) + coarse[:, row][:, :, column + 1] * across
    lower = coarse[:, row + 1][:, :, column] * (1 - across) + coarse[:, row + 1][:, :, column + 1] * across
    smooth = upper * (1 - down) + lower * down
    loudness = -35 + 15 * rng.standard_normal((n, 1, 1))
    values = loudness + 18 * smooth + 5 * rng.standard_normal((n, 1001, n_mels))
    return np.clip(values, -100, 40).astype(np.float32)[:, None]


def sentences(n: int, *, n_words: int, seed: int, n_tokens: int = 12) -> npt.NDArray[np.int64]:
    """Create random tokens between a start and an end token, shape (n, n_tokens)."""
    tokens = np.random.default_rng((seed, 2)).integers(5, n_words, (n, n_tokens))
    tokens[:, 0], tokens[:, -1] = 0, 2
    return tokens


def write_directory(checkpoint: Checkpoint, folder: Path) -> None:
    """Write weights in the format of transformers."""
    model = ClapModel(ClapConfig(**checkpoint.config))
    model.load_state_dict({name: torch.from_numpy(value) for name, value in checkpoint.weights.items()}, strict=False)
    model.save_pretrained(folder)
    (folder / "tokenizer.json").write_bytes(checkpoint.tokenizer)


if __name__ == "__main__":
    sys.exit(main())
