"""Queries as SQL: the conditions and orders that lists and searches share."""

from collections.abc import Sequence
from typing import Final, Literal, TypeAlias

from bowerbird.base.text import printable
from bowerbird.catalogue.sqlite.connection import to_text
from bowerbird.domain.fields import SORT_FIELDS, Field
from bowerbird.domain.musical_keys import equal_keys
from bowerbird.domain.query import Filter, Location, Query
from bowerbird.domain.windows import WINDOWS_VERSION

Statement: TypeAlias = tuple[str, list[str | bytes | float | int]]
LastWord: TypeAlias = Literal["any", "whole", "begun"]

BM25: Final = "bm25(sound_words, 4.0, 2.0, 1.0)"
"""A word counts most in the name, then in the folders, then in the metadata."""

LISTED: Final = "sounds.id NOT IN (SELECT sound_id FROM hidden)"
"""Not removed with a folder that can still be brought back, and not forgotten."""

USABLE: Final = f"sounds.id NOT IN (SELECT sound_id FROM failures) AND {LISTED}"
"""Rejected sounds have a list of their own, with reasons."""

ENCODED: Final = (
    "EXISTS (SELECT 1 FROM encoded WHERE encoded.content_id = sounds.content_id AND encoded.encoder_id = :encoder)"
)
"""All embeddings of an encoder are there, or its failure is recorded."""

IS_CURRENT: Final = f"(failure IS NOT NULL OR windows_version >= {WINDOWS_VERSION})"
"""Of a row of `encoded`: this version of the program would make the same embeddings."""

UP_TO_DATE: Final = f"{ENCODED[:-1]} AND {IS_CURRENT})"
"""Encoded, by a version that cut the same windows; searches use older embeddings until they are replaced."""

FAULTLESS: Final = (
    "NOT EXISTS (SELECT 1 FROM faults WHERE sound_id = sounds.id AND faults.encoder_id = :encoder "
    "AND version = :version)"
)
"""This version of the program has not failed on the sound by a fault of its own."""

PENDING: Final = f"is_missing = 0 AND {USABLE} AND (content_id IS NULL OR NOT {UP_TO_DATE}) AND {FAULTLESS}"
"""To be analysed and embedded by the built-in encoder, or to be embedded again."""

_ANALYSED: Final = f"is_missing = 0 AND {USABLE} AND content_id IS NOT NULL AND {FAULTLESS}"

UNENCODED: Final = f"{_ANALYSED} AND NOT {ENCODED}"
"""Analysed, and without embeddings of a further encoder."""

OUTDATED: Final = f"{_ANALYSED} AND NOT {UP_TO_DATE}"
"""Analysed, and to be embedded by a further encoder for the first time or again."""

BELOW: Final = "folder_id = :folder AND substr(path, 1, length(CAST(:below AS TEXT))) = CAST(:below AS TEXT)"
"""In a folder of the library, below a path that ends in a separator."""

REJECTED: Final = (
    "SELECT sounds.id, path, folder_id, reason, code FROM failures JOIN sounds ON sounds.id = sound_id "
    f"WHERE is_missing = 0 AND {LISTED} "
    "UNION ALL SELECT sounds.id, path, folder_id, failure, 'not_embedded' FROM encoded JOIN sounds USING (content_id) "
    f"WHERE failure IS NOT NULL AND is_missing = 0 AND {LISTED}"
)
"""Every present sound whose analysis or embedding failed for good, and why."""


def ordered_ids(order: str, *, is_descending: bool) -> Statement:
    """Return the statement that lists every usable sound in an order; unknown values come last."""
    column = SORT_FIELDS.get(order, SORT_FIELDS["name"]).order_attribute
    direction = "DESC" if is_descending else "ASC"
    second = "" if column == "name_key" else f", name_key {direction}"
    return f"SELECT id FROM sounds WHERE {USABLE} ORDER BY {column} {direction} NULLS LAST{second}", []


