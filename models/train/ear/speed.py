"""How many short sounds a second encoders hear, side by side in one process on one core.

    PYTHONPATH=app python models/train/ear/speed.py [--encoder NAME]... [--report FILE]

To be run with OMP_NUM_THREADS=1 and OPENBLAS_NUM_THREADS=1. Without ``--encoder``: acoustic and ear. Other encoders
must be installed (`bowerbird models list`). Rounds alternate between encoders, so that a crowded machine slows all of
them; the median of the rounds counts. Needs no torch.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from sections import put_section, table

from bowerbird.encoders.protocol import Encoder
from bowerbird.encoders.registry import encoder_named

LENGTHS_S = (0.25, 1.0, 10.0)
N_ROUNDS = 7
MIN_ROUND_S = 0.3


def main() -> int:
    """Measure, and put the table into the report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--encoder", action="append")
    parser.add_argument("--report", type=Path)
    args = parser.parse_args()
    encoders = [encoder_named(name) for name in args.encoder or ("acoustic", "ear")]
    rows = []
    for length_s in LENGTHS_S:
        rates = rates_of(encoders, length_s)
        rows.append([f"{length_s:g} s", *(f"{rate:.1f} ({rate / rates[0]:.2f})" for rate in rates)])
        print("  ".join(rows[-1]), flush=True)
    if args.report:
        lines = [
            "Sounds a second on one core, encoding alone, and as a ratio to the first. The ear hears the acoustic",
            "vector along with its own; a network of a fixed window takes as long for a short sound as for a long one.",
            *(f"`{one.name}` has random weights: as fast as with others." for one in encoders if "random" in one.name),
            "",
        ]
        put_section(args.report, "Speed", lines + table(["length", *(one.name for one in encoders)], rows))
    return 0


def rates_of(encoders: list[Encoder], length_s: float) -> list[float]:
    """Sounds a second of each encoder."""
    rng = np.random.default_rng(0)
    sounds = [rng.normal(0.0, 0.1, round(length_s * one.rate_hz)).astype(np.float32) for one in encoders]
    spent: list[list[float]] = [[] for _ in encoders]
    for round_number in range(N_ROUNDS + 1):
        for place, (encoder, sound) in enumerate(zip(encoders, sounds, strict=True)):
            began, n = time.perf_counter(), 0
            while time.perf_counter() - began < MIN_ROUND_S:
                encoder.encode([sound])
                n += 1
            if round_number:  # the first one warms up
                spent[place].append((time.perf_counter() - began) / n)
    return [1.0 / float(np.median(one)) for one in spent]


if __name__ == "__main__":
    sys.exit(main())
