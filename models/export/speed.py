"""Benchmark a window: laion_clap and transformers in torch, and our networks, in the same process.

Run it in the environment of `export.sh` with laion-clap in it, on a folder that `export.py` made of full-size weights:

    PYTHONPATH=app:models/export python models/export/speed.py DIR

Rounds are interleaved, so that other load affects all alike; one thread each; medians.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

os.environ["OMP_NUM_THREADS"] = "1"

import numpy as np
import torch
from parity_reference import HTSAT_TINY, Reference
from transformers import ClapConfig, ClapModel

from bowerbird.encoders.onnx.frontend import patches
from bowerbird.encoders.onnx.session import Session
from bowerbird.encoders.weights.cards import CARD_NAME, FILE_NAMES, read_card

N_ROUNDS: Final = 12


def main() -> None:
    """Print one JSON line: milliseconds per window, and ratios to laion_clap."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("weights", type=Path, metavar="DIR")
    torch.set_num_threads(1)
    folder = parser.parse_args().weights
    card = read_card(folder / CARD_NAME)
    sound = (0.1 * np.random.default_rng(1).standard_normal(480_000)).astype(np.float32)
    (features,) = patches(sound, card.audio)

    reference = Reference(HTSAT_TINY, is_fused=False, seed=1)
    torch.manual_seed(1)
    transformer = ClapModel(ClapConfig()).eval()
    given = torch.from_numpy(features)
    sessions = {
        name: Session(folder / FILE_NAMES[role], provider="cpu", inputs=[card.audio.input], output=card.audio.output)
        for name, role in (("fp32", "audio"), ("int8", "audio_int8"))
    }

    def with_transformers() -> None:
        with torch.inference_mode():
            transformer.get_audio_features(input_features=given)

    def with_session(name: str) -> Callable[[], None]:
        def run() -> None:  # from samples, as laion_clap does
            (patch,) = patches(sound, card.audio)
            sessions[name].run({card.audio.input: patch})

        return run

    systems: dict[str, Callable[[], object]] = {
        "laion_clap torch": lambda: reference.embed([sound]),
        "transformers torch, features given": with_transformers,
        "fp32": with_session("fp32"),
        "int8": with_session("int8"),
        "front end alone": lambda: patches(sound, card.audio),
    }
    taken: dict[str, list[float]] = {name: [] for name in systems}
    for number in range(N_ROUNDS + 2):
        for name, run in systems.items():
            began = time.perf_counter()
            run()
            if number >= 2:  # the first two are warm-up
                taken[name].append(1000 * (time.perf_counter() - began))
    ms = {name: round(statistics.median(values), 1) for name, values in taken.items()}
    ratios = {name: round(ms["laion_clap torch"] / ms[name], 2) for name in ("fp32", "int8")}
    print(json.dumps({"benchmark": "a 10 s window, one thread, ms", **ms, "times_faster_than_laion_clap": ratios}))


if __name__ == "__main__":
    main()
