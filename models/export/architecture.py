"""Dimensions of the two networks, read from a ClapModel's configuration."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

N_FRAMES = 1001
"""Frames of a centred spectrogram of 10 s at 48 kHz with a hop of 480."""


@dataclass(frozen=True, slots=True)
class AudioShape:
    """The audio network (HTSAT).

    Attributes
    ----------
    n_mels : int
    image_size : int
        Side of the square that the spectrogram is folded into.
    patch_size, window_size : int
        In cells of the square, and in patches of it.
    n_channels : int
        Of a patch.
    depths, n_heads : tuple of int
        Blocks and attention heads of each stage.
    n_dims : int
        Of the vector.
    eps : float
        Of the layer norms in the blocks.
    is_fused : bool
        Whether the checkpoint was trained with feature fusion.
    """

    n_mels: int
    image_size: int
    patch_size: int
    window_size: int
    n_channels: int
    depths: tuple[int, ...]
    n_heads: tuple[int, ...]
    n_dims: int
    eps: float
    is_fused: bool


@dataclass(frozen=True, slots=True)
class TextShape:
    """The text network (RoBERTa).

    Attributes
    ----------
    n_channels, n_layers, n_heads : int
    n_dims : int
        Of the vector.
    pad_id : int
        Padding token; positions count from pad_id + 1.
    eps : float
        Of the layer norms.
    """

    n_channels: int
    n_layers: int
    n_heads: int
    n_dims: int
    pad_id: int
    eps: float


def audio_shape(config: Mapping[str, Any]) -> AudioShape:
    """Return the shape from a ClapModel's configuration.

    Raises
    ------
    ValueError
        When the network is not CLAP's variant of HTSAT.
    """
    table = config["audio_config"]
    wanted = {
        "hidden_act": "gelu",
        "patch_embed_input_channels": 1,
        "flatten_patch_embeds": True,
        "enable_patch_layer_norm": True,
        "qkv_bias": True,
    }
    for key, value in wanted.items():
        if table.get(key, value) != value:
            raise ValueError(f"audio_config.{key} = {table[key]!r}, where only {value!r} is supported")
    if table.get("enable_fusion", False) and table.get("fusion_type") == "channel_map":
        raise ValueError("audio_config.fusion_type = 'channel_map', where only aff_2d is supported")
    patch, stride = table.get("patch_size", 4), table.get("patch_stride", (4, 4))
    if {patch} != set(stride):
        raise ValueError(f"audio_config.patch_stride = {stride}, where only patch_size is supported")
    return AudioShape(
        n_mels=table.get("num_mel_bins", 64),
        image_size=table.get("spec_size", 256),
        patch_size=patch,
        window_size=table.get("window_size", 8),
        n_channels=table.get("patch_embeds_hidden_size", 96),
        depths=tuple(table.get("depths", (2, 2, 6, 2))),
        n_heads=tuple(table.get("num_attention_heads", (4, 8, 16, 32))),
        n_dims=config.get("projection_dim", 512),
        eps=table.get("layer_norm_eps", 1e-5),
        is_fused=bool(table.get("enable_fusion", False)),
    )


def text_shape(config: Mapping[str, Any]) -> TextShape:
    """Return the shape from a ClapModel's configuration.

    Raises
    ------
    ValueError
        When the network is not CLAP's variant of RoBERTa.
    """
    table = config["text_config"]
    if table.get("hidden_act", "gelu") != "gelu":
        raise ValueError(f"text_config.hidden_act = {table['hidden_act']!r}, where only 'gelu' is supported")
    return TextShape(
        n_channels=table.get("hidden_size", 768),
        n_layers=table.get("num_hidden_layers", 12),
        n_heads=table.get("num_attention_heads", 12),
        n_dims=config.get("projection_dim", 512),
        pad_id=table.get("pad_token_id", 1),
        eps=table.get("layer_norm_eps", 1e-12),
    )
