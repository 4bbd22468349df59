"""Compare the front end and the exported audio network with laion_clap, sound by sound.

    sh packaging/parity.sh [--write-golden]

Weights are random, so the embeddings have no meaning, but both sides must agree. Each sound is compared twice, with
both filterbanks and in batches of 1, 3 and 8: our spectrogram in laion_clap's network, and our spectrogram in the graph
that `models/export` creates from the same weights.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
GOLDEN: Final = ROOT / "tests" / "encoders" / "golden"
sys.path[:0] = [str(ROOT / "app"), str(GOLDEN)]

import numpy as np  # noqa: E402
import torch  # noqa: E402
from architecture import AudioShape  # noqa: E402
from audio_tower import INPUT, audio_model  # noqa: E402
from checkpoints import laion_weights  # noqa: E402
from parity_reference import HTSAT_TINY, SMALLEST, Floats, Reference, Shape  # noqa: E402
from signals import SIGNALS, signal  # noqa: E402

from bowerbird.encoders.onnx.frontend import patches  # noqa: E402
from bowerbird.encoders.onnx.runtime import onnxruntime  # noqa: E402
from bowerbird.encoders.weights.cards import AudioTower, read_card  # noqa: E402

LARGEST: Final = 1e-5
"""Largest allowed difference of a component from the reference."""
BATCHES: Final = (1, 3, 8)
SEED: Final = 3
N_THREADS: Final = 2
FRAMES: Final = (0, 1, 2, 3, 44, 45, 250, 499, 500, 501, 750, 900, 998, 999, 1000)
"""Frames of a spectrogram that are stored for the tests: both ends, the middle, and boundaries of copies."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A family of checkpoints.

    Attributes
    ----------
    name : str
        The filterbank.
    card : str
        A card of this family.
    is_fused : bool
    """

    name: str
    card: str
    is_fused: bool

    def tower(self) -> AudioTower:
        """Return the audio network of the card."""
        return read_card(ROOT / "models" / f"{self.card}.toml").audio


KINDS: Final = (
    Kind("slaney", "clap-630k-audioset-best", is_fused=False),
    Kind("htk", "clap-630k-audioset-fusion-best", is_fused=True),
)


@dataclass(frozen=True, slots=True)
class Row:
    """The largest difference of a component from the reference.

    Attributes
    ----------
    signal, kind : str
    n_batch : int
    network, graph : float
        With laion_clap's network, and with the exported graph.
    """

    signal: str
    kind: str
    n_batch: int
    network: float
    graph: float


def main() -> int:
    """Compare and print, or write the golden files."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--write-golden", action="store_true", help=f"also write {GOLDEN.relative_to(ROOT)}")
    options = parser.parse_args()
    torch.set_num_threads(N_THREADS)
    began_s = time.monotonic()
    worst = Row("", "", 0, 0.0, 0.0)
    n_rows = n_wrong = 0
    print(f"{'signal':<26}{'kind':<8}{'batch':>5}{'front end':>12}{'and graph':>12}")
    for kind in KINDS:
        for row in compared(kind):
            is_wrong = not max(row.network, row.graph) <= LARGEST  # the negation makes NaN fail too
            mark = "  too large" if is_wrong else ""
            print(
                f"{row.signal:<26}{row.kind:<8}{row.n_batch:>5}{row.network:>12.1e}{row.graph:>12.1e}{mark}", flush=True
            )
            n_rows, n_wrong = n_rows + 1, n_wrong + is_wrong
            worst = max(worst, row, key=lambda row: max(row.network, row.graph))
    print(
        f"{n_rows} comparisons, {n_wrong} above {LARGEST:.0e}; largest {max(worst.network, worst.graph):.1e} "
        f"({worst.signal}, {worst.kind}, batch {worst.n_batch}); {time.monotonic() - began_s:.0f} s."
    )
    if n_wrong:
        return 1
    if options.write_golden:
        write_golden(GOLDEN)
    return 0


