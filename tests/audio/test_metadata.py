"""Text in sound files, and that damage to it is no reason to reject a sound."""

import struct

import mutagen.flac
import mutagen.id3
import mutagen.oggvorbis
import mutagen.wave
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bowerbird.audio.decode import read_clip
from bowerbird.audio.metadata.reading import MAX_CHARACTERS, read_metadata
from bowerbird.domain.metadata import CuePoint, LoopRegion
from sounds import click, sine, with_chunks, write


def texts(path):
    return read_metadata(path).texts


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
    assert texts(wav) == {}


def test_a_bext_chunk_gives_description_and_originator(wav):
    with_chunks(wav, bext("Heavy door, wood", "FieldRec 7"))
    assert texts(wav) == {"description": "Heavy door, wood", "originator": "FieldRec 7"}


def test_an_info_list_gives_its_fields(wav):
    with_chunks(wav, info(INAM="Door", IART="Ann", ICMT="slow creak", IKEY="wood;hinge", ISFT="Recorder 3"))
    assert texts(wav) == {
        "title": "Door",
        "artist": "Ann",
        "comment": "slow creak",
        "keywords": "wood;hinge",
        "software": "Recorder 3",
    }


def test_text_of_an_old_code_page_is_read(wav):
    with_chunks(wav, info(INAM="Fenêtre".encode("cp1252")))
    assert texts(wav)["title"] == "Fenêtre"


def test_ixml_gives_project_scene_note_and_its_categories(wav):
    text = (
        '<?xml version="1.0" encoding="UTF-8"?><BWFXML><PROJECT>Storm</PROJECT><SCENE>12</SCENE><NOTE>wet</NOTE>'
        "<USER><CATEGORY>DOORS</CATEGORY><SUBCATEGORY>WOOD</SUBCATEGORY><KEYWORDS>creak</KEYWORDS></USER></BWFXML>"
    )
    with_chunks(wav, ixml(text))
    assert texts(wav) == {
        "project": "Storm",
        "scene": "12",
        "note": "wet",
        "category": "DOORS",
        "subcategory": "WOOD",
        "keywords": "creak",
    }


def test_an_entity_bomb_in_ixml_is_ignored(wav):
    bomb = '<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;">]><BWFXML><NOTE>&c;</NOTE></BWFXML>'
    with_chunks(wav, ixml(bomb))
    assert texts(wav) == {}


def test_several_chunks_are_gathered_and_repeated_values_are_not(wav):
    with_chunks(wav, bext("Door"), info(ISBJ="Door", INAM="Creak"), ixml("<BWFXML><NOTE>n</NOTE></BWFXML>"))
    assert texts(wav) == {"description": "Door", "title": "Creak", "note": "n"}


def test_an_rf64_file_has_its_chunks_read(tmp_path):
    path = with_chunks_of_rf64(tmp_path)
    assert texts(path) == {"title": "Big"}


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
    found = texts(path)
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
    assert texts(path) == {"title": "Rain", "keywords": "wet; grey"}


def test_an_endless_text_is_truncated(wav):
    with_chunks(wav, info(ICMT="word " * 5000))
    assert len(texts(wav)["comment"]) <= MAX_CHARACTERS


def test_line_breaks_and_zeros_become_spaces(wav):
    with_chunks(wav, info(ICMT="one\r\ntwo\0three"))
    assert texts(wav)["comment"] == "one two three"


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
    assert isinstance(texts(wav), dict)
    assert len(read_clip(wav, rate_hz=44_100).samples) == 13_230


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from([b"bext", b"LIST", b"iXML", b"id3 ", b"fmt "]), st.binary(max_size=300))))
def test_no_chunk_whatsoever_makes_reading_fail(tmp_path_factory, chunks):
    path = tmp_path_factory.getbasetemp() / "fuzzed.wav"
    body = b"".join(name + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) & 1) for name, data in chunks)
    path.write_bytes(b"RIFF" + (len(body) + 4).to_bytes(4, "little") + b"WAVE" + body)
    for name, text in texts(path).items():
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
    assert texts(tmp_path / "absent.wav") == {}


# Chunks


def with_odd_data(path, *chunks):
    """A WAVE file whose data have an odd length and no pad byte before the next chunk."""
    data = path.read_bytes()
    at = data.index(b"data")
    n_bytes = int.from_bytes(data[at + 4 : at + 8], "little") - 1
    data = data[: at + 4] + n_bytes.to_bytes(4, "little") + data[at + 8 : at + 8 + n_bytes]
    for name, body in chunks:
        data += name + len(body).to_bytes(4, "little") + body + b"\0" * (len(body) & 1)
    path.write_bytes(data[:4] + (len(data) - 8).to_bytes(4, "little") + data[8:])


