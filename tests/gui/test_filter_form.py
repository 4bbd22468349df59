"""What chips say of filters."""

import pytest

from bowerbird.domain.query import parse_filter
from bowerbird.gui.browse.filter_form import CONTROLS, Control, chip_text, chosen, with_choice


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
        ("format=flac|wav", "Format: WAV or FLAC"),
        ("format=wav|opus", "Format: wav or opus"),
        ("tag=wood|metal", "Tag: wood or metal"),
        ("peak<-1", "Peak < −1"),
        ("key=Am", "Key: A minor"),
    ],
)
def test_a_chip_says_in_words_what_is_filtered(typed: str, shown: str):
    assert chip_text(parse_filter(typed)) == shown


def control_of(name: str) -> Control:
    return next(control for control in CONTROLS if control.field == name)


def test_formats_are_alternatives_and_a_second_click_takes_one_away():
    formats = control_of("format")
    filters = with_choice((), formats, "format=wav")
    filters = with_choice(filters, formats, "format=flac")
    assert [str(condition) for condition in filters] == ["format=wav|flac"]
    assert chosen(filters, formats) == {"format=wav", "format=flac"}
    filters = with_choice(filters, formats, "format=wav")
    assert [str(condition) for condition in filters] == ["format=flac"]
    assert with_choice(filters, formats, "format=flac") == ()


def test_of_numbers_one_is_chosen_at_a_time():
    channels = control_of("channels")
    filters = with_choice((), channels, "channels=1")
    filters = with_choice(filters, channels, "channels=2")
    assert chosen(filters, channels) == {"channels=2"}
    assert with_choice(filters, channels, "channels=2") == ()
