"""Copies in a library, and in what they differ from the best of them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bowerbird.base.text import duration_text
from bowerbird.catalogue.protocol import Reader
from bowerbird.catalogue.records import SoundRow

_N_AT_ONCE: Final = 200
_SAME_DB: Final = 0.3
_SAME_S: Final = 0.01


@dataclass(frozen=True, slots=True)
class Copy:
    """A sound among its copies.

    Attributes
    ----------
    sound : SoundRow
    has_same_samples : bool
        As the best of them.
    gain_db : float or None
        How much louder it is than the best; None where that is not known.
    differences : tuple of str
        In what it differs from the best, in words; empty for the best.
    """

    sound: SoundRow
    has_same_samples: bool = True
    gain_db: float | None = None
    differences: tuple[str, ...] = ()


def copy_groups(reader: Reader, *, is_exact: bool = False) -> Iterator[tuple[Copy, ...]]:
    """Yield the copies of each sound that has any, the best first.

    Parameters
    ----------
    reader : Reader
    is_exact : bool
        Whether only sounds with the same samples count.
    """
    groups = reader.copy_groups(is_exact=is_exact)
    for start in range(0, len(groups), _N_AT_ONCE):
        part = groups[start : start + _N_AT_ONCE]
        rows = reader.rows([sound_id for group in part for sound_id in group])
        audio = reader.audio_of(list(rows))
        for group in part:
            best, *others = [rows[sound_id] for sound_id in group if sound_id in rows]
            copies = [_compared(best, other, is_same=audio.get(best.id) == audio.get(other.id)) for other in others]
            yield (Copy(best), *copies)


def _compared(best: SoundRow, other: SoundRow, *, is_same: bool) -> Copy:
    has_loudness = best.lufs is not None and other.lufs is not None
    gain_db = round(other.lufs - best.lufs, 1) + 0.0 if has_loudness else None  # type: ignore[operator]
    longer_s = (other.duration_s or 0.0) - (best.duration_s or 0.0)
    found = []
    if (other.format, other.encoding) != (best.format, best.encoding):
        found.append(" ".join(text for text in (other.format, other.encoding) if text))
    if other.rate_hz != best.rate_hz and other.rate_hz is not None:
        found.append(f"{other.rate_hz / 1000:g} kHz")
    if other.n_channels != best.n_channels and other.n_channels is not None:
        found.append({1: "mono", 2: "stereo"}.get(other.n_channels, f"{other.n_channels} channels"))
    if gain_db is not None and abs(gain_db) > _SAME_DB:
        found.append(f"{gain_db:+.1f} dB")
    if abs(longer_s) > _SAME_S:
        found.append(f"{duration_text(abs(longer_s))} {'longer' if longer_s > 0 else 'shorter'}")
    if other.name != best.name:
        found.append("name")
    if other.path.parent != best.path.parent:
        found.append("folder")
    if other.is_missing:
        found.append("missing")
    return Copy(other, is_same, gain_db, tuple(found))
