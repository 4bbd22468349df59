"""How often matches of each band are right, and what queries without an answer show.

    python tests/benchmarks/measure_bands.py --library DIR --shared DIR

Prints, for examples and for words, the share of right results in each band among the first 15 of each query, and the
expected calibration error (10 bins). A result is right if it has the query's class; for the queries in other words, one
of theirs. Examples, words with names as they are, and 80 queries without an answer are the program's own searches.
"""

import shutil
import sys
import tempfile
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt
from labelled import Flags, Labelled, arguments, read_labelled

from bowerbird.domain.matches import BANDS, Match
from bowerbird.domain.name_words import describing_words
from bowerbird.domain.query import Example, Query, parse_query
from bowerbird.encoders.calibration import calibration_of
from bowerbird.encoders.ear.encoder import EarEncoder
from bowerbird.jobs.control import Control
from bowerbird.library.library import Library
from bowerbird.library.search.learned_words import (
    LearnedWords,
    NamedVectors,
    fit_words,
    update_learned_words,
    vocabulary,
)
from bowerbird.library.search.meanings import share_understood, text_direction
from bowerbird.library.search.search import Search
from bowerbird.ranking.calibration import Calibration, QueryKind, calibration_error

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "models" / "train"))

from fit_calibration import PAGE, Results, curve_probabilities, first_results, sample

SEED: Final = 6
N_SPLITS: Final = 4
N_SEARCHED: Final = 60
"""Results of a search, of which some have no label or are of the example's group."""

QUERY_FILES: Final = ("nonsense_queries.txt", "nonsense_queries_2.txt")


Rated: TypeAlias = tuple[npt.NDArray[np.float64], Flags]
"""How likely results are right, and which are."""


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The first results of one text, its kind, and how much of it was understood."""

    kind: QueryKind
    results: Results
    share_understood: float

    def rated(self, calibration: Calibration) -> Rated:
        """Return how likely each result is right, as the program computes it, and which are."""
        curve = calibration.curves[self.kind]
        return self.share_understood * curve_probabilities(curve, self.results), self.results.is_right


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
    everything = np.ones(len(sounds.rows), bool)
    with tempfile.TemporaryDirectory() as scratch:
        shutil.copytree(args.library, scratch, dirs_exist_ok=True)
        library = Library.open(Path(scratch))
        update_learned_words(library, ear, Control())
        search = Search(library, ear)
        show("examples", by_examples(search, sounds))
        show(f"{len(queries)} texts, names as they are", by_own_words(search, sounds, queries))
        halves = (each for split in range(N_SPLITS) for each in by_halves(sounds, ear, queries, split))
        show(f"{len(queries)} texts, half of the names hidden", (each.rated(calibration) for each in halves))
        hidden = by_texts(sounds, ear, queries, None, everything)
        show(f"{len(queries)} texts, all names hidden", (each.rated(calibration) for each in hidden))
        for name in QUERY_FILES:
            print_nonsense(search, Path(__file__).parent / name)
        search.close()
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


def by_examples(search: Search, sounds: Labelled) -> Iterator[Rated]:
    """Yield the first results of each sound that others share a class with; those of its group are left out."""
    position_of = {path: position for position, path in enumerate(sounds.paths)}
    for own, path in enumerate(sounds.paths):
        among = sounds.groups != sounds.groups[own]
        is_right = sounds.classes == sounds.classes[own]
        if np.any(is_right & among):
            matches = search.similar([Example(path)], Query(), limit=N_SEARCHED)
            yield of_matches(search, matches, position_of, is_right, among)


def by_own_words(search: Search, sounds: Labelled, queries: Iterable[tuple[str, Flags]]) -> Iterator[Rated]:
    """Yield the first results by meaning of each text that is understood."""
    position_of = {path: position for position, path in enumerate(sounds.paths)}
    everything = np.ones(len(sounds.paths), bool)
    for text, is_right in queries:
        query = parse_query(text)
        if search.understands(query):
            matches = search.by_example(search.target((), query), limit=N_SEARCHED)
            yield of_matches(search, matches, position_of, is_right, everything)


def of_matches(
    search: Search, matches: Sequence[Match], position_of: Mapping[Path, int], is_right: Flags, among: Flags
) -> Rated:
    """Return the probabilities of the first matches that are labelled and count, and which are right."""
    rows = search.reader.rows([match.sound_id for match in matches])
    found = [(match.probability, position_of.get(rows[match.sound_id].path)) for match in matches]
    counted = [(likely, position) for likely, position in found if position is not None and among[position]][:PAGE]
    return np.array([likely for likely, _ in counted]), is_right[[position for _, position in counted]]


def by_texts(
    sounds: Labelled, ear: EarEncoder, queries: Iterable[tuple[str, Flags]], learned: LearnedWords | None, among: Flags
) -> Iterator[Found]:
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
        yield Found("learned words" if has_learned else "words", found, share)


def by_halves(sounds: Labelled, ear: EarEncoder, queries: Iterable[tuple[str, Flags]], split: int) -> Iterator[Found]:
    """Yield the first results among sounds whose names are hidden, with words learned from the other half's names."""
    is_hidden = np.random.default_rng([SEED, split]).permutation(len(sounds.rows)) % 2 == 1
    names = [describing_words(Path(row["source_path"]).with_suffix("").as_posix()) for row in sounds.rows]
    shown = [set() if hidden else own for own, hidden in zip(names, is_hidden, strict=True)]
    known = vocabulary([own for own, hidden in zip(names, is_hidden, strict=True) if not hidden])
    learned = fit_words([NamedVectors(sounds.vectors, shown)], known, ear)
    return by_texts(sounds, ear, queries, learned, is_hidden)


def show(title: str, found: Iterable[Rated]) -> None:
    """Print the line of one kind of query: in each band, the share of right results and the number of results."""
    queries = list(found)
    probabilities = np.concatenate([likely for likely, _ in queries])
    is_right = np.concatenate([right for _, right in queries])
    cells, above = [], np.inf
    for _, lowest in (*BANDS, ("weak", 0.0)):
        own = is_right[(probabilities >= lowest) & (probabilities < above)]
        cells.append(f"{f'{own.mean():.3f} of {len(own):,}' if len(own) else '-':>16}")
        above = lowest
    print(f"{title:36}{''.join(cells)}   {calibration_error(probabilities, is_right):.3f}")


def print_nonsense(search: Search, path: Path) -> None:
    """Print which bands queries without an answer show in the program, by meaning or by name."""
    lines = path.read_text(encoding="utf-8").splitlines()
    queries = [line for line in lines if line and not line.startswith("#")]
    best = {text: {match.band for match in search.by_text(parse_query(text))} for text in queries}
    close = [text for text, bands in best.items() if "close" in bands]
    related = [text for text, bands in best.items() if "related" in bands - {"close"} and "close" not in bands]
    print(f"{path.name}: of {len(queries)} queries without an answer, {len(close)} show something close", end="")
    print(f" ({', '.join(close)})" if close else "", f"and {len(related)} something related")


if __name__ == "__main__":
    sys.exit(main())
