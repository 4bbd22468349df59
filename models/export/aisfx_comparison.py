"""Compare our front end and network with those of the package aisfx, sound by sound.

    sh packaging/parity.sh [--write-golden]

The reference is the package's own code: its spectrogram by Essentia, its blocks, and its network in PyTorch. Ours is
what is installed from the same wheel. Sounds are at 44.1 kHz, so resampling is not compared. With --write-golden, the
reference's spectrograms, and embeddings by a network with random weights, are written for the ordinary tests.
"""

import argparse
import os
import sys
import tempfile
from codecs import encode
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
GOLDEN: Final = ROOT / "tests" / "encoders" / "golden"
sys.path[:0] = [str(ROOT / "app"), str(GOLDEN)]

import essentia  # noqa: E402
import numpy as np  # noqa: E402
import numpy.typing as npt  # noqa: E402
import soundfile  # noqa: E402
import torch  # noqa: E402
from aisfx.inference import (  # noqa: E402
    EMB_BLOCK_LENGTH,
    F_MAX,
    F_MIN,
    MEL_BINS,
    SAMPLE_RATE,
    SPEC_BLOCK_LENGTH,
    SPEC_HOP_LENGTH,
    get_path_modelWeights,
    load_bestModel,
)
from aisfx.models.cnn2d import EmbeddingNet  # noqa: E402
from aisfx.preprocessing import blocking, spectrogram_normalize  # noqa: E402
from aisfx.spectrogram.spectrogram_essentia import compute_spectrogram  # noqa: E402
from aisfx_signals import RATE_HZ, SIGNALS, random_tensors, signal  # noqa: E402

from bowerbird.encoders.mel import log_mel  # noqa: E402
from bowerbird.encoders.onnx.encoder import OnnxEncoder  # noqa: E402
from bowerbird.encoders.weights.cards import AudioTower, read_card  # noqa: E402
from bowerbird.encoders.weights.packages import import_wheel  # noqa: E402
from bowerbird.encoders.weights.store import Weights, write_card  # noqa: E402
from bowerbird.jobs.control import Control  # noqa: E402

Floats = npt.NDArray[np.float32]

LARGEST: Final = 1e-4
"""Largest allowed difference of a component from the reference."""
LONGEST_S: Final = 12.0
"""Of the sounds: each is a single window here, as in the package."""
FRAMES: Final = (0, 1, 2, -3, -2, -1)
"""Frames that are stored for the tests: both ends."""
HOP: Final = EMB_BLOCK_LENGTH // 2


def main() -> int:
    """Compare and print, or write the golden file."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("wheel", type=Path, help="the wheel of aisfx 0.1.2")
    parser.add_argument("--write-golden", action="store_true", help=f"also write {GOLDEN.relative_to(ROOT)}")
    options = parser.parse_args()
    torch.set_num_threads(2)
    essentia.log.infoActive = False
    card = read_card(ROOT / "models" / "aisfx.toml")
    with tempfile.TemporaryDirectory() as home:
        os.environ["BOWERBIRD_HOME"] = home
        weights = with_long_windows(import_wheel(card, options.wheel, control=Control()))
        embed = own_embedding(weights)
        reference = reference_network()
        print(f"{'signal':<22}{'frames':>7}{'blocks':>7}{'spectrogram':>13}{'embedding':>11}{'unit length':>13}")
        n_wrong, largest = 0, 0.0
        for name in SIGNALS:
            sound = signal(name)
            wanted = reference_spectrogram(sound)
            blocks = reference_blocks(wanted)
            differences = compared(sound, wanted, reference(blocks), embed, weights.card.audio)
            is_wrong = not max(differences) <= LARGEST  # the negation makes NaN fail too
            n_wrong, largest = n_wrong + is_wrong, max(largest, *differences)
            figures = "".join(f"{value:>{width}.1e}" for value, width in zip(differences, (13, 11, 13), strict=True))
            print(f"{name:<22}{len(wanted):>7}{len(blocks):>7}{figures}{'  too large' if is_wrong else ''}", flush=True)
    print(f"{len(SIGNALS)} sounds, {n_wrong} above {LARGEST:.0e}; largest {largest:.1e}.")
    if n_wrong:
        return 1
    if options.write_golden:
        write_golden(GOLDEN / "aisfx.npz")
    return 0


def compared(
    sound: Floats, wanted: Floats, blocks: Floats, embed: Callable[[Floats], Floats], tower: AudioTower
) -> tuple[float, float, float]:
    """Return the largest differences: of the spectrogram, of the mean over blocks, and of that at unit length."""
    assert tower.log_mel is not None
    found = log_mel(sound, tower.log_mel, tower.rate_hz)
    if found.shape != wanted.shape:
        return float("inf"), float("inf"), float("inf")
    mean, own = blocks.mean(axis=0), embed(sound)
    units = [vector / np.linalg.norm(vector) for vector in (mean, own)]
    return (
        float(np.abs(found - wanted).max()),
        float(np.abs(own - mean).max()),
        float(np.abs(units[1] - units[0]).max()),
    )


# The reference


def reference_spectrogram(sound: Floats) -> Floats:
    """Return the package's spectrogram, shape (n_frames, n_mels)."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/sound.wav"
        soundfile.write(path, sound, RATE_HZ, subtype="FLOAT")
        mel = compute_spectrogram(
            path,
            sr=SAMPLE_RATE,
            block_size=SPEC_BLOCK_LENGTH,
            hop_size=SPEC_HOP_LENGTH,
            n_mels=MEL_BINS,
            f_min=F_MIN,
            f_max=F_MAX,
        )
    return np.asarray(spectrogram_normalize(mel), np.float32)


