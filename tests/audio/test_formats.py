"""Which files are sounds."""

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from bowerbird.audio.decode import open_sound, read_clip
from bowerbird.audio.formats import READABLE, UNCERTAIN, UNREADABLE, extension, has_sound_header, is_sound
from bowerbird.base.errors import AudioError


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
        (b"FORM\0\0\0\x008SVX", True),
        (b"Creative Voice File\x1a", True),
        (b"NIST_1A\n   1024\n", True),
        (b"d\xa3\x03\0", True),
        (b"MATLAB 5.0 MAT-file, written by anyone".ljust(136, b"\0") + b"weights", False),
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


OLDER = [
    ("VOC", "voc"),
    ("SVX", "8svx"),
    ("SVX", "svx"),
    ("SVX", "16sv"),
    ("SVX", "iff"),
    ("SDS", "sds"),
    ("IRCAM", "ircam"),
    ("IRCAM", "sf"),
    ("NIST", "nist"),
    ("NIST", "sph"),
    ("W64", "w64"),
    ("AVR", "avr"),
    ("PAF", "paf"),
    ("PVF", "pvf"),
    ("XI", "xi"),
    ("MAT4", "mat"),
    ("MAT5", "mat"),
    ("HTK", "htk"),
    ("SD2", "sd2"),
    ("WVE", "wve"),
]


def written(path, kind):
    samples = 0.5 * np.sin(np.arange(8000) / 20)
    subtype = soundfile.default_subtype(kind) or next(iter(soundfile.available_subtypes(kind)))
    soundfile.write(path, samples, 8_000 if kind == "WVE" else 44_100, format=kind, subtype=subtype)
    return path


@pytest.mark.parametrize(("kind", "ending"), OLDER)
def test_older_formats_are_listed_and_decoded(tmp_path, kind, ending):
    path = written(tmp_path / f"x.{ending}", kind)
    assert is_sound(str(path))
    clip = read_clip(path, rate_hz=8_000 if kind == "WVE" else 44_100)
    assert np.abs(clip.samples).max() == pytest.approx(0.5, abs=0.02)
    with open_sound(path) as reader:
        assert reader.n_frames >= 8000


@pytest.mark.parametrize("kind", ["VOC", "SVX", "IRCAM", "NIST", "AVR", "PAF", "PVF", "XI", "MAT4", "MAT5"])
def test_older_formats_without_their_extension_are_recognised(tmp_path, kind):
    path = written(tmp_path / "take one", kind)
    assert is_sound(str(path))


@pytest.mark.parametrize("ending", sorted(UNCERTAIN))
def test_other_files_with_the_extension_of_a_sound_are_not_listed(tmp_path, ending):
    path = tmp_path / f"x.{ending}"
    path.write_bytes(b"FORM\0\0\0\0ILBMBMHD" + bytes(100))
    assert not is_sound(str(path))


def test_a_sound_designer_file_without_its_resource_fork_is_named_with_a_remedy(tmp_path):
    path = written(tmp_path / "x.sd2", "SD2")
    (tmp_path / "._x.sd2").unlink()
    with pytest.raises(AudioError, match=r"x\.sd2 has lost its resource fork.+\. Copy it again from a Mac") as caught:
        open_sound(path)
    assert caught.value.code == "no_resource_fork"


@pytest.mark.parametrize(
    ("ending", "name"),
    [
        ("rx2", "REX loop"),
        ("ncw", "Native Instruments NCW"),
        ("m4a", "MPEG-4"),
        ("wma", "Windows Media"),
        ("aac", "AAC"),
    ],
)
def test_formats_that_cannot_be_decoded_are_named(tmp_path, ending, name):
    path = tmp_path / f"x.{ending}"
    path.write_bytes(bytes(100))
    with pytest.raises(AudioError, match=rf"cannot decode \({name}\)\. Convert it to WAV or FLAC\.") as caught:
        open_sound(path)
    assert caught.value.code == "unsupported"
