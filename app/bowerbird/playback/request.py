"""What is to be played: a part of a sound, and how it is treated."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

LOWEST_SEMITONES: Final = -24
HIGHEST_SEMITONES: Final = 24
SLOWEST: Final = 0.25
FASTEST: Final = 4.0


@dataclass(frozen=True, slots=True)
class Treatment:
    """How a sound is changed while it plays.

    Attributes
    ----------
    is_reversed : bool
    semitones : float
        Change of the pitch, -24 to +24; the length stays.
    tempo : float
        2 plays twice as fast; the pitch stays.
    speed : float
        2 plays twice as fast and an octave higher, as a tape would.
    channel : int or None
        The only channel that is played, on both sides; None mixes all channels.
    """

    is_reversed: bool = False
    semitones: float = 0.0
    tempo: float = 1.0
    speed: float = 1.0
    channel: int | None = None

    def __post_init__(self) -> None:
        if not LOWEST_SEMITONES <= self.semitones <= HIGHEST_SEMITONES:
            raise ValueError(f"invalid change of pitch: {self.semitones} semitones")
        if not (SLOWEST <= self.tempo <= FASTEST and SLOWEST <= self.speed <= FASTEST):
            raise ValueError(f"invalid tempo or speed: {self.tempo}, {self.speed}")

    @property
    def pace(self) -> float:
        """Seconds of the sound that are played in a second."""
        return self.tempo * self.speed

    @property
    def is_stretched(self) -> bool:
        """Whether the pitch or the tempo is changed without the other."""
        return self.semitones != 0.0 or self.tempo != 1.0


UNTREATED: Final = Treatment()


@dataclass(frozen=True, slots=True)
class Request:
    """A request to play a sound.

    Attributes
    ----------
    path : Path
    start_s, end_s : float
        The part to play, in seconds of the sound; an end of None is the end of the sound.
    is_looped : bool
    gain_db : float
        Gain of this sound only.
    from_s : float or None
        Where in the part playback starts; None is its start, or its end if it is reversed.
    treatment : Treatment
    is_even : bool
        Whether the sound is played at the common loudness, in addition to `gain_db`.
    """

    path: Path
    start_s: float = 0.0
    end_s: float | None = None
    is_looped: bool = False
    gain_db: float = 0.0
    from_s: float | None = None
    treatment: Treatment = UNTREATED
    is_even: bool = False
