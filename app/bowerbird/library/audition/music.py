"""Tempo and key of sounds whose files and names do not say them, estimated when they are needed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

from bowerbird.audio.decode import read_clip
from bowerbird.audio.key import estimate_key
from bowerbird.audio.tempo import estimate_tempo
from bowerbird.domain.tempo_and_key import Key

LONGEST_S: Final = 60.0
"""Of longer sounds, this much is examined."""

MIN_TEMPO_CONFIDENCE: Final = 0.35
MIN_KEY_CONFIDENCE: Final = 0.5
"""Estimates below these are not used: most sounds have neither tempo nor key."""

_RATE_HZ: Final = 22_050


@dataclass(frozen=True, slots=True)
class EstimatedMusic:
    """Tempo and key as far as they can be told.

    Attributes
    ----------
    bpm : float or None
    bpm_confidence : float
        0 to 1.
    key : Key or None
    key_confidence : float
        0 to 1.
    """

    bpm: float | None = None
    bpm_confidence: float = 0.0
    key: Key | None = None
    key_confidence: float = 0.0


def estimate_music(path: Path) -> EstimatedMusic:
    """Estimate tempo and key of a sound; what is not sure enough is None.

    Raises
    ------
    AudioError
        When it cannot be decoded.
    """
    clip = read_clip(path, rate_hz=_RATE_HZ, end_s=LONGEST_S)
    bpm, bpm_confidence = estimate_tempo(clip)
    key, key_confidence = estimate_key(clip)
    return EstimatedMusic(
        bpm if bpm_confidence >= MIN_TEMPO_CONFIDENCE else None,
        bpm_confidence,
        key if key_confidence >= MIN_KEY_CONFIDENCE else None,
        key_confidence,
    )
