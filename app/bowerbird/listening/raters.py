"""Adding a rater to a study, under a number that balances presentation orders."""

import secrets
import uuid
from collections.abc import Mapping
from typing import Final

from bowerbird.base.errors import StudyError
from bowerbird.listening.response_rows import utc_now
from bowerbird.listening.response_store import ResponseStore
from bowerbird.listening.responses import Rater
from bowerbird.listening.store import HOME_NAME, StudyFolder

_FIRST_REMOTE_NUMBER: Final = 1_000_000
"""Raters on other machines have numbers from here on."""


def join(folder: StudyFolder, store: ResponseStore, pseudonym: str, background: Mapping[str, str]) -> Rater:
    """Add a new rater, who has consented.

    Raises
    ------
    StudyError
        When the alias is empty.
    CatalogueError
        When the alias is taken.
    """
    pseudonym = " ".join(pseudonym.split())
    if not pseudonym:
        raise StudyError("Enter an alias other than your own name, such as “heron”.")
    numbers = [rater.number for rater in store.raters()]
    if (folder.path / HOME_NAME).exists():  # where the study was made, raters are counted so that orders are balanced
        number = max((number for number in numbers if number < _FIRST_REMOTE_NUMBER), default=-1) + 1
    else:  # elsewhere their numbers must not collide with those of any other machine
        number = _FIRST_REMOTE_NUMBER + secrets.randbelow(2**62)
    rater = Rater(str(uuid.uuid4()), pseudonym, number, utc_now(), dict(background))
    store.add_rater(rater)
    return rater
