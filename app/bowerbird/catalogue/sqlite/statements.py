"""Queries as SQL: the conditions and orders that lists and searches share."""

from typing import Final, Literal, TypeAlias

from bowerbird.base.text import printable
from bowerbird.catalogue.sqlite.connection import to_text
from bowerbird.domain.names import split_unwanted, words_of
from bowerbird.domain.query import Filter, Order, Place, Query

Parameters = list[str | bytes | float | int]
Last: TypeAlias = Literal["any", "whole", "begun"]

_COLUMNS: Final = {"duration": "duration_s", "channels": "n_channels", "rate": "rate_hz"}
_ORDERS: Final = {
    Order.NAME: "name_key",
    Order.DURATION: "duration_s",
    Order.CHANNELS: "n_channels",
    Order.RATE: "rate_hz",
    Order.FOLDER: "directory",
}
_TOLERANCE: Final = {"duration": 0.0005, "channels": 0.0, "rate": 0.5}

_BM25: Final = "bm25(sound_words, 4.0, 2.0, 1.0)"
"""A word counts most in the name, then in the folders, then in the metadata."""

USABLE: Final = "sounds.id NOT IN (SELECT sound_id FROM failures)"
"""Rejected sounds stand in a list of their own, with their reasons."""

REJECTED: Final = (
    "SELECT sounds.id, path, folder_id, reason FROM failures JOIN sounds ON sounds.id = sound_id WHERE is_missing = 0 "
    "UNION ALL SELECT sounds.id, path, folder_id, failure FROM encoded JOIN sounds USING (content_id) "
    "WHERE failure IS NOT NULL AND is_missing = 0"
)
"""Every present sound of which something failed for good, and why: analysis, or an encoder."""


def ordered_ids(order: Order, *, is_descending: bool) -> tuple[str, Parameters]:
    """Return the statement that lists every usable sound in an order; what is unknown stands last."""
    column = _ORDERS.get(order, "name_key")
    direction = "DESC" if is_descending else "ASC"
    second = "" if column == "name_key" else f", name_key {direction}"
    return f"SELECT id FROM sounds WHERE {USABLE} ORDER BY {column} {direction} NULLS LAST{second}", []  # noqa: S608


def chosen_ids(query: Query) -> tuple[str, Parameters]:
    """Return the statement for the sounds that words and filters name, in no order; rejected ones may be among them."""
    conditions, parameters = conditions_of(query.filters, query.place)
    match = match_expression(query.words)
    if not match:
        _leave_out(query.words, conditions, parameters)
    if match and not conditions:
        return "SELECT rowid FROM sound_words WHERE sound_words MATCH ?", [match]
    if match:
        conditions.append("id IN (SELECT rowid FROM sound_words WHERE sound_words MATCH ?)")
        parameters.append(match)
    return f"SELECT id FROM sounds WHERE {' AND '.join(conditions) or '1'}", parameters  # noqa: S608


def relevant_ids(query: Query) -> tuple[str, Parameters]:
    """Return the statement for the sounds that words and filters name, the most relevant first."""
    conditions, parameters = conditions_of(query.filters, query.place)
    return _matching("sounds.id", query.words, conditions, parameters, f"ORDER BY {_BM25}, name_key")


def scored_words(query: Query, *, last: Last) -> tuple[str, Parameters]:
    """Return the statement for id, rank and searched texts of the sounds with words; its last parameter is a limit."""
    columns = f"sounds.id, {_BM25} AS score, sound_words.name, sound_words.directory, sound_words.metadata"
    conditions, parameters = conditions_of(query.filters, query.place)
    return _matching(columns, query.words, conditions, parameters, "ORDER BY score, name_key LIMIT ?", last=last)


def contents_where(query: Query) -> tuple[str, Parameters]:
    """Return the statement for content and sound ids of the analysed sounds in place that a query names."""
    conditions, parameters = conditions_of(query.filters, query.place)
    conditions.append("content_id IS NOT NULL AND is_missing = 0")
    if match_expression(query.words):
        return _matching("content_id, sounds.id", query.words, conditions, parameters, "")
    _leave_out(query.words, conditions, parameters)
    where = " AND ".join([*conditions, USABLE])
    return f"SELECT content_id, sounds.id FROM sounds WHERE {where}", parameters  # noqa: S608


