"""Saved searches: the whole state of a query under a name, stored as JSON with a version."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from bowerbird.base.errors import QueryError
from bowerbird.catalogue.records import EventKind, StoredSearch
from bowerbird.domain.fields import FILTER_FIELDS, SORT_FIELDS
from bowerbird.domain.query import RELEVANCE, Example, Filter, Location, Operator, parse_query
from bowerbird.library.annotations.collections import collection_name
from bowerbird.library.annotations.edits import ChangeSearch, DeleteSearch, Edit, SaveSearch, perform
from bowerbird.library.library import Library

VERSION: Final = 2

_OPERATORS: Final[tuple[Operator, ...]] = ("<", "<=", "=", ">=", ">")
_RECENT: Final[tuple[EventKind, ...]] = ("played", "dragged")


@dataclass(frozen=True, slots=True)
class SearchState:
    """Everything that a search depends on.

    Attributes
    ----------
    text : str
        Words as typed.
    filters : tuple of Filter
    examples : tuple of Example
    aspects : tuple of (str, float)
        Weights of aspects that differ from 1.
    has_other_speeds : bool
        Whether examples are also tried at half and double speed.
    order : str
        `RELEVANCE`, or a name of `fields.SORT_FIELDS`: of the list as it was shown.
    is_descending : bool
    location : Location or None
    recent : EventKind or None
        For the sounds that were played or dragged.
    """

    text: str = ""
    filters: tuple[Filter, ...] = ()
    examples: tuple[Example, ...] = ()
    aspects: tuple[tuple[str, float], ...] = ()
    has_other_speeds: bool = False
    order: str = "name"
    is_descending: bool = False
    location: Location | None = None
    recent: EventKind | None = None


@dataclass(frozen=True, slots=True)
class SavedSearch:
    """A saved search."""

    id: int
    name: str
    state: SearchState


def save_search(library: Library, name: str, state: SearchState) -> Edit:
    """Save a search under a name, instead of the one that has it.

    Raises
    ------
    QueryError
        When the name is not valid.
    CatalogueError
        When the library cannot be written.
    """
    plain = collection_name(name)
    stored = to_json(state)
    library.create()
    with library.read() as reader:
        known = next((each for each in reader.saved_searches() if each.name.casefold() == plain.casefold()), None)
    if known is None:
        return perform(library, SaveSearch(plain, stored), f"Save search “{plain}”")
    return perform(library, ChangeSearch(StoredSearch(known.id, plain, stored)), f"Replace saved search “{known.name}”")


def saved_searches(library: Library) -> list[SavedSearch]:
    """Return the saved searches, by name; those of a newer version of the program are left out.

    Raises
    ------
    CatalogueError
        When the library cannot be read.
    """
    with library.read() as reader:
        stored = reader.saved_searches()
        folder_ids = {folder.id for folder in reader.folders()}
    found = ((search, from_json(search.state)) for search in stored)
    return [
        SavedSearch(search.id, search.name, _in_folders(state, folder_ids))
        for search, state in found
        if state is not None
    ]


def rename_search(library: Library, search: SavedSearch, name: str) -> Edit:
    """Rename a saved search.

    Raises
    ------
    QueryError
        When the name is taken or not valid.
    CatalogueError
        When the library cannot be written.
    """
    plain = collection_name(name)
    with library.read() as reader:
        state = next((each.state for each in reader.saved_searches() if each.id == search.id), None)
    if state is None:
        raise QueryError(f"The saved search “{search.name}” is gone. Save it again.")
    change = ChangeSearch(StoredSearch(search.id, plain, state))
    return perform(library, change, f"Rename saved search “{search.name}” to “{plain}”")


def delete_search(library: Library, search: SavedSearch) -> Edit:
    """Delete a saved search.

    Raises
    ------
    CatalogueError
        When the library cannot be written.
    """
    return perform(library, DeleteSearch(search.id), f"Delete saved search “{search.name}”")


def to_json(state: SearchState) -> str:
    """Return a state as JSON."""
    location = state.location
    return json.dumps(
        {
            "version": VERSION,
            "text": state.text,
            "filters": [
                {"field": condition.field.name, "operator": condition.operator, "value": condition.value}
                for condition in state.filters
            ],
            "examples": [
                {
                    "path": str(example.path),
                    "start_s": example.start_s,
                    "end_s": example.end_s,
                    "is_unlike": example.is_unlike,
                    "weight": example.weight,
                }
                for example in state.examples
            ],
            "aspects": dict(state.aspects),
            "has_other_speeds": state.has_other_speeds,
            "order": state.order,
            "is_descending": state.is_descending,
            "location": None if location is None else [location.folder_id, location.directory],
            "recent": state.recent,
        }
    )


def from_json(text: str) -> SearchState | None:
    """Return the state that JSON describes; None where it is damaged or of a newer version."""
    try:
        stored = json.loads(text)
        if stored["version"] > VERSION:
            return None
        location = stored["location"]
        state = SearchState(
            text=str(stored["text"]),
            filters=tuple(_filter(entry) for entry in stored.get("filters", ())),
            examples=tuple(_example(entry) for entry in stored["examples"]),
            aspects=tuple((str(name), float(weight)) for name, weight in stored.get("aspects", {}).items()),
            has_other_speeds=bool(stored.get("has_other_speeds", False)),
            order=stored["order"] if stored["order"] in {RELEVANCE, *SORT_FIELDS} else "name",
            is_descending=bool(stored["is_descending"]),
            location=None if location is None else Location(int(location[0]), str(location[1])),
            recent=next((kind for kind in _RECENT if kind == stored.get("recent")), None),
        )
        return state if stored["version"] >= VERSION else _from_version_1(state)
    except (ValueError, TypeError, KeyError, IndexError):
        return None


def _from_version_1(state: SearchState) -> SearchState:
    """Return a state whose filters were part of its text, and whose order was that of lists that are not ranked."""
    query = parse_query(state.text)
    is_ranked = bool(query.terms or state.examples)
    order, is_descending = (RELEVANCE, False) if is_ranked else (state.order, state.is_descending)
    return replace(state, text=query.typed, filters=query.filters, order=order, is_descending=is_descending)


def _filter(stored: Mapping[str, Any]) -> Filter:
    field, value = FILTER_FIELDS[stored["field"]], stored["value"]
    (operator,) = (operator for operator in _OPERATORS if operator == stored["operator"])
    return Filter(field, operator, float(value) if field.kind == "number" else str(value))


def _example(stored: Mapping[str, Any]) -> Example:
    path, is_unlike, weight = Path(stored["path"]), bool(stored["is_unlike"]), float(stored["weight"])
    return Example(path, stored["start_s"], stored["end_s"], is_unlike, weight)


def _in_folders(state: SearchState, folder_ids: set[int]) -> SearchState:
    """Return a state without its location where the folder is gone."""
    is_gone = state.location is not None and state.location.folder_id not in folder_ids
    return replace(state, location=None) if is_gone else state
