"""Rankings computed elsewhere: JSON lines as published with Araz et al. (2024), or TREC runs."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from bowerbird.base.errors import QueryError
from bowerbird.base.files import os_reason

_JSON_LINE = '{"query_fname": "a.wav", "results": [{"result_fname": "b.wav", "score": 0.9}]}'

Rankings = Mapping[str, list[tuple[str, float]]]
"""Query names to names and scores of results, best first."""


def read_rankings(path: Path) -> Rankings:
    """Read a file of rankings.

    Parameters
    ----------
    path : Path
        Lines ``{"query_fname": …, "results": [{"result_fname": …, "score": …}]}``, or lines
        ``query Q0 item rank score tag``.

    Raises
    ------
    QueryError
        When the file cannot be read or has another format.
    """
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except (OSError, UnicodeError) as error:
        reason = os_reason(error) if isinstance(error, OSError) else "it is not UTF-8 text"
        raise QueryError(f"Cannot read the ranking “{path}” ({reason}). Check the path.") from error
    if not lines:
        raise QueryError(f"The ranking “{path}” is empty. Choose a file of JSON lines or a TREC run.")
    is_json = lines[0].lstrip().startswith("{")
    found: dict[str, list[tuple[int, str, float]]] = {}
    for number, line in enumerate(lines, start=1):
        try:
            if is_json:
                row = json.loads(line)
                results = [
                    (rank, str(result["result_fname"]), float(result["score"]))
                    for rank, result in enumerate(row["results"])
                ]
                found.setdefault(str(row["query_fname"]), []).extend(results)
            else:
                query, _, item, rank, score, _ = line.split()
                found.setdefault(query, []).append((int(rank), item, float(score)))
        except (ValueError, KeyError, TypeError) as error:
            form = _JSON_LINE if is_json else "query Q0 item rank score tag"
            raise QueryError(f"Line {number} of the ranking “{path}” is not valid. The format is {form}.") from error
    return {
        query: [(item, score) for _, item, score in sorted(rows, key=lambda row: row[0])]
        for query, rows in found.items()
    }


class SoundNames:
    """Finds sounds of a collection by the last parts of their paths, with or without the extension.

    Parameters
    ----------
    paths : sequence of Path
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = [path.with_suffix("").parts for path in paths]
        self._by_stem: dict[str, list[int]] = {}
        for index, parts in enumerate(self._paths):
            self._by_stem.setdefault(parts[-1], []).append(index)

    def index_of(self, name: str) -> int | None:
        """Return the index of a sound; None when no sound matches, or several do."""
        written = PurePosixPath(name.replace("\\", "/"))
        for parts in (written.parts, written.with_suffix("").parts if written.name else ()):
            if not parts:
                continue
            named = [index for index in self._by_stem.get(parts[-1], ()) if self._paths[index][-len(parts) :] == parts]
            if len(named) == 1:
                return named[0]
        return None