@pytest.mark.parametrize("chunk", [info(INAM="Door"), ixml("<BWFXML><FXNAME>Door</FXNAME></BWFXML>")])
def test_a_chunk_behind_data_of_odd_length_without_a_pad_byte_is_found(wav, chunk):
    with_odd_data(wav, chunk)
    assert texts(wav) == {"title": "Door"}


def test_a_known_chunk_behind_odd_data_is_found_though_a_pad_byte_would_give_a_name_too(wav):
    with_odd_data(wav, bext("", "FieldRec 7"))  # 602 bytes: "extZ", of two bytes
    assert texts(wav) == {"originator": "FieldRec 7"}


def test_an_odd_entry_without_a_pad_byte_does_not_hide_those_behind_it(wav):
    body = b"INFO" + b"INAM" + (5).to_bytes(4, "little") + b"Creak" + b"IART" + (4).to_bytes(4, "little") + b"Anna"
    with_chunks(wav, (b"LIST", body))
    assert texts(wav) == {"title": "Creak", "artist": "Anna"}


def bext_2():
    head = (
        b"Door slam".ljust(256, b"\0")
        + b"FieldRec".ljust(32, b"\0")
        + b"REF1".ljust(32, b"\0")
        + b"2024-05-0612:30:00"
        + (44_100 * 90).to_bytes(8, "little")
        + (2).to_bytes(2, "little")
        + bytes(64)
        + struct.pack("<5h", -2310, 610, -120, -1890, -2005)
    )
    return b"bext", head.ljust(602, b"\0") + b"A=PCM,F=44100\r\n"


def test_a_broadcast_extension_of_version_2_gives_dates_times_and_loudness(wav):
    with_chunks(wav, bext_2())
    assert texts(wav) == {
        "description": "Door slam",
        "originator": "FieldRec",
        "originator_reference": "REF1",
        "origination_date": "2024-05-06 12:30:00",
        "time_reference": "00:01:30.000 (3,969,000 samples)",
        "loudness": "-23.1 LUFS",
        "loudness_range": "6.1 LU",
        "max_true_peak": "-1.2 dBTP",
        "max_momentary": "-18.9 LUFS",
        "max_short_term": "-20.1 LUFS",
        "coding_history": "A=PCM,F=44100",
    }


@pytest.mark.parametrize(
    ("data", "project"),
    [
        (b"<BWFXML><PROJECT>Rain & Wind</PROJECT></BWFXML>", "Rain & Wind"),
        ("<BWFXML><PROJECT>Fenêtre</PROJECT></BWFXML>".encode("utf-16"), "Fenêtre"),
        ("<BWFXML><PROJECT>Tür</PROJECT></BWFXML>".encode("utf-16-le"), "Tür"),
        (b"<BWFXML><PROJECT>Storm</PROJECT></BWFXML>\0<junk", "Storm"),
        (b"<BWFXML><PROJECT>Storm</PROJECT></BWFXML>more", "Storm"),
        (b'<?xml version="1.0" encoding="UTF-16"?><BWFXML><PROJECT>Storm</PROJECT></BWFXML>', "Storm"),
        ('<?xml version="1.0" encoding="UTF-8"?><BWFXML><PROJECT>Tür</PROJECT></BWFXML>'.encode("latin-1"), "Tür"),
        (b"<BWFXML><PROJECT>Storm</PROJECT><SCENE>1</WRONG>", "Storm"),
    ],
)
def test_imperfect_ixml_gives_what_can_be_read(wav, data, project):
    with_chunks(wav, (b"iXML", data))
    assert texts(wav)["project"] == project


def test_ixml_gives_take_tape_circled_and_track_names(wav):
    xml = (
        "<BWFXML><TAKE>3</TAKE><TAPE>A01</TAPE><CIRCLED>TRUE</CIRCLED><SPEED><FILE_SAMPLE_RATE>48000</FILE_SAMPLE_RATE>"
        "</SPEED><TRACK_LIST><TRACK><NAME>Boom</NAME></TRACK><TRACK><NAME>Lav 1</NAME></TRACK></TRACK_LIST></BWFXML>"
    )
    with_chunks(wav, ixml(xml))
    assert texts(wav) == {
        "take": "3",
        "tape": "A01",
        "circled": "yes",
        "speed": "48000 Hz",
        "tracks": "Boom, Lav 1",
    }


def cue(*points):
    rows = [struct.pack("<2I4s3I", number, 0, b"data", 0, 0, frame) for number, frame in points]
    return b"cue ", struct.pack("<I", len(rows)) + b"".join(rows)


def associated(*entries):
    body = b"adtl"
    for name, data in entries:
        body += name + len(data).to_bytes(4, "little") + data + b"\0" * (len(data) & 1)
    return b"LIST", body


