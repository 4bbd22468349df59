"""Errors that are not bugs, as sentences for users.

A bug in Bowerbird raises a built-in exception.
"""

from typing import Literal, TypeAlias

RejectionCode: TypeAlias = Literal[
    "empty",
    "truncated",
    "damaged",
    "no_audio",
    "unsupported",
    "no_resource_fork",
    "crashed",
    "timed_out",
    "not_embedded",
]
"""Why a sound cannot be used, as a class; `domain.rejections` has the words."""


class BowerbirdError(Exception):
    """An error that is not a bug. The message says what happened, then what to do."""


class AudioError(BowerbirdError):
    """A file that cannot be decoded.

    Parameters
    ----------
    message : str
    code : RejectionCode
    """

    def __init__(self, message: str, *, code: RejectionCode = "damaged") -> None:
        super().__init__(message)
        self.code: RejectionCode = code


class UnreachableError(AudioError):
    """A file that cannot be read at present: its drive is disconnected, or permission is denied."""


class CatalogueError(BowerbirdError):
    """A library that cannot be opened or written."""


class EncoderError(BowerbirdError):
    """An encoder that is unknown or incomplete."""


class NotEmbeddableError(EncoderError):
    """A sound that an encoder cannot embed. The sound is the cause, so it is not tried again."""


class QueryError(BowerbirdError):
    """A query or argument that is not valid."""


class StudyError(BowerbirdError):
    """An invalid study: a wrong design, a changed file, responses to another study."""


class PlaybackError(BowerbirdError):
    """A sound device that is missing or was disconnected."""
