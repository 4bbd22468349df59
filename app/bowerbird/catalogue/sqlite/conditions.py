"""Queries as SQL: the conditions and orders that lists and searches share."""

from typing import Final, TypeAlias

from bowerbird.base.text import printable
from bowerbird.catalogue.sqlite.connection import to_text
from bowerbird.domain.fields import SORT_FIELDS, Field
from bowerbird.domain.musical_keys import equal_keys
from bowerbird.domain.query import Filter, Location, Query
from bowerbird.domain.windows import WINDOWS_VERSION

Statement: TypeAlias = tuple[str, list[str | bytes | float | int]]

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
    """Return the statement that lists every sound in an order, unusable ones as well; unknown values come last."""
    column = SORT_FIELDS.get(order, SORT_FIELDS["name"]).order_attribute
    direction = "DESC" if is_descending else "ASC"
    second = "" if column == "name_key" else f", name_key {direction}"
    return f"SELECT id FROM sounds ORDER BY {column} {direction} NULLS LAST{second}", []


def named_ids(expression: str) -> Statement:
    """Return the statement for the sounds that an FTS5 expression matches, in no order."""
    return "SELECT rowid FROM sound_words WHERE sound_words MATCH ?", [expression]


def named_ids_by_relevance(expression: str) -> Statement:
    """Return the statement for the sounds that an FTS5 expression matches, by BM25."""
    return f"SELECT rowid FROM sound_words WHERE sound_words MATCH ? ORDER BY {BM25}", [expression]


def filtered_ids(query: Query) -> Statement | None:
    """Return the statement for the sounds that match a query's filters and location; None where it has none."""
    conditions, parameters = _conditions(query)
    return (f"SELECT id FROM sounds WHERE {' AND '.join(conditions)}", parameters) if conditions else None


def denied_ids(query: Query) -> Statement:
    """Return the statement for the sounds that somebody denied one of the words they are searched by."""
    denied = DENIED.format(words=", ".join("?" * len(query.phrases)))
    return f"SELECT id FROM sounds WHERE content_id IN ({denied})", list(query.phrases)


def filtered_contents(query: Query) -> Statement:
    """Return the statement for content and sound ids of analysed, present sounds by a query's filters and location."""
    conditions, parameters = _conditions(query)
    where = " AND ".join([*conditions, "content_id IS NOT NULL AND is_missing = 0", USABLE])
    return f"SELECT content_id, sounds.id FROM sounds WHERE {where}", parameters


DENIED: Final = "SELECT contents.id FROM words JOIN contents USING (audio_id) WHERE is_right = 0 AND word IN ({words})"
"""Contents that somebody denied one of some words."""


def _conditions(query: Query) -> tuple[list[str], list[str | bytes | float | int]]:
    """Return a query's filters and location as SQL conditions, and their parameters."""
    statements = [_filter_condition(condition) for condition in query.filters]
    if query.location is not None:
        statements.insert(0, _location_condition(query.location))
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