def test_cue_points_have_their_names_and_lengths(wav):
    with_chunks(
        wav,
        cue((1, 8820), (2, 4410)),
        associated(
            (b"labl", struct.pack("<I", 1) + b"Tail\0"),
            (b"note", struct.pack("<I", 2) + b"Attack\0"),
            (b"ltxt", struct.pack("<2I", 1, 441) + b"rgn " + bytes(8)),
        ),
    )
    assert read_metadata(wav).cue_points == (CuePoint("Attack", 0.1), CuePoint("Tail", 0.2, 0.01))


def test_a_sampler_chunk_gives_loops_and_root_note(wav):
    body = struct.pack("<9I", 0, 0, 0, 57, 0, 0, 0, 1, 0) + struct.pack("<6I", 0, 1, 4410, 8819, 0, 0)
    with_chunks(wav, (b"smpl", body))
    found = read_metadata(wav)
    assert found.loops == (LoopRegion(0.1, 0.2, "alternating"),)
    assert found.root_key == "A"


def acid(flags, *, note=60, n_beats=8, bpm=174.0):
    return b"acid", struct.pack("<IHHfIHHf", flags, note, 0x8000, 0.0, n_beats, 4, 4, bpm)


def test_an_acid_chunk_of_a_loop_gives_tempo_beats_and_root_note(wav):
    with_chunks(wav, acid(2, note=57))
    found = read_metadata(wav)
    assert (found.bpm, found.root_key, found.is_loop) == (174.0, "A", True)
    assert (found.texts["beats"], found.texts["time_signature"]) == ("8", "4/4")


def test_an_acid_chunk_of_a_one_shot_gives_no_tempo(wav):
    with_chunks(wav, acid(1))
    found = read_metadata(wav)
    assert (found.bpm, found.root_key, found.is_loop) == (None, None, False)


def with_form_chunks(path, *chunks):
    data = path.read_bytes()
    for name, body in chunks:
        data += name + len(body).to_bytes(4, "big") + body + b"\0" * (len(body) & 1)
    path.write_bytes(data[:4] + (len(data) - 8).to_bytes(4, "big") + data[8:])


def basc(*, n_beats, note, scale, kind):
    return b"basc", struct.pack(">II5H", 1, n_beats, note, scale, 4, 4, kind) + bytes(66)


def test_aiff_texts_markers_and_apple_loops_are_read(tmp_path):
    path = write(tmp_path / "x.aif", sine(duration_s=4.0))
    marks = struct.pack(">HHI", 1, 1, 44_100) + b"\x04Drop\0"
    with_form_chunks(
        path,
        (b"NAME", b"Beat"),
        (b"AUTH", b"Ann"),
        (b"ANNO", b"dusty"),
        (b"(c) ", b"2024"),
        (b"MARK", marks),
        basc(n_beats=8, note=57, scale=1, kind=1),
        (b"trns", bytes(16) + struct.pack(">I", 2) + bytes(24)),
    )
    found = read_metadata(path)
    assert found.texts == {
        "title": "Beat",
        "artist": "Ann",
        "comment": "dusty",
        "copyright": "2024",
        "loop": "yes",
        "key": "A minor",
        "beats": "8",
        "time_signature": "4/4",
        "bpm": "120",
        "transients": "2",
    }
    assert (found.bpm, found.root_key, found.is_loop) == (120.0, "A minor", True)
    assert found.cue_points == (CuePoint("Drop", 1.0),)


def test_caf_strings_and_apple_loops_are_read(tmp_path):
    path = write(tmp_path / "x.caf", sine(duration_s=5.0))
    pairs = b"key signature\0F#\0key type\0minor\0beat count\0" + b"8\0"
    data = path.read_bytes()
    for name, body in (
        (b"info", struct.pack(">I", 1) + b"title\0Bass\0"),
        (b"uuid", bytes.fromhex("29819273b5bf4aefb78d62d1ef90bb2c") + struct.pack(">I", 3) + pairs),
    ):
        data += name + len(body).to_bytes(8, "big") + body
    path.write_bytes(data)
    found = read_metadata(path)
    assert found.texts["title"] == "Bass"
    assert (found.bpm, found.root_key, found.is_loop) == (96.0, "F# minor", True)


def test_a_wave64_file_has_its_chunks_read(tmp_path):
    path = write(tmp_path / "x.w64", click())
    name, body = bext("Big door")
    data = path.read_bytes()
    path.write_bytes(data + bytes(-len(data) % 8) + name + bytes(12) + (24 + len(body)).to_bytes(8, "little") + body)
    assert texts(path) == {"description": "Big door"}


def test_a_bw64_file_has_its_chunks_read(tmp_path):
    path = with_chunks_of_rf64(tmp_path)
    path.write_bytes(b"BW64" + path.read_bytes()[4:])
    assert texts(path) == {"title": "Big"}
