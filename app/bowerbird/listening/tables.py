"""Responses as CSV and JSON lines: ratings.csv, choices.csv, raters.csv, events.jsonl."""

import csv
import dataclasses
import io
import json
import typing
from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal, TypeVar

from bowerbird.base.errors import StudyError
from bowerbird.listening.responses import Choice, Event, Rater, Rating, Responses

RATINGS_NAME: Final = "ratings.csv"
CHOICES_NAME: Final = "choices.csv"
RATERS_NAME: Final = "raters.csv"
EVENTS_NAME: Final = "events.jsonl"

_Row = TypeVar("_Row", Rating, Choice, Event)
_STUDY_ID: Final = "study_id"


def response_tables(responses: Responses, *, study_id: str) -> dict[str, str]:
    """Return the text of each file by name. Ratings are in long form, a line per revision."""
    return {
        RATINGS_NAME: _csv(Rating, responses.ratings, study_id),
        CHOICES_NAME: _csv(Choice, responses.choices, study_id),
        RATERS_NAME: _raters_csv(responses.raters),
        EVENTS_NAME: "".join(
            json.dumps({**dataclasses.asdict(event), "value": json.loads(event.value)}, ensure_ascii=False) + "\n"
            for event in responses.events
        ),
    }


def read_responses(texts: Mapping[str, str]) -> Responses:
    """Read the output of `response_tables`.

    Raises
    ------
    StudyError
        When a file is missing or damaged.
    """
    absent = [name for name in (RATINGS_NAME, CHOICES_NAME, RATERS_NAME, EVENTS_NAME) if name not in texts]
    if absent:
        raise StudyError(f"{absent[0]} is missing. Ask the rater to export the ratings again.")
    return Responses(
        tuple(_read_raters(texts[RATERS_NAME])),
        tuple(_read_csv(Rating, texts[RATINGS_NAME], RATINGS_NAME)),
        tuple(_read_csv(Choice, texts[CHOICES_NAME], CHOICES_NAME)),
        tuple(_read_events(texts[EVENTS_NAME])),
    )


def _csv(kind: type[Any], rows: Iterable[Rating | Choice], study_id: str) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [field.name for field in dataclasses.fields(kind)]
    writer.writerow([_STUDY_ID, *names])
    for row in rows:
        writer.writerow([study_id, *(_cell(getattr(row, name)) for name in names)])
    return text.getvalue()


def _cell(value: object) -> object:
    if value is None:
        return ""
    return int(value) if isinstance(value, bool) else value


def _raters_csv(raters: Iterable[Rater]) -> str:
    """Return raters as CSV, with a column for each background question that any rater answered."""
    raters = list(raters)
    questions = sorted({name for rater in raters for name in rater.background})
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(["rater_id", "pseudonym", "number", "consented_utc", *questions])
    for rater in raters:
        facts = [rater.background.get(name, "") for name in questions]
        writer.writerow([rater.id, rater.pseudonym, rater.number, rater.consented_utc, *facts])
    return text.getvalue()


def _read_raters(text: str) -> Iterable[Rater]:
    for number, row in enumerate(_rows(text), start=2):
        try:
            facts = {name: value for name, value in row.items() if name not in _RATER_COLUMNS and value}
            yield Rater(row["rater_id"], row["pseudonym"], int(row["number"]), row["consented_utc"], facts)
        except (KeyError, ValueError, TypeError) as error:
            raise _damaged(RATERS_NAME, number) from error


_RATER_COLUMNS: Final = frozenset({"rater_id", "pseudonym", "number", "consented_utc"})


def _read_csv(kind: type[_Row], text: str, name: str) -> Iterable[_Row]:
    hints = typing.get_type_hints(kind)
    for number, row in enumerate(_rows(text), start=2):
        try:
            yield kind(**{field: _value(hints[field], row[field]) for field in hints})
        except (KeyError, ValueError, TypeError) as error:
            raise _damaged(name, number) from error


def _read_events(text: str) -> Iterable[Event]:
    for number, line in enumerate(text.splitlines(), start=1):
        try:
            row = json.loads(line)
            page = row["page"]
            yield Event(
                str(row["rater_id"]),
                str(row["session_uuid"]),
                str(row["kind"]),
                str(row["timestamp_utc"]),
                None if page is None else int(page),
                str(row["item_id"]),
                json.dumps(row["value"]),
            )
        except (KeyError, ValueError, TypeError) as error:
            raise _damaged(EVENTS_NAME, number) from error


def _rows(text: str) -> Iterable[dict[str, str]]:
    return csv.DictReader(io.StringIO(text))


def _value(hint: Any, text: str) -> Any:
    """Convert a cell; an empty cell is None when the type allows it.

    Raises
    ------
    ValueError
        When the cell has another type.
    """
    arguments = typing.get_args(hint)
    if type(None) in arguments:
        if text == "":
            return None
        return _value(next(argument for argument in arguments if argument is not type(None)), text)
    if typing.get_origin(hint) is Literal:
        if text not in arguments:
            raise ValueError(text)
        return text
    if hint is bool:
        return {"0": False, "1": True}[text]
    return hint(text)


def _damaged(name: str, line: int) -> StudyError:
    return StudyError(f"Line {line} of {name} is damaged. Ask the rater to export the ratings again.")