def _matching(
    columns: str, words: str, conditions: list[str], parameters: Parameters, rest: str, *, last: Last = "any"
) -> tuple[str, Parameters]:
    where = " AND ".join(["sound_words MATCH ?", *conditions, USABLE])
    sql = (
        f"SELECT {columns} FROM sound_words JOIN sounds ON sounds.id = sound_words.rowid "  # noqa: S608
        f"WHERE {where} {rest}"
    )
    return sql, [match_expression(words, last=last), *parameters]


def match_expression(words: str, *, last: Last = "any") -> str:
    """Return the FTS5 expression for words: all that are wanted, the last as a beginning, none that is not.

    What is not wanted is meant whole, for ``-rain`` does not mean Rainbow.

    Parameters
    ----------
    words : str
    last : {"any", "whole", "begun"}
        How the last is found: whole or as a beginning, only whole, only as a beginning.

    Returns
    -------
    str
        "" where no word is wanted: FTS5 cannot say "everything but".
    """
    text, unwanted = split_unwanted(words)
    wanted = words_of(text)
    if not wanted:
        return ""
    whole = " ".join(f'"{word}"' for word in wanted)
    expression = whole if last == "whole" else f"{whole}*"
    if last == "begun":
        expression = f"({expression}) NOT ({whole})"
    return f"({expression}) NOT {_any_of(unwanted)}" if unwanted else expression


def _any_of(phrases: tuple[str, ...]) -> str:
    return "(" + " OR ".join(f'"{phrase}"' for phrase in phrases) + ")"


def _leave_out(words: str, conditions: list[str], parameters: Parameters) -> None:
    """Add the condition for words that are not wanted, where no other word is."""
    _, unwanted = split_unwanted(words)
    if unwanted:
        conditions.append("sounds.id NOT IN (SELECT rowid FROM sound_words WHERE sound_words MATCH ?)")
        parameters.append(_any_of(unwanted))


def conditions_of(filters: tuple[Filter, ...], place: Place | None = None) -> tuple[list[str], Parameters]:
    """Return filters and a place as SQL conditions and their parameters."""
    conditions: list[str] = []
    parameters: Parameters = []
    if place is not None:
        below = to_text(place.directory + "/")
        conditions.append(
            "sounds.folder_id = ? AND (sounds.directory = CAST(? AS TEXT) "
            "OR substr(sounds.directory, 1, length(CAST(? AS TEXT))) = CAST(? AS TEXT))"
        )
        parameters += [place.folder_id, to_text(place.directory), below, below]
    for condition in filters:
        if condition.field == "format":
            value = printable(str(condition.value)).lower().lstrip(".")
            conditions.append("(lower(format) LIKE ? ESCAPE '\\' OR lower(encoding) = ?)")
            parameters += [_escape(value) + "%", value]
        elif condition.field == "folder":
            text, values = _folder_condition(str(condition.value))
            conditions.append(text)
            parameters += values
        else:
            column, amount = _COLUMNS[condition.field], float(condition.value)
            if condition.operator == "=":
                tolerance = _TOLERANCE[condition.field]
                conditions.append(f"{column} BETWEEN ? AND ?")
                parameters += [amount - tolerance, amount + tolerance]
            else:
                conditions.append(f"{column} {condition.operator} ?")
                parameters.append(amount)
    return conditions, parameters


def _folder_condition(value: str) -> tuple[str, Parameters]:
    """A folder by its absolute path, or by one or more of its names, with everything below it."""
    value = value.replace("\\", "/").rstrip("/") or "/"
    if value.startswith("/") or value[1:2] == ":":
        beginning = to_text(value.rstrip("/") + "/")
        return "substr(replace(path, '\\', '/'), 1, length(CAST(? AS TEXT))) = CAST(? AS TEXT)", [
            beginning,
            beginning,
        ]
    text = printable(_escape(value))
    condition = (
        "sounds.directory IN (SELECT directory FROM (SELECT DISTINCT directory FROM sounds) "
        "WHERE '/' || directory || '/' LIKE ? ESCAPE '\\')"
    )
    return condition, [f"%/{text}/%"]


def _escape(text: str) -> str:
    """Take from LIKE's special characters their meaning."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
