"""Text in sound files, and that damage to it is no reason to reject a sound."""

import mutagen.flac
import mutagen.id3
import mutagen.oggvorbis
import mutagen.wave
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.audio.decode import read_clip
from bowerbird.audio.metadata import MAX_CHARACTERS, read_metadata
from sounds import click, sine, with_chunks, write


def bext(description, originator=""):
    return b"bext", description.encode("latin-1").ljust(256, b"\0") + originator.encode().ljust(32, b"\0") + bytes(314)


def info(**texts):
    body = b"INFO"
    for name, text in texts.items():
        data = text if isinstance(text, bytes) else text.encode()
        data += b"\0"
        body += name.encode() + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) & 1)
    return b"LIST", body


def ixml(text):
    return b"iXML", text.encode()


@pytest.fixture
def wav(tmp_path):
    return write(tmp_path / "x.wav", click())


def test_a_sound_without_text_has_none(wav):
    assert read_metadata(wav) == {}


def test_a_bext_chunk_gives_description_and_originator(wav):
    with_chunks(wav, bext("Heavy door, wood", "FieldRec 7"))
    assert read_metadata(wav) == {"description": "Heavy door, wood", "originator": "FieldRec 7"}


def test_an_info_list_gives_its_fields(wav):
    with_chunks(wav, info(INAM="Door", IART="Ann", ICMT="slow creak", IKEY="wood;hinge", ISFT="Recorder 3"))
    assert read_metadata(wav) == {"title": "Door", "artist": "Ann", "comment": "slow creak", "keywords": "wood;hinge"}


def test_text_of_an_old_code_page_is_read(wav):
    with_chunks(wav, info(INAM="Fenêtre".encode("cp1252")))
    assert read_metadata(wav)["title"] == "Fenêtre"


def test_ixml_gives_project_scene_note_and_its_categories(wav):
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><BWFXML><PROJECT>Storm</PROJECT><SCENE>12</SCENE><NOTE>wet</NOTE>'
        "<USER><CATEGORY>DOORS</CATEGORY><SUBCATEGORY>WOOD</SUBCATEGORY><KEYWORDS>creak</KEYWORDS></USER></BWFXML>"
    )
    with_chunks(wav, ixml(text))
    assert read_metadata(wav) == {
        "project": "Storm",
        "scene": "12",
        "comment": "wet",
        "category": "DOORS; WOOD",
        "keywords": "creak",
    }


def test_an_entity_bomb_in_ixml_is_ignored(wav):
    bomb = '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><BWFXML><NOTE>&c;</NOTE></BWFXML>'
    with_chunks(wav, ixml(bomb))
    assert read_metadata(wav) == {}


def test_several_chunks_are_gathered_and_repeated_values_are_not(wav):
    with_chunks(wav, bext("Door"), info(ISBJ="Door", INAM="Creak"), ixml("<BWFXML><NOTE>n</NOTE></BWFXML>"))
    assert read_metadata(wav) == {"description": "Door", "title": "Creak", "comment": "n"}


def test_an_rf64_file_has_its_chunks_read(tmp_path):
    path = with_chunks_of_rf64(tmp_path)
    assert read_metadata(path) == {"title": "Big"}


def with_chunks_of_rf64(tmp_path):
    path = write(tmp_path / "x.rf64", click())
    name, body = info(INAM="Big")
    path.write_bytes(path.read_bytes() + name + len(body).to_bytes(4, "little") + body)
    return path


@pytest.mark.parametrize("ending", ["mp3", "aiff", "wav"])
def test_id3_tags_are_read(tmp_path, ending):
    path = write(tmp_path / f"x.{ending}", sine())
    if ending == "mp3":
        tags = mutagen.id3.ID3()
        _fill(tags)
        tags.save(path)
    else:
        file = mutagen.File(path)
        file.add_tags()
        _fill(file.tags)
        file.save()
    found = read_metadata(path)
    assert found["title"] == "Ça va"
    assert found["artist"] == "Ann; Bob"
    assert found["bpm"] == "120"
    assert found["key"] == "Am"
    assert found["comment"] == "warm"


def _fill(tags):
    tags.add(mutagen.id3.TIT2(encoding=3, text=["Ça va"]))
    tags.add(mutagen.id3.TPE1(encoding=3, text=["Ann", "Bob"]))
    tags.add(mutagen.id3.TBPM(encoding=3, text=["120"]))
    tags.add(mutagen.id3.TKEY(encoding=3, text=["Am"]))
    tags.add(mutagen.id3.COMM(encoding=3, lang="eng", desc="", text=["warm"]))


@pytest.mark.parametrize(("ending", "kind"), [("flac", mutagen.flac.FLAC), ("ogg", mutagen.oggvorbis.OggVorbis)])
def test_vorbis_comments_are_read(tmp_path, ending, kind):
    path = write(tmp_path / f"x.{ending}", sine())
    file = kind(path)
    file["title"] = "Rain"
    file["KEYWORDS"] = ["wet", "grey"]
    file["encoder"] = "nobody asks"
    file.save()
    assert read_metadata(path) == {"title": "Rain", "keywords": "wet; grey"}


def test_an_endless_text_is_truncated(wav):
    with_chunks(wav, info(ICMT="word " * 5000))
    assert len(read_metadata(wav)["comment"]) <= MAX_CHARACTERS


def test_line_breaks_and_zeros_become_spaces(wav):
    with_chunks(wav, info(ICMT="one\r\ntwo\0three"))
    assert read_metadata(wav)["comment"] == "one two three"


@pytest.mark.parametrize(
    "chunk",
    [
        (b"bext", b"short"),
        (b"bext", b"\xff" * 600),
        (b"LIST", b"INFO" + b"INAM\xff\xff\xff\xff"),
        (b"LIST", b"INFOI"),
        (b"LIST", b"adtl" + bytes(20)),
        (b"iXML", b"<BWFXML><NOTE>unclosed"),
        (b"iXML", b"\xff\xfe\x00<"),
        (b"iXML", b""),
        (b"id3 ", b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f" + bytes(10)),
        (b"\x00\x00\x00\x00", b"x"),
    ],
)
def test_damaged_text_is_left_out_and_the_sound_is_decoded(wav, chunk):
    with_chunks(wav, chunk)
    assert isinstance(read_metadata(wav), dict)
    assert len(read_clip(wav, rate_hz=44_100).samples) == 13_230


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([b"bext", b"LIST", b"iXML", b"id3 ", b"fmt "]), st.binary(max_size=300))))
def test_no_chunk_whatsoever_makes_reading_fail(tmp_path_factory, chunks):
    path = tmp_path_factory.getbasetemp() / "fuzzed.wav"
    body = b"".join(name + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) & 1) for name, data in chunks)
    path.write_bytes(b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WAVE" + body)
    for name, text in read_metadata(path).items():
        assert name
        assert text


@settings(max_examples=100, deadline=None)
@given(place=st.integers(0, 400), value=st.integers(0, 255))
def test_a_flipped_byte_in_a_tagged_flac_makes_no_reading_fail(tmp_path_factory, place, value):
    path = tmp_path_factory.getbasetemp() / "tagged.flac"
    write(path, click())
    file = mutagen.flac.FLAC(path)
    file["title"] = "Rain"
    file.save()
    data = bytearray(path.read_bytes())
    data[place % len(data)] = value
    path.write_bytes(data)
    read_metadata(path)


def test_a_missing_file_has_no_text(tmp_path):
    assert read_metadata(tmp_path / "absent.wav") == {}
