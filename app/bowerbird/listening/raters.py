"""How somebody comes to take part in a study, and under which number."""

import secrets
import uuid
from collections.abc import Mapping
from typing import Final

from bowerbird.base.errors import StudyError
from bowerbird.listening.response_rows import utc_now
from bowerbird.listening.response_store import ResponseStore
from bowerbird.listening.responses import Rater
from bowerbird.listening.store import HOME_NAME, StudyFolder

_FAR_NUMBERS: Final = 1_000_000
"""Raters away from home have numbers from here on."""


def join(folder: StudyFolder, file: ResponseStore, pseudonym: str, background: Mapping[str, str]) -> Rater:
    """Let somebody new take part, who has consented.

    Raises
    ------
    StudyError
        When the name is empty.
    CatalogueError
        When somebody else has it.
    """
    pseudonym = " ".join(pseudonym.split())
    if not pseudonym:
        raise StudyError("A name is needed, any that is not your own. Write one, such as `heron`.")
    numbers = [rater.number for rater in file.raters()]
    if (folder.path / HOME_NAME).exists():  # at home raters are counted, so that their orders are balanced
        number = max((number for number in numbers if number < _FAR_NUMBERS), default=-1) + 1
    else:  # elsewhere they have numbers that nobody else has, here or there
        number = _FAR_NUMBERS + secrets.randbelow(2**62)
    rater = Rater(str(uuid.uuid4()), pseudonym, number, utc_now(), dict(background))
    file.add_rater(rater)
    return rater