def reference_blocks(mel: Floats) -> Floats:
    """Return the package's blocks of a spectrogram, shape (n_blocks, n_frames, n_mels).

    `model_get_embedding` is not called, because it asserts that a sound has more than 50 frames.
    """
    return np.asarray(blocking(mel, EMB_BLOCK_LENGTH, HOP, drop_partial_block=True), np.float32)


def reference_network() -> Callable[[Floats], Floats]:
    """Return the package's network with its checkpoint."""
    scalar: Any = np._core.multiarray.scalar  # noqa: SLF001 # type: ignore[attr-defined]
    known = [np.dtype, type(np.dtype(np.int64)), encode, (scalar, "numpy.core.multiarray.scalar")]
    with torch.serialization.safe_globals(known):  # the package calls torch.load, which by now refuses its checkpoint
        tensors, datasets = torch.load(get_path_modelWeights(), map_location="cpu", weights_only=True)
    return running(load_bestModel(tensors, datasets, "cpu").embedding_net)


def random_network() -> Callable[[Floats], Floats]:
    """Return the package's network with the random weights of the tests."""
    network = EmbeddingNet("max", 3, 1, 64)
    tensors = {name.partition(".")[2]: torch.from_numpy(value) for name, value in random_tensors().items()}
    network.load_state_dict(tensors)
    return running(network)


def running(network: torch.nn.Module) -> Callable[[Floats], Floats]:
    """Return a function that runs a network on blocks."""
    network.eval()

    @torch.no_grad()
    def run(blocks: Floats) -> Floats:
        return np.asarray(network(torch.from_numpy(blocks)).numpy(), np.float32)

    return run


# Ours


def with_long_windows(weights: Weights) -> Weights:
    """Return weights whose windows are as long as the longest sound."""
    card = replace(weights.card, audio=replace(weights.card.audio, window_s=LONGEST_S))
    write_card(card, weights.folder / "card.toml")
    return Weights(card, weights.folder)


def own_embedding(weights: Weights) -> Callable[[Floats], Floats]:
    """Return a function that embeds a sound with the installed network; the mean over blocks, not of unit length."""
    encoder = OnnxEncoder(weights)
    return lambda sound: np.mean(list(encoder._frames(sound)), axis=0)  # noqa: SLF001 - before it is normalised


def write_golden(path: Path) -> None:
    """Write what the ordinary tests compare with."""
    network = random_network()
    rows: dict[str, list[npt.NDArray[Any]]] = {"n_frames": [], "frames": [], "means": [], "embeddings": []}
    for name in SIGNALS:
        mel = reference_spectrogram(signal(name))
        rows["n_frames"].append(np.array(len(mel)))
        rows["frames"].append(mel[[index % len(mel) for index in FRAMES]])
        rows["means"].append(mel.mean(axis=0))
        rows["embeddings"].append(network(reference_blocks(mel)).mean(axis=0))
    arrays = {name: np.stack(values) for name, values in rows.items()}
    np.savez_compressed(path, signals=np.array(list(SIGNALS)), positions=np.array(FRAMES), **arrays)
    print(f"Wrote {path.relative_to(ROOT)}, {path.stat().st_size:,} bytes.")


if __name__ == "__main__":
    sys.exit(main())
