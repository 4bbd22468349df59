"""What can go wrong in the world outside the program, as sentences for its users.

Faults of the program itself are built-in exceptions and never pass through here.
"""


class BowerbirdError(Exception):
    """A fault of the world: the message is a sentence followed by a remedy."""


class AudioError(BowerbirdError):
    """A file that cannot be decoded."""


class UnreachableError(AudioError):
    """A file that cannot be read just now: its drive is disconnected, or reading is not permitted."""


class CatalogueError(BowerbirdError):
    """A library that cannot be opened or written."""


class EncoderError(BowerbirdError):
    """An encoder that is unknown or incomplete."""


class NotEmbeddableError(EncoderError):
    """A sound that an encoder cannot embed. The sound is the cause, so it is not tried again."""


class QueryError(BowerbirdError):
    """A question that cannot be answered as it was put."""


class StudyError(BowerbirdError):
    """A listening test that cannot be: a wrong design, a changed file, answers to another study."""


class PlaybackError(BowerbirdError):
    """A sound device that is absent or lost."""
