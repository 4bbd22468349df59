"""How well class names find sounds by name and by meaning together: with real names, half of them hidden, or all.

    python tests/benchmarks/measure_names_and_meaning.py --library DIR --shared DIR [--sets audio] [--try]

The mean over classes of the average precision of the program's own searches, among all sounds, in a copy of the library
in which sounds have the names and folders of their sources, or numbers in their place. With --try, weights of the
fusion are compared: those that ship were chosen on ``--sets train2``, whose sounds the ear was not trained on.
"""

import itertools
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from labelled import Flags, Labelled, arguments, read_labelled

from bowerbird.catalogue.records import WordMatch
from bowerbird.catalogue.sqlite.writer import SqliteWriter
from bowerbird.domain.query import Query, parse_query
from bowerbird.encoders.ear.encoder import EarEncoder
from bowerbird.jobs.control import Control
from bowerbird.library.library import Library
from bowerbird.library.search.learned_words import update_learned_words, words_path
from bowerbird.library.search.names_and_meaning import WEIGHTS, FusionWeights, in_order
from bowerbird.library.search.search import Search

SEED: Final = 6
LABEL_OF: Final = {"audio": "class", "train": "label", "train2": "label"}
HIDDEN_SHARES: Final = {"real names": 0.0, "names of a random half hidden": 0.5, "all names hidden": 1.0}
TRIED: Final = (0.3, 1.0, 3.0)


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """What searches for one class name find, before it is put into one order, and which sounds are right."""

    named: Sequence[WordMatch]
    partly: Sequence[WordMatch]
    meant: Sequence[int]
    whole: frozenset[int]
    right: frozenset[int]

    def precision(self, order: Sequence[int]) -> float:
        """Return the average precision of an order; sounds that are not in it are not found."""
        places = [place for place, sound_id in enumerate(order, start=1) if sound_id in self.right]
        return sum(number / place for number, place in enumerate(places, start=1)) / len(self.right)


def main() -> int:
    """Print the table."""
    parser = arguments(__doc__)
    parser.add_argument("--sets", choices=sorted(LABEL_OF), default="audio")
    parser.add_argument("--try", action="store_true", dest="is_trying", help="compare weights")
    args = parser.parse_args()
    ear = EarEncoder()
    sounds = read_labelled(args.library, args.shared / args.sets, ear, label=LABEL_OF[args.sets])
    print(f"{len(sounds.rows):,} sounds of {args.sets}, {len(sounds.names)} class names: mean average precision")
    print(f"{'':32}{'by name':>12}{'by meaning':>12}{'both':>12}")
    tried: dict[FusionWeights, list[float]] = {}
    for title, share in HIDDEN_SHARES.items():
        is_hidden = np.random.default_rng(SEED).permutation(len(sounds.rows)) < share * len(sounds.rows)
        with tempfile.TemporaryDirectory() as scratch:
            shutil.copytree(args.library, scratch, dirs_exist_ok=True)
            found = list(searched(Library.open(Path(scratch)), ear, sounds, is_hidden))
        by_name = mean([each.precision([hit.sound_id for hit in (*each.named, *each.partly)]) for each in found])
        by_meaning = mean([each.precision(each.meant) for each in found])
        print(f"{title:32}{by_name:12.3f}{by_meaning:12.3f}{precision_with(found, WEIGHTS):12.3f}", flush=True)
        for each in itertools.product(TRIED, repeat=3) if args.is_trying else ():
            weights = FusionWeights(*each)
            tried.setdefault(weights, []).append(precision_with(found, weights))
    for weights, figures in sorted(tried.items(), key=lambda item: -sum(item[1])):
        print(f"{weights!s:50}" + "".join(f"{figure:8.4f}" for figure in figures))
    return 0


def precision_with(found: Sequence[Found], weights: FusionWeights) -> float:
    """Return the mean average precision of names and meaning together."""
    return mean([each.precision(in_order(each.named, each.partly, each.meant, each.whole, weights)) for each in found])


def searched(library: Library, ear: EarEncoder, sounds: Labelled, is_hidden: Flags) -> Iterator[Found]:
    """Rename the sounds of a library, learn its words, and search for each class name."""
    ids = renamed(library, sounds, is_hidden)
    words_path(library, ear).unlink(missing_ok=True)  # learned from the names before
    update_learned_words(library, ear, Control())
    search = Search(library, ear)
    for name in sounds.names:
        query = parse_query(name)
        right = frozenset(ids[sounds.classes == name].tolist())
        named, partly, meant, whole = components(search, query, len(ids))
        own = frozenset(ids.tolist())  # other sounds of the library have no class
        yield Found(
            [hit for hit in named if hit.sound_id in own],
            [hit for hit in partly if hit.sound_id in own],
            [sound_id for sound_id in meant if sound_id in own],
            whole,
            right,
        )
    search.close()


def components(
    search: Search, query: Query, limit: int
) -> tuple[list[WordMatch], list[WordMatch], list[int], frozenset[int]]:
    """Return what `Search.by_text` puts into one order."""
    names = search.words_of(query).named
    named = search.reader.search_words(names, limit=limit)
    partly = search._partly_named(names)
    meant = []
    if search.understands(query):
        meant = [match.sound_id for match in search.by_example(search.target((), query), limit=2 * limit)]
    every = np.array([*(hit.sound_id for hit in (*named, *partly)), *meant], np.int64)
    return named, partly, meant, frozenset(search.reader.named(names).whole_among(every).tolist())


def renamed(library: Library, sounds: Labelled, is_hidden: Flags) -> np.ndarray:
    """Give sounds the names and folders of their sources, or numbers; return their ids, shape (n,)."""
    with library.read():
        pass  # migrates
    connection = sqlite3.connect(library.folder / "catalogue.sqlite3")
    id_of = dict(connection.execute("SELECT path, id FROM sounds"))
    ids = np.array([id_of[str(path)] for path in sounds.paths], np.int64)
    rows = zip(ids.tolist(), sounds.rows, sounds.paths, is_hidden.tolist(), strict=True)
    for number, (sound_id, row, path, hidden) in enumerate(rows):
        source = Path("hidden", f"{number:05}") if hidden else Path(row["source_path"])
        name, directory = f"{source.stem}{path.suffix}", source.parent.as_posix()
        connection.execute(
            "UPDATE sounds SET path = ?, name = ?, directory = ?, name_metadata = '' WHERE id = ?",
            [f"/renamed/{number}/{directory}/{name}", name, directory, sound_id],
        )
    connection.execute("UPDATE old_words SET last_id = (SELECT max(id) FROM sounds)")
    connection.commit()
    connection.close()
    with SqliteWriter(library.folder) as writer:
        while writer.renew_words(limit=1_000) == 1_000:
            pass
    connection = sqlite3.connect(library.folder / "catalogue.sqlite3")
    for sound_id in ids[is_hidden].tolist():
        connection.execute("UPDATE sound_words SET metadata = '' WHERE rowid = ?", [sound_id])
        columns = ("category", "subcategory", "title", "genre", "description", "comment", "artist", "album")
        cleared = ", ".join(f"{column} = NULL" for column in columns)
        connection.execute(f"UPDATE sounds SET {cleared} WHERE id = ?", [sound_id])
    connection.execute("UPDATE revision SET number = number + 1")
    connection.commit()
    connection.close()
    return ids


def mean(figures: Sequence[float]) -> float:
    """Return the mean."""
    return float(np.mean(figures))


if __name__ == "__main__":
    sys.exit(main())
