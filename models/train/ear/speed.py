"""Measure how many short sounds a second encoders embed, in one process on one core.

    PYTHONPATH=app:models/train python -m ear.speed [--encoder NAME]... [--report FILE]

Run it with OMP_NUM_THREADS=1 and OPENBLAS_NUM_THREADS=1. The default is acoustic and ear; other encoders must be
installed (`bowerbird models list`). Rounds alternate between encoders, so that a busy machine slows all of them; the
median of the rounds is reported. No torch needed.
"""

import argparse
import sys
import time
from pathlib import Path

import numpy as np

from bowerbird.encoders.protocol import Encoder
from bowerbird.encoders.registry import encoder_named
from ear.sections import put_section, table

LENGTHS_S = (0.25, 1.0, 10.0)
N_ROUNDS = 7
MIN_ROUND_S = 0.3


def main() -> int:
    """Measure, and write the table into the report."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--encoder", action="append")
    parser.add_argument("--report", type=Path)
    args = parser.parse_args()
    encoders = [encoder_named(name) for name in args.encoder or ("acoustic", "ear")]
    names = [encoder.name for encoder in encoders]
    rows = []
    for length_s in LENGTHS_S:
        rates = rates_of(encoders, length_s)
        rows.append([f"{length_s:g} s", *(f"{rate:.1f} ({rate / rates[0]:.2f})" for rate in rates)])
        print("  ".join(rows[-1]), flush=True)
    if args.report:
        lines = [
            "Sounds a second on one core, encoding only, and the ratio to the first column. The ear includes the",
            "acoustic encoder; a network with a fixed window takes as long for a short sound as for a long one.",
            *(
                f"`{encoder.name}` has random weights, which does not change its speed."
                for encoder in encoders
                if "random" in encoder.name
            ),
            "",
        ]
        put_section(args.report, "Speed", lines + table(["length", *names], rows))
    return 0


def rates_of(encoders: list[Encoder], length_s: float) -> list[float]:
    """Return sounds a second for each encoder."""
    rng = np.random.default_rng(0)
    sounds = [rng.normal(0.0, 0.1, round(length_s * encoder.rate_hz)).astype(np.float32) for encoder in encoders]
    spent: list[list[float]] = [[] for _ in encoders]
    for round_number in range(N_ROUNDS + 1):
        for number, (encoder, sound) in enumerate(zip(encoders, sounds, strict=True)):
            began, n = time.perf_counter(), 0
            while time.perf_counter() - began < MIN_ROUND_S:
                encoder.encode([sound])
                n += 1
            if round_number:  # the first round warms up
                spent[number].append((time.perf_counter() - began) / n)
    return [1.0 / float(np.median(seconds)) for seconds in spent]


if __name__ == "__main__":
    sys.exit(main())
