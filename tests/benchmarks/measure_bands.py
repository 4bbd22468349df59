"""How often matches of each band are right, and what queries without an answer show.

    python tests/benchmarks/measure_bands.py --library DIR --shared DIR

Prints, for examples and for words, the share of right results in each band among the first 15 of each query, and the
expected calibration error (10 bins). A result is right if it has the query's class; for the queries in other words, one
of theirs. Then the program's own searches for 80 queries without an answer, with the real names of the library.
"""

import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from labelled import Flags, Labelled, arguments, read_labelled

from bowerbird.domain.matches import BANDS
from bowerbird.domain.name_words import describing_words
from bowerbird.domain.query import parse_query
from bowerbird.encoders.calibration import calibration_of
from bowerbird.encoders.ear.encoder import EarEncoder
from bowerbird.jobs.control import Control
from bowerbird.library.library import Library
from bowerbird.library.search.learned_words import (
    LearnedWords,
    NamedVectors,
    fit_words,
    read_learned_words,
    update_learned_words,
    vocabulary,
    words_path,
)
from bowerbird.library.search.meanings import share_understood, text_direction
from bowerbird.library.search.search import Search
from bowerbird.ranking.calibration import Calibration, QueryKind, calibration_error

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "models" / "train"))

from fit_calibration import PAGE, Results, curve_probabilities, first_results, sample

SEED: Final = 6
N_SPLITS: Final = 4
QUERY_FILES: Final = ("nonsense_queries.txt", "nonsense_queries_2.txt")


@dataclass(frozen=True, slots=True, eq=False)
class Rated:
    """The first results of one query, its kind, and how much of it was understood."""

    kind: QueryKind
    results: Results
    share_understood: float = 1.0

    def probabilities(self, calibration: Calibration) -> npt.NDArray[np.float64]:
        """Return how likely each result is right, as the program does."""
        return self.share_understood * curve_probabilities(calibration.curves[self.kind], self.results)


def main() -> int:
    """Print the tables."""
    args = arguments(__doc__).parse_args()
    ear = EarEncoder()
    calibration = calibration_of(ear)
    if calibration is None:
        print("The ear has no calibration. Run models/train/fit_calibration.py.", file=sys.stderr)
        return 1
    sounds = read_labelled(args.library, args.shared / "audio", ear)
    queries = [*class_queries(sounds), *other_queries(sounds)]
    print(f"{len(sounds.rows):,} sounds, {len(sounds.names)} classes; the first {PAGE} results of each query")
    print(f"{'':36}{'close':>16}{'related':>16}{'stretch':>16}{'weak':>16}   calibration error")
    show("examples", calibration, (Rated("sounds", found) for found in by_examples(sounds)))
    everything = np.ones(len(sounds.rows), bool)
    hidden = by_texts(sounds, ear, queries, None, everything)
    show(f"{len(queries)} texts, all names hidden", calibration, hidden)
    halves = (rated for split in range(N_SPLITS) for rated in by_halves(sounds, ear, queries, split))
    show(f"{len(queries)} texts, half of the names hidden", calibration, halves)
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copytree(args.library, scratch, dirs_exist_ok=True)
        library = Library.open(Path(scratch))
        update_learned_words(library, ear, Control())
        learned = read_learned_words(words_path(library, ear), ear)
        own = by_texts(sounds, ear, queries, learned, everything)
        show(f"{len(queries)} texts, names as they are", calibration, own)
        for name in QUERY_FILES:
            print_nonsense(library, ear, Path(__file__).parent / name)
    return 0


def class_queries(sounds: Labelled) -> Iterator[tuple[str, Flags]]:
    """Yield the names of the classes, and what is right for them."""
    for name in sounds.names:
        yield name, sounds.classes == name


def other_queries(sounds: Labelled) -> Iterator[tuple[str, Flags]]:
    """Yield queries in other words, and what is right for them."""
    text = (ROOT / "models" / "train" / "ear" / "queries.toml").read_text(encoding="utf-8")
    for query in tomllib.loads(text)["query"]:
        yield query["text"], np.isin(sounds.classes, [name.replace("_", " ") for name in query["classes"]])