def compared(kind: Kind) -> Iterator[Row]:
    """Yield a row for every signal and batch."""
    network = Reference(HTSAT_TINY, is_fused=kind.is_fused, seed=SEED)
    graph = session(exported(network, HTSAT_TINY, is_fused=kind.is_fused))
    tower = kind.tower()
    sounds = {name: signal(name) for name in SIGNALS}
    inputs = {name: patches(sound, tower)[0] for name, sound in sounds.items()}
    # laion_clap's fusion network needs the copies, which the exported graph does not.
    copied = replace(tower, n_copies=4 if kind.is_fused else 1)
    wide = {name: patches(sound, copied)[0] for name, sound in sounds.items()}
    for n_batch in BATCHES:
        for names in grouped(list(SIGNALS), n_batch):
            wanted = network.embed([sounds[name] for name in names])
            own = network.embed_log_mel([wide[name] for name in names])
            ours = graph(np.concatenate([inputs[name] for name in names]))
            for i, name in enumerate(dict.fromkeys(names)):
                yield Row(
                    name,
                    kind.name,
                    n_batch,
                    float(np.abs(own[i] - wanted[i]).max()),
                    float(np.abs(ours[i] - wanted[i]).max()),
                )


def grouped(names: Sequence[str], size: int) -> Iterator[list[str]]:
    """Yield groups of a size; the last group is filled by repeating its last name."""
    for start in range(0, len(names), size):
        group = list(names[start : start + size])
        yield group + group[-1:] * (size - len(group))


def exported(network: Reference, shape: Shape, *, is_fused: bool) -> bytes:
    """Export the audio part of a network as a graph."""
    content: Mapping[str, torch.Tensor] = {
        **network.network.state_dict(),
        "text_branch.embeddings.word_embeddings.weight": torch.zeros(1, 1),  # required but not used
    }
    dimensions = AudioShape(
        n_mels=64,
        image_size=256,
        patch_size=4,
        window_size=8,
        n_channels=shape.n_channels,
        depths=shape.depths,
        n_heads=shape.n_heads,
        n_dims=shape.n_dims,
        eps=1e-5,
        is_fused=is_fused,
    )
    return bytes(audio_model(laion_weights(content, where="laion_clap"), dimensions).SerializeToString())


def session(graph: bytes) -> Callable[[Floats], Floats]:
    """Return a function that runs a graph."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = N_THREADS
    running = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    return lambda batch: running.run(None, {INPUT: batch})[0]


def write_golden(folder: Path) -> None:
    """Write reference values of laion_clap and a tiny network for tests without laion_clap.

    For each filterbank: ``<kind>_frames`` (signals, frames, bands), ``<kind>_means`` and ``<kind>_sds`` over all frames
    (signals, bands), and ``<kind>_vectors`` (signals, dimensions) of the network in ``smallest.onnx``, with the same
    weights.
    """
    kept: dict[str, np.ndarray] = {"signals": np.array(list(SIGNALS)), "frames": np.array(FRAMES)}
    shared = Reference(SMALLEST, is_fused=False, seed=SEED)
    (folder / "smallest.onnx").write_bytes(exported(shared, SMALLEST, is_fused=False))
    for kind in KINDS:
        network = Reference(SMALLEST, is_fused=kind.is_fused, seed=SEED)
        network.network.load_state_dict(shared.network.state_dict(), strict=False)
        sounds = [signal(name) for name in SIGNALS]
        log_mels = np.stack([network.log_mel(sound) for sound in sounds])
        kept[f"{kind.name}_frames"] = log_mels[:, list(FRAMES)]
        kept[f"{kind.name}_means"] = log_mels.mean(axis=1, dtype=np.float64).astype(np.float32)
        kept[f"{kind.name}_sds"] = log_mels.std(axis=1, dtype=np.float64).astype(np.float32)
        kept[f"{kind.name}_vectors"] = np.concatenate([network.embed([sound]) for sound in sounds])
    np.savez_compressed(folder / "laion_clap.npz", **kept)
    for path in sorted(folder.glob("*.*")):
        print(f"{path.relative_to(ROOT)}: {path.stat().st_size:,} bytes")


if __name__ == "__main__":
    sys.exit(main())
