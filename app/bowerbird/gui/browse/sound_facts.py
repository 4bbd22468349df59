"""The properties of a sound as labels and values. No Qt."""

from bowerbird.base.text import bytes_text, channels_text, duration_text, printable, rate_text
from bowerbird.catalogue.records import SoundDetails, SoundRow
from bowerbird.gui.translation import translate


def property_facts(sound: SoundRow, details: SoundDetails | None) -> list[tuple[str, str]]:
    """Return what was measured, as (label, value); what is not known is left out."""
    encoding = " ".join(
        part for part in (sound.format, sound.encoding if sound.encoding != sound.format else None) if part
    )
    lufs = details.lufs if details is not None else None
    peak_db = details.true_peak_db if details is not None else None
    facts = [
        (translate("Facts", "Length"), duration_text(sound.duration_s)),
        (translate("Facts", "Channels"), channels_text(sound.n_channels)),
        (translate("Facts", "Rate"), rate_text(sound.rate_hz)),
        (translate("Facts", "Format"), encoding),
        (translate("Facts", "Size"), bytes_text(details.size_bytes) if details is not None else ""),
        (translate("Facts", "Loudness"), f"{lufs:.1f} LUFS".replace("-", "−") if lufs is not None else ""),
        (translate("Facts", "True peak"), _signed(peak_db, "dB") if peak_db is not None else ""),
        (translate("Facts", "Path"), printable(str(sound.path))),
    ]
    return [(name, value) for name, value in facts if value]


def _signed(value: float, unit: str) -> str:
    rounded = round(value, 1) or 0.0  # no −0.0
    return f"{rounded:+.1f} {unit}".replace("-", "−") if rounded else f"0.0 {unit}"