def matching_ids(query: Query) -> Statement:
    """Return the statement for the sounds that a query matches, in no order; rejected sounds may be among them."""
    conditions, parameters = _conditions(query)
    match = match_expression(query)
    if match and not conditions:
        denial, words = _denial("rowid", query)
        return f"SELECT rowid FROM sound_words WHERE sound_words MATCH ? AND {denial}", [match, *words]
    if match:
        denial, words = _denial("id", query)
        conditions.append(f"id IN (SELECT rowid FROM sound_words WHERE sound_words MATCH ?) AND {denial}")
        parameters += [match, *words]
    return f"SELECT id FROM sounds WHERE {' AND '.join(conditions) or '1'}", parameters


def relevant_ids(query: Query) -> Statement:
    """Return the statement for the sounds that a query matches, the most relevant first."""
    return _matching("sounds.id", query, f"ORDER BY is_missing, {BM25}, name_key")


def scored_sounds(query: Query, *, last: LastWord, limit: int) -> Statement:
    """Return the statement for id, score and searched texts of the sounds that match a query's words."""
    columns = (
        f"sounds.id AS id, {BM25} AS score, sound_words.name AS name, sound_words.directory AS directory, "
        "sound_words.metadata AS metadata"
    )
    sql, parameters = _matching(columns, query, "ORDER BY is_missing, score, name_key LIMIT ?", last=last)
    return sql, [*parameters, limit]


def matching_contents(query: Query) -> Statement:
    """Return the statement for content and sound ids of the analysed, present sounds that a query matches."""
    analysed = "content_id IS NOT NULL AND is_missing = 0"
    if match_expression(query):
        return _matching("content_id, sounds.id", query, "", analysed)
    conditions, parameters = _conditions(query)
    where = " AND ".join([*conditions, analysed, USABLE])
    return f"SELECT content_id, sounds.id FROM sounds WHERE {where}", parameters


def _matching(columns: str, query: Query, rest: str, *further: str, last: LastWord = "any") -> Statement:
    conditions, parameters = _conditions(query)
    denial, words = _denial("sounds.id", query)
    where = " AND ".join(["sound_words MATCH ?", *conditions, denial, *further, USABLE])
    sql = f"SELECT {columns} FROM sound_words JOIN sounds ON sounds.id = sound_words.rowid WHERE {where} {rest}"
    return sql, [match_expression(query, last=last) or "", *parameters, *words]


DENIED: Final = "SELECT contents.id FROM words JOIN contents USING (audio_id) WHERE is_right = 0 AND word IN ({words})"
"""Contents that somebody denied one of some words."""


def _denial(column: str, query: Query) -> Statement:
    """Return the condition that nobody denied a sound one of the words it is searched by."""
    denied = DENIED.format(words=", ".join("?" * len(query.phrases)))
    return f"{column} NOT IN (SELECT id FROM sounds WHERE content_id IN ({denied}))", list(query.phrases)


def match_expression(query: Query, *, last: LastWord = "any") -> str | None:
    """Return the FTS5 expression for a query's words: all that are wanted, the last as a prefix, no excluded phrase.

    Excluded phrases are matched whole: ``-rain`` does not exclude Rainbow.

    Parameters
    ----------
    query : Query
    last : {"any", "whole", "begun"}
        How the last word is found: whole or as a prefix, only whole, only as a prefix.

    Returns
    -------
    str or None
        None where no word is wanted: FTS5 cannot express "everything but".
    """
    if not query.words:
        return None
    whole = " ".join(f'"{word}"' for word in query.words)
    expression = whole if last == "whole" else f"{whole}*"
    if last == "begun":
        expression = f"({expression}) NOT ({whole})"
    return f"({expression}) NOT {_any_of(query.excluded)}" if query.excluded else expression


def _any_of(phrases: Sequence[str]) -> str:
    return "(" + " OR ".join(f'"{phrase}"' for phrase in phrases) + ")"


