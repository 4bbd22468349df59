"""Events of the player, posted from its thread in order."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Started:
    """A sound has started playing.

    Attributes
    ----------
    path : Path
    duration_s : float
        Length of the whole sound, not of the part that is played.
    """

    path: Path
    duration_s: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """A sound has stopped playing.

    Attributes
    ----------
    path : Path
    finished : bool
        True at its end; False when it was stopped or replaced, or the device was lost.
    """

    path: Path
    finished: bool


@dataclass(frozen=True, slots=True)
class DeviceChanged:
    """The sound device failed, or works again.

    Attributes
    ----------
    sentence : str or None
        What is wrong and what to do; None when it works again.
    """

    sentence: str | None


@dataclass(frozen=True, slots=True)
class OutputReplaced:
    """The chosen output cannot be opened, and the system's default plays in its place.

    Attributes
    ----------
    name : str
        Of the chosen output.
    """

    name: str

    @property
    def sentence(self) -> str:
        """What happened and what to do."""
        return (
            f"The sound output “{self.name}” is not available, so the system's default is used. "
            "Connect it, or choose another output."
        )


@dataclass(frozen=True, slots=True)
class CannotPlay:
    """A requested sound cannot be played, or not to its end.

    Attributes
    ----------
    path : Path
    sentence : str
        What is wrong and what to do.
    """

    path: Path
    sentence: str
