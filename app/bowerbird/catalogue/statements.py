"""Queries as SQL: the conditions and orders that lists and searches share."""

from typing import Final

from bowerbird.catalogue.connection import to_text
from bowerbird.domain.names import words_of
from bowerbird.domain.queries import Filter, Order, Query

Parameters = list[str | bytes | float | int]

_COLUMNS: Final = {"duration": "duration_s", "channels": "n_channels", "rate": "rate_hz"}
_ORDERS: Final = {
    Order.NAME: "name_key",
    Order.DURATION: "duration_s",
    Order.CHANNELS: "n_channels",
    Order.RATE: "rate_hz",
    Order.FOLDER: "directory",
}
_TOLERANCE: Final = {"duration": 0.0005, "channels": 0.0, "rate": 0.5}

USABLE: Final = "sounds.id NOT IN (SELECT sound_id FROM failures)"
"""Rejected sounds stand in a list of their own, with their reasons."""


def id_list(query: Query) -> tuple[str, Parameters]:
    """Return the statement that lists a query's sound ids in order."""
    conditions, parameters = conditions_of(query.filters)
    table = "sounds"
    match = match_expression(query.words)
    if match:
        table = "sound_words JOIN sounds ON sounds.id = sound_words.rowid"
        conditions.insert(0, "sound_words MATCH ?")
        parameters.insert(0, match)
    where = " AND ".join([*conditions, USABLE])
    return f"SELECT sounds.id FROM {table} WHERE {where} ORDER BY {_order(query, bool(match))}", parameters  # noqa: S608


def _order(query: Query, has_words: bool) -> str:
    if query.order is Order.RELEVANCE and has_words:
        return "bm25(sound_words, 4.0, 2.0, 1.0), name_key"
    column = _ORDERS.get(query.order, "name_key")
    direction = "DESC" if query.is_descending else "ASC"
    second = "" if column == "name_key" else f", name_key {direction}"
    return f"{column} {direction} NULLS LAST{second}"


def match_expression(words: str) -> str:
    """Return the FTS5 expression for words: all of them, the last as a beginning; "" for none."""
    folded = words_of(words)
    if not folded:
        return ""
    return " ".join([*(f'"{word}"' for word in folded[:-1]), f'"{folded[-1]}"*'])


def conditions_of(filters: tuple[Filter, ...]) -> tuple[list[str], Parameters]:
    """Return filters as SQL conditions and their parameters."""
    conditions: list[str] = []
    parameters: Parameters = []
    for condition in filters:
        if condition.field == "format":
            value = str(condition.value).lower().lstrip(".")
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
    text = _escape(value).encode("utf-8", "replace").decode("utf-8")
    return "'/' || directory || '/' LIKE ? ESCAPE '\\'", [f"%/{text}/%"]


def _escape(text: str) -> str:
    """Take from LIKE's special characters their meaning."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
