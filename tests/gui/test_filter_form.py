"""What chips say of filters."""

import pytest

from bowerbird.domain.query import parse_filter
from bowerbird.gui.browse.filter_form import chip_text


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("channels=mono", "Channels: Mono"),
        ("channels=6", "Channels = 6"),
        ("loop=no", "Kind: One-shot"),
        ("stars>=3", "Stars: 3+"),
        ("favourite=yes", "Favourites: Only"),
        ("favourite=no", "Favourites: no"),
        ("duration<0.5", "Length < 0.5 s"),
        ("duration<=2min", "Length ≤ 120 s"),
        ("loudness>-20", "Loudness > −20 LUFS"),
        ("bpm>=118", "BPM ≥ 118"),
        ("rate=48k", "Rate: 48 kHz"),
        ("rate<48k", "Rate < 48,000 Hz"),
        ("tag=lo-fi", "Tag: lo-fi"),
        ("note=very wet", "Note: very wet"),
        ("format=wav", "Format: WAV"),
        ("folder=Drums", "Folder: Drums"),
        ("peak<-1", "Peak < −1"),
        ("key=Am", "Key: A minor"),
    ],
)
def test_a_chip_says_in_words_what_is_filtered(typed: str, shown: str):
    assert chip_text(parse_filter(typed)) == shown
