"""What the player reports: frozen values, posted from its own thread in the order they happened."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Started:
    """A sound is heard from now on.

    Attributes
    ----------
    path : Path
    duration_s : float
        Length of the whole sound, whatever stretch of it is played.
    """

    path: Path
    duration_s: float


@dataclass(frozen=True, slots=True)
class Stopped:
    """A sound that had started is heard no more.

    Attributes
    ----------
    path : Path
    finished : bool
        True at its end, False where it was stopped, replaced or lost with the device.
    """

    path: Path
    finished: bool


@dataclass(frozen=True, slots=True)
class DeviceChanged:
    """The sound device failed, or works again.

    Attributes
    ----------
    sentence : str or None
        What is wrong and what to do; None when all is well again.
    """

    sentence: str | None


@dataclass(frozen=True, slots=True)
class CannotPlay:
    """A sound that was asked for cannot be heard, or breaks off.

    Attributes
    ----------
    path : Path
    sentence : str
        What is wrong and what to do.
    """

    path: Path
    sentence: str
