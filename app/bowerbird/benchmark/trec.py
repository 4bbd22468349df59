"""Writing rankings and relevance as files of other programs."""

import itertools
from collections.abc import Sequence
from pathlib import Path

from bowerbird.base.errors import QueryError
from bowerbird.base.files import check_writable, open_atomic, os_reason
from bowerbird.benchmark.evaluation import Prepared
from bowerbird.benchmark.retrieval import first_results
from bowerbird.library.foreign_rankings import trec_name

N_RESULTS = 1000
"""Results of a query that are written, as is common in TREC runs."""

_QRELS = "qrels.txt"


def check_runs(folder: Path) -> None:
    """Check that `write_runs` can write into a folder, without making it.

    Raises
    ------
    QueryError
        When it cannot be written.
    """
    existing = next((each for each in (folder, *folder.parents) if each.exists()), folder)
    try:
        check_writable(existing / _QRELS)
    except OSError as error:
        raise _unwritable(folder, error) from error


def write_runs(ready: Prepared, folder: Path) -> tuple[Path, ...]:
    """Write a TREC run of each system and the relevance of all pairs, in a new or existing folder.

    ``qrels.txt`` has lines ``query 0 sound 1`` for sounds that share a class with the query and are not of its group;
    ``SYSTEM.trec`` has lines ``query Q0 sound rank score system``. Names are written by `trec_name`.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    QueryError
        When a file cannot be written.
    """
    names = [trec_name(sound.path) for sound in ready.labelled.sounds]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        files = [_write_qrels(ready, names, folder / _QRELS)]
        for tag, scorer in zip(_tags([spec.name for spec in ready.specs]), ready.scorers, strict=True):
            path = folder / f"{tag}.trec"
            with open_atomic(path) as file:
                for query, found, scores in first_results(scorer, ready.relevance, n=N_RESULTS):
                    if ready.queries[query]:
                        lines = (
                            f"{names[query]} Q0 {names[item]} {rank} {score:.6f} {tag}\n"
                            for rank, (item, score) in enumerate(
                                zip(found.tolist(), scores.tolist(), strict=True), start=1
                            )
                        )
                        file.write("".join(lines).encode())
            files.append(path)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return tuple(files)


def _unwritable(folder: Path, error: OSError) -> QueryError:
    return QueryError(f"{folder} cannot be written ({os_reason(error)}). Choose another folder.")


def _tags(names: Sequence[str]) -> list[str]:
    """Return names without characters that files or runs cannot have; those that would be the same are numbered."""
    tags: list[str] = []
    used: set[str] = set()
    for name in names:
        plain = "".join(letter if letter.isalnum() or letter in "-_.+=" else "_" for letter in name)
        numbered = itertools.chain([plain], (f"{plain}_{number}" for number in itertools.count(2)))
        tag = next(each for each in numbered if each.casefold() not in used)
        used.add(tag.casefold())  # some systems ignore case in names of files
        tags.append(tag)
    return tags


def _write_qrels(ready: Prepared, names: list[str], path: Path) -> Path:
    relevance = ready.relevance
    with open_atomic(path) as file:
        for query, name in enumerate(names):
            shares = relevance.carries[relevance.carries[:, query]].any(axis=0)
            shares &= relevance.group_codes != relevance.group_codes[query]
            file.write("".join(f"{name} 0 {names[item]} 1\n" for item in shares.nonzero()[0].tolist()).encode())
    return path
