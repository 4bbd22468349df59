"""laion_clap's audio network and front end with random weights: the reference of the comparison.

The package is used as it is published. What it imports and this comparison does not need (pictures, data sets,
tokenizers that it would download, and with them the text network) is stood in for while it is imported.
"""

import importlib.util
import sys
import warnings
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any, Final
from unittest import mock

import numpy as np
import numpy.typing as npt
import torch

Floats = npt.NDArray[np.float32]

WINDOW_FRAMES: Final = 480_000
_ABSENT: Final = (
    "braceexpand",
    "h5py",
    "pandas",
    "PIL",
    "torchaudio._extension",  # compiled for CUDA; the spectrogram is Python
    "torchvision",
    "torchvision.datasets",
    "torchvision.ops.misc",
    "torchvision.transforms",
    "transformers",
    "transformers.tokenization_utils_base",
    "webdataset",
    "wget",
)


@dataclass(frozen=True, slots=True)
class Shape:
    """Dimensions of the audio network.

    Attributes
    ----------
    n_channels : int
        Of a patch.
    depths, n_heads : tuple of int
        Of each stage.
    n_dims : int
        Of the vector.
    """

    n_channels: int
    depths: tuple[int, ...]
    n_heads: tuple[int, ...]
    n_dims: int


HTSAT_TINY: Final = Shape(96, (2, 2, 6, 2), (4, 8, 16, 32), 512)
SMALLEST: Final = Shape(4, (2, 2, 2, 2), (1, 1, 2, 4), 512)
"""Small enough to be stored with the tests, with vectors of the usual length, so that 1e-5 is comparable."""


class Reference:
    """A network of laion_clap in single precision.

    Parameters
    ----------
    shape : Shape
    is_fused : bool
        Whether it is a fused network, which has a different filterbank.
    seed : int
        Of its weights.
    """

    def __init__(self, shape: Shape, *, is_fused: bool, seed: int) -> None:
        module, self._features = _imported()
        config: Mapping[str, Any] = module.factory._MODEL_CONFIGS["HTSAT-tiny"]  # noqa: SLF001 (there is no public access)
        self._audio_config = config["audio_cfg"]
        self._is_fused = is_fused
        fusion = {"enable_fusion": is_fused, "fusion_type": "aff_2d" if is_fused else "None"}
        torch.manual_seed(seed)
        self.network = module.CLAP(
            shape.n_channels * 2 ** (len(shape.depths) - 1),
            dict(self._audio_config),
            {**config["text_cfg"], "model_type": "roberta"},
            joint_embed_shape=shape.n_dims,
            **fusion,
        )
        # The factory supports three sizes only.
        self.network.audio_branch = module.htsat.HTSAT_Swin_Transformer(
            embed_dim=shape.n_channels,
            depths=list(shape.depths),
            num_heads=list(shape.n_heads),
            config=self.network.audio_cfg,
            **fusion,
        )
        _fill(self.network, seed=seed)
        self.network.eval()

    def embed(self, sounds: Sequence[Floats]) -> Floats:
        """Embed sounds of at most 10 s at 48 kHz as a batch, with laion_clap's own code from samples to vectors.

        Returns
        -------
        ndarray, shape (n, n_dims), float32
        """
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            vectors: Floats = self.network.get_audio_embedding([self._input(sound) for sound in sounds]).numpy()
        return vectors

    def embed_log_mel(self, log_mels: Sequence[Floats]) -> Floats:
        """Embed log-mel spectrograms, each a network input of batch 1, bypassing the network's own front end."""
        tower = self.network.audio_branch
        batch = torch.from_numpy(np.concatenate(log_mels))
        given = {"longer": torch.zeros(len(log_mels), 1, dtype=torch.bool)}
        with torch.inference_mode(), ExitStack() as stack:
            for name in ("spectrogram_extractor", "logmel_extractor"):
                stack.enter_context(mock.patch.dict(tower._modules, {name: torch.nn.Identity()}))  # noqa: SLF001
            given |= {"mel_fusion" if self._is_fused else "waveform": batch}
            vectors = self.network.audio_projection(tower(given, device="cpu")["embedding"])
            unit: Floats = torch.nn.functional.normalize(vectors, dim=-1).numpy()
        return unit

    def log_mel(self, sound: Floats) -> Floats:
        """Return the input of the network's first layer, shape (1001, 64)."""
        with torch.inference_mode(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            given = self._input(sound)
            if self._is_fused:
                values: Floats = given["mel_fusion"][0].numpy()
            else:
                tower = self.network.audio_branch
                values = tower.logmel_extractor(tower.spectrogram_extractor(given["waveform"][None]))[0, 0].numpy()
        return values

    def _input(self, sound: Floats) -> dict[str, Any]:
        """Prepare a sound as laion_clap's `get_audio_embedding_from_data` does."""
        rounded = self._features.int16_to_float32(self._features.float32_to_int16(sound))
        given: dict[str, Any] = self._features.get_audio_features(
            {},
            torch.from_numpy(rounded).float(),
            WINDOW_FRAMES,
            data_truncating="fusion" if self._is_fused else "rand_trunc",
            data_filling="repeatpad",
            audio_cfg=self._audio_config,
        )
        return given


def _imported() -> tuple[ModuleType, ModuleType]:
    """Import laion_clap's network and front end without their other dependencies."""
    found = importlib.util.find_spec("laion_clap")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("laion_clap is missing. Run `sh packaging/parity.sh`, which sets up all that is needed.")
    folder = str(Path(found.submodule_search_locations[0]))
    if folder not in sys.path:
        sys.path.append(folder)
    absent = {name: mock.MagicMock() for name in _ABSENT}
    absent["torchaudio._extension"]._IS_TORCHAUDIO_EXT_AVAILABLE = False  # noqa: SLF001 (private name)
    before = {name: sys.modules[name] for name in absent if name in sys.modules}
    sys.modules.update(absent)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module("clap_module"), importlib.import_module("training.data")
    finally:
        for name in absent:
            del sys.modules[name]
        sys.modules.update(before)


def _fill(network: torch.nn.Module, *, seed: int) -> None:
    """Randomise every weight, gain, bias and statistic, so that each affects the result."""
    drawn = torch.Generator().manual_seed(seed)
    fixed = ("spectrogram_extractor", "logmel_extractor", "attn_mask", "relative_position_index")
    with torch.no_grad():
        for name, value in network.state_dict().items():
            if not value.is_floating_point() or any(part in name for part in fixed):
                continue
            noise = torch.randn(value.shape, generator=drawn)
            if name.endswith("bn0.running_mean"):
                value.copy_(-30.0 + 8.0 * noise)
            elif name.endswith("bn0.running_var"):
                value.copy_((18.0 + 3.0 * noise) ** 2)
            elif name.endswith("running_var"):
                value.copy_(1.0 + 0.1 * noise.abs())
            elif value.ndim > 1:
                value.copy_(noise * (1.0 / value[0].numel()) ** 0.5)
            elif name.endswith("weight"):
                value.copy_(1.0 + 0.1 * noise)
            else:
                value.copy_(0.05 * noise)
