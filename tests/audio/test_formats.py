"""Which files are sounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.audio.formats import READABLE, UNREADABLE, extension, has_sound_header, is_sound


@pytest.mark.parametrize(
    ("name", "expected"),
    [("a.WAV", "wav"), ("a.b.flac", "flac"), ("a", ""), (".wav", ""), ("a.", ""), ("", "")],
)
def test_an_extension_is_what_follows_the_last_dot_of_a_name(name, expected):
    assert extension(name) == expected


@pytest.mark.parametrize("ending", sorted(READABLE | set(UNREADABLE)))
def test_a_known_extension_makes_a_sound_without_opening_it(ending):
    assert is_sound(f"/nowhere/x.{ending.upper()}")


@pytest.mark.parametrize(
    ("head", "expected"),
    [
        (b"RIFF\0\0\0\0WAVE", True),
        (b"RIFX\0\0\0\0WAVE", True),
        (b"RIFF\0\0\0\0AVI ", False),
        (b"FORM\0\0\0\0AIFF", True),
        (b"FORM\0\0\0\0AIFC", True),
        (b"FORM\0\0\0\0ILBM", False),
        (b"RF64\xff\xff\xff\xffWAVE", True),
        (b"fLaC", True),
        (b"OggS", True),
        (b"caff", True),
        (b".snd", True),
        (b"riff", True),
        (b"ID3\x04", True),
        (b"\x89PNG", False),
        (b"", False),
    ],
)
def test_a_file_with_an_unknown_extension_is_recognised_by_its_first_bytes(tmp_path, head, expected):
    for name in ("take one", "take.l", "take.xyz"):
        path = tmp_path / name
        path.write_bytes(head)
        assert is_sound(str(path)) is expected


def test_an_extension_that_is_never_a_sound_decides(tmp_path):
    path = tmp_path / "readme.txt"
    path.write_bytes(b"RIFF\0\0\0\0WAVE")
    assert not is_sound(str(path))


def test_a_file_that_cannot_be_opened_is_a_sound_only_by_its_extension(tmp_path):
    assert not is_sound(str(tmp_path / "absent"))
    assert not is_sound(str(tmp_path))


@given(st.binary(max_size=16))
def test_any_first_bytes_are_judged(head):
    assert has_sound_header(head) in {True, False}