def by_examples(sounds: Labelled) -> Iterator[Results]:
    """Yield the first results of each sound that others share a class with; those of its group are left out."""
    baseline = sample(sounds.vectors)
    for position, vector in enumerate(sounds.vectors):
        among = sounds.groups != sounds.groups[position]
        is_right = sounds.classes == sounds.classes[position]
        if np.any(is_right & among):
            yield first_results(vector, sounds.vectors, baseline, is_right, among=among, is_trained=False)


def by_texts(
    sounds: Labelled, ear: EarEncoder, queries: Iterable[tuple[str, Flags]], learned: LearnedWords | None, among: Flags
) -> Iterator[Rated]:
    """Yield the first results of each text that is understood, among some sounds."""
    baseline = sample(sounds.vectors)
    text_encoder = ear.text
    for text, is_right in queries:
        is_known = text_encoder.has_words(text) or (learned is not None and any(map(learned.has, text.split())))
        target = text_direction(text, text_encoder, learned, baseline) if is_known else None
        if target is None or not np.any(is_right & among):
            continue
        has_learned = learned is not None and learned.direction(text, text_encoder) is not None
        unit, is_trained = target / np.linalg.norm(target), text_encoder.is_trained(text)
        found = first_results(unit, sounds.vectors, baseline, is_right, among=among, is_trained=is_trained)
        share = share_understood(text, text_encoder, learned)
        yield Rated("learned words" if has_learned else "words", found, share)


def by_halves(sounds: Labelled, ear: EarEncoder, queries: Iterable[tuple[str, Flags]], split: int) -> Iterator[Rated]:
    """Yield the first results among sounds whose names are hidden, with words learned from the other half's names."""
    is_hidden = np.random.default_rng([SEED, split]).permutation(len(sounds.rows)) % 2 == 1
    names = [describing_words(Path(row["source_path"]).with_suffix("").as_posix()) for row in sounds.rows]
    shown = [set() if hidden else own for own, hidden in zip(names, is_hidden, strict=True)]
    known = vocabulary([own for own, hidden in zip(names, is_hidden, strict=True) if not hidden])
    learned = fit_words([NamedVectors(sounds.vectors, shown)], known, ear)
    return by_texts(sounds, ear, queries, learned, is_hidden)


def show(title: str, calibration: Calibration, found: Iterable[Rated]) -> None:
    """Print the line of one kind of query: in each band, the share of right results and the number of results."""
    queries = list(found)
    probabilities = np.concatenate([rated.probabilities(calibration) for rated in queries])
    is_right = np.concatenate([rated.results.is_right for rated in queries])
    cells, above = [], np.inf
    for _, lowest in (*BANDS, ("weak", 0.0)):
        own = is_right[(probabilities >= lowest) & (probabilities < above)]
        cells.append(f"{f'{own.mean():.3f} of {len(own):,}' if len(own) else '-':>16}")
        above = lowest
    print(f"{title:36}{''.join(cells)}   {calibration_error(probabilities, is_right):.3f}")


def print_nonsense(library: Library, ear: EarEncoder, path: Path) -> None:
    """Print which bands queries without an answer show in the program, by meaning or by name."""
    lines = path.read_text(encoding="utf-8").splitlines()
    queries = [line for line in lines if line and not line.startswith("#")]
    search = Search(library, ear)
    best = {text: {match.band for match in search.by_text(parse_query(text))} for text in queries}
    search.close()
    close = [text for text, bands in best.items() if "close" in bands]
    related = [text for text, bands in best.items() if "related" in bands - {"close"} and "close" not in bands]
    print(f"{path.name}: of {len(queries)} queries without an answer, {len(close)} show something close", end="")
    print(f" ({', '.join(close)})" if close else "", f"and {len(related)} something related")


if __name__ == "__main__":
    sys.exit(main())
