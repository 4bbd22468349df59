"""How well sounds find sounds by the ear, by another encoder and by both, for several shares of the ear.

    python tests/benchmarks/measure_combined.py --library DIR --shared DIR [--folder audio] [--encoder aisfx]

DIR/FOLDER must be indexed with `--encoder ear+aisfx`, or with both alone. The figures are means over classes; takes of
one recording are left out of its results. `--folder train2` has the sounds on which the share was chosen: neither
encoder was trained on them. The columns are the other encoder's values as they are, and without their mean over the
sounds.
"""

import sys
from pathlib import Path

import numpy as np
from labelled import Labelled, arguments, read_labelled

from bowerbird.benchmark.retrieval import evaluate
from bowerbird.domain.sounds import Vectors
from bowerbird.encoders.combined import EAR_SHARE
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.library.library import Library
from bowerbird.ranking.vectors import unit_rows

SHARES = (1.0, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.0)


def main() -> int:
    """Print the table."""
    parser = arguments(__doc__)
    parser.add_argument("--folder", default="audio", help="audio or train2")
    parser.add_argument("--encoder", default="aisfx", help="encoder that is combined with the ear")
    args = parser.parse_args()
    label = "class" if args.folder == "audio" else "label"
    ear, other = both(args.library, args.shared / args.folder, args.encoder, label)
    kinds = {"as they are": other, "without mean": unit_rows(other - other.mean(axis=0))}
    print(f"{len(ear.rows):,} sounds of {args.folder}, {len(ear.names)} classes; the ear's share is {EAR_SHARE:.1f}")
    print(f"{'':11}" + "".join(f"{kind + ': MAP@15':>24}{'MAP@150':>9}{'MR1':>7}" for kind in kinds))
    for share in SHARES:
        print(f"ear {share:.1f}    " + "".join(figures(ear, share, vectors) for vectors in kinds.values()), flush=True)
    return 0


def both(library: Path, folder: Path, name: str, label: str) -> tuple[Labelled, Vectors]:
    """Return the labelled sounds with the vectors of the ear, and those of the other encoder."""
    combined = encoder_named(f"{DEFAULT_ENCODER}+{name}")
    with Library.open(library).read() as reader:
        has_both = combined.id in reader.encoder_ids()
    ear = read_labelled(library, folder, encoder_named(DEFAULT_ENCODER), label=label)
    found = read_labelled(library, folder, combined if has_both else encoder_named(name), label=label)
    if found.paths != ear.paths:
        sys.exit(f"Some sounds have no embedding of {name}. Index the library with --encoder {combined.name}.")
    return ear, unit_rows(found.vectors[:, combined.blocks[name]] if has_both else found.vectors)


def figures(ear: Labelled, share: float, other: Vectors) -> str:
    """Return the figures of both together, the ear with a share."""
    parts = [np.float32(np.sqrt(share)) * ear.vectors, np.float32(np.sqrt(1.0 - share)) * other]
    found = evaluate(np.concatenate(parts, axis=1), ear.classes.tolist(), ear.groups.tolist()).macro
    return f"{found.map_15:24.4f}{found.map_150:9.4f}{found.mr1:7.1f}"


if __name__ == "__main__":
    sys.exit(main())
