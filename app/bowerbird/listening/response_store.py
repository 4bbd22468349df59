"""The responses to one study: every response is appended and committed before the rater sees it accepted."""

from pathlib import Path
from typing import Final, Self

from bowerbird.base.errors import CatalogueError
from bowerbird.catalogue.stores import DuplicateRowError, RowStore, Table
from bowerbird.listening.responses import Choice, Event, Rater, Rating, Responses

FILE_NAME: Final = "ratings.sqlite3"
VERSION: Final = 1

_TABLES: Final = (
    Table("raters", Rater, key="id", unique="pseudonym", order=("number", "pseudonym")),
    Table("ratings", Rating, index="rater_id"),
    Table("choices", Choice, index="rater_id"),
    Table("events", Event, index="rater_id"),
)
_REMEDY: Final = (
    "Check that the disk has room and that the folder can be written; if the file is damaged, move it away and merge "
    "the last export."
)


class ResponseStore:
    """The responses to one study, open for the thread that opened it. A correction is another row.

    Parameters
    ----------
    folder : Path
        Of the study.

    Raises
    ------
    CatalogueError
        When the file cannot be opened, is damaged or was written by a newer program.
    """

    def __init__(self, folder: Path) -> None:
        self._rows = RowStore(folder / FILE_NAME, _TABLES, version=VERSION, remedy=_REMEDY)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._rows.close()

    def add_rater(self, rater: Rater) -> None:
        """Add a new rater.

        Raises
        ------
        CatalogueError
            When the alias is taken.
        """
        try:
            self._rows.add(rater)
        except DuplicateRowError as error:
            raise CatalogueError(f"The alias {rater.pseudonym} is taken. Choose another one.") from error

    def add(self, *rows: Rating | Choice | Event) -> None:
        """Add what a rater just did, all of it or nothing; it is on disk when this returns."""
        self._rows.add(*rows)

    def add_all(self, responses: Responses) -> None:
        """Add the responses of other raters, all of them or nothing."""
        self._rows.add(*responses.raters, *responses.ratings, *responses.choices, *responses.events)

    def raters(self) -> tuple[Rater, ...]:
        """Return all raters, by number."""
        return self._rows.rows(Rater)

    def responses(self, rater_id: str | None = None) -> Responses:
        """Return all responses, or those of one rater."""
        only = {} if rater_id is None else {"rater_id": rater_id}
        return Responses(
            tuple(rater for rater in self.raters() if rater_id in {None, rater.id}),
            self._rows.rows(Rating, **only),
            self._rows.rows(Choice, **only),
            self._rows.rows(Event, **only),
        )
