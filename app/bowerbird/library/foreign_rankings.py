"""Rankings computed elsewhere: JSON lines as published with Araz et al. (2024), or TREC runs."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePath, PurePosixPath
from urllib.parse import quote, unquote

from bowerbird.base.errors import QueryError
from bowerbird.base.files import os_reason

_JSON_LINE = '{"query_fname": "a.wav", "results": [{"result_fname": "b.wav", "score": 0.9}]}'

_HIGHEST_RANK = 2**31 - 1

Rankings = Mapping[str, list[tuple[str, float]]]
"""Query names to names and scores of results, best first."""


def read_rankings(path: Path) -> Rankings:
    """Read a file of rankings; see `each_ranking`.

    Raises
    ------
    QueryError
        When the file cannot be read or has another format.
    """
    found: dict[str, list[tuple[int, str, float]]] = {}
    for query, results in each_ranking(path):
        found.setdefault(query, []).extend(results)
    return {query: [(name, score) for _, name, score in _by_rank(results)] for query, results in found.items()}


def each_ranking(path: Path) -> Iterator[tuple[str, list[tuple[int, str, float]]]]:
    """Yield queries of a file of rankings with ranks, names and scores of results, without holding the file in memory.

    A query whose lines are not together is yielded several times; its results are to be merged by their ranks.

    Parameters
    ----------
    path : Path
        Lines ``{"query_fname": …, "results": [{"result_fname": …, "score": …}]}``, best first, or lines
        ``query Q0 item rank score tag``, with names as `trec_name` writes them.

    Raises
    ------
    QueryError
        When the file cannot be read or has another format.
    """
    n_lines = 0
    n_before: Counter[str] = Counter()
    together: tuple[str, list[tuple[int, str, float]]] | None = None
    try:
        with path.open(encoding="utf-8") as file:
            is_json = False
            for number, line in enumerate(file, start=1):
                if not line.strip():
                    continue
                is_json = line.lstrip().startswith("{") if not n_lines else is_json
                n_lines += 1
                if is_json:
                    query, results = _of_json(line, number, path)
                    first_rank = n_before[query] + 1
                    yield query, [(rank, *result) for rank, result in enumerate(results, start=first_rank)]
                    n_before[query] += len(results)
                    continue
                query, row = _of_trec(line, number, path)
                if together is not None and together[0] != query:
                    yield together[0], _by_rank(together[1])
                    together = None
                if together is None:
                    together = (query, [])
                together[1].append(row)
    except (OSError, UnicodeError) as error:
        reason = os_reason(error) if isinstance(error, OSError) else "it is not UTF-8 text"
        raise QueryError(f"Cannot read the ranking “{path}” ({reason}). Check the path.") from error
    if together is not None:
        yield together[0], _by_rank(together[1])
    if not n_lines:
        raise QueryError(f"The ranking “{path}” is empty. Choose a file of JSON lines or a TREC run.")


def _of_json(line: str, number: int, path: Path) -> tuple[str, list[tuple[str, float]]]:
    try:
        row = json.loads(line)
        results = [(str(result["result_fname"]), float(result["score"])) for result in row["results"]]
        return str(row["query_fname"]), results
    except (ValueError, KeyError, TypeError) as error:
        raise _invalid(number, path, _JSON_LINE) from error


def _of_trec(line: str, number: int, path: Path) -> tuple[str, tuple[int, str, float]]:
    try:
        query, _, item, rank, score, _ = line.split()
        if abs(int(rank)) > _HIGHEST_RANK:
            raise ValueError("not a rank")
        return _without_escapes(query), (int(rank), _without_escapes(item), float(score))
    except ValueError as error:
        raise _invalid(number, path, "query Q0 item rank score tag") from error


def trec_name(name: str) -> str:
    """Return a name without whitespace, which separates the columns of a TREC run: " " becomes "%20", "%" "%25"."""
    return "".join(quote(letter) if letter.isspace() or letter == "%" else letter for letter in name)


def _without_escapes(name: str) -> str:
    """Return the name that `trec_name` was given; names with a "%" that escapes nothing stay as they are."""
    try:
        return unquote(name, errors="strict")
    except UnicodeDecodeError:
        return name


def _by_rank(rows: list[tuple[int, str, float]]) -> list[tuple[int, str, float]]:
    return sorted(rows, key=lambda row: row[0])


def _invalid(number: int, path: Path, form: str) -> QueryError:
    return QueryError(f"Line {number} of the ranking “{path}” is not valid. The format is {form}.")


class SoundNames:
    """Finds sounds of a collection by the last parts of their paths, with or without the extension.

    A name may also be longer than the path of its sound: the last parts that both have are compared.

    Parameters
    ----------
    paths : sequence of PurePath
    """

    def __init__(self, paths: Sequence[PurePath]) -> None:
        self._paths = [path.with_suffix("").parts if path.name else path.parts for path in paths]
        self._by_stem: dict[str, list[int]] = {}
        for index, parts in enumerate(self._paths):
            if parts:
                self._by_stem.setdefault(parts[-1], []).append(index)

    def index_of(self, name: str) -> int | None:
        """Return the index of a sound; None when no sound matches, or several do."""
        written = PurePosixPath(name.replace("\\", "/"))
        for parts in (written.parts, written.with_suffix("").parts if written.name else ()):
            if not parts:
                continue
            named = [index for index in self._by_stem.get(parts[-1], ()) if _ends_alike(self._paths[index], parts)]
            if len(named) == 1:
                return named[0]
        return None


def _ends_alike(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    n = min(len(first), len(second))
    return first[-n:] == second[-n:]