def _conditions(query: Query) -> tuple[list[str], list[str | bytes | float | int]]:
    """Return a query's filters and location, and its exclusions where no word is wanted, as SQL conditions."""
    statements = [_filter_condition(condition) for condition in query.filters]
    if query.location is not None:
        statements.insert(0, _location_condition(query.location))
    if query.excluded and not query.words:
        exclusion = "sounds.id NOT IN (SELECT rowid FROM sound_words WHERE sound_words MATCH ?)"
        statements.append((exclusion, [_any_of(query.excluded)]))
    return [sql for sql, _ in statements], [parameter for _, parameters in statements for parameter in parameters]


def _location_condition(location: Location) -> Statement:
    below = to_text(location.directory + "/")
    condition = (
        "sounds.folder_id = ? AND (sounds.directory = CAST(? AS TEXT) "
        "OR substr(sounds.directory, 1, length(CAST(? AS TEXT))) = CAST(? AS TEXT))"
    )
    return condition, [location.folder_id, to_text(location.directory), below, below]


def _filter_condition(condition: Filter) -> Statement:
    if condition.field.kind == "number":
        return _number_condition(condition.field, condition.operator, float(condition.value))
    statements = [_value_condition(condition.field, value) for value in condition.alternatives]
    sql = " OR ".join(f"({sql})" for sql, _ in statements)
    return f"({sql})", [parameter for _, parameters in statements for parameter in parameters]


def _value_condition(field: Field, value: str) -> Statement:
    """Return the condition that a field matches a text."""
    match field.kind:
        case "text":
            return _text_condition(field, value)
        case "phrase":
            return _phrase_condition(field, value)
        case "key":
            keys = equal_keys(value)
            return f"{field.attributes[0]} IN ({', '.join('?' * len(keys))})", list(keys)
        case "tag":
            sql = "SELECT contents.id FROM words JOIN contents USING (audio_id) WHERE is_right AND word = ?"
            return f"sounds.content_id IN ({sql})", [" ".join(value.lower().split())]
        case "collection":
            sql = (
                "SELECT contents.id FROM collections JOIN collected ON collections.id = collection_id "
                "JOIN contents USING (audio_id) WHERE name = ?"
            )
            return f"sounds.content_id IN ({sql})", [value]
        case "folder":
            return _folder_condition(value)
        case _:
            raise ValueError(field.kind)


def _number_condition(field: Field, operator: str, value: float) -> Statement:
    column = field.attributes[0]
    if operator == "=":
        return f"{column} BETWEEN ? AND ?", [value - field.tolerance, value + field.tolerance]
    return f"{column} {operator} ?", [value]


def _text_condition(field: Field, value: str) -> Statement:
    """Return the condition that the first attribute begins with a value, or another equals it."""
    value = printable(value).lower().lstrip(".")
    first, *others = field.attributes
    conditions = [f"lower({first}) LIKE ? ESCAPE '\\'", *(f"lower({other}) = ?" for other in others)]
    return f"({' OR '.join(conditions)})", [_escape(value) + "%", *(value for _ in others)]


def _phrase_condition(field: Field, value: str) -> Statement:
    """Return the condition that an attribute contains a value."""
    conditions = [f"{attribute} LIKE ? ESCAPE '\\'" for attribute in field.attributes]
    return f"({' OR '.join(conditions)})", [f"%{_escape(printable(value))}%"] * len(conditions)


def _folder_condition(value: str) -> Statement:
    """Return the condition for a folder, by its absolute path or by one or more of its names, and all below it."""
    value = value.replace("\\", "/").rstrip("/") or "/"
    if value.startswith("/") or value[1:2] == ":":
        beginning = to_text(value.rstrip("/") + "/")
        return "substr(replace(path, '\\', '/'), 1, length(CAST(? AS TEXT))) = CAST(? AS TEXT)", [beginning, beginning]
    condition = (
        "sounds.directory IN (SELECT directory FROM (SELECT DISTINCT directory FROM sounds) "
        "WHERE '/' || directory || '/' LIKE ? ESCAPE '\\')"
    )
    return condition, [f"%/{printable(_escape(value))}/%"]


def _escape(text: str) -> str:
    """Escape LIKE's special characters."""
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
