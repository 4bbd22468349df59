"""Labels files: both forms, what is left out, and what a wrong file is told."""

import pytest

from bowerbird.base.errors import QueryError
from bowerbird.benchmark.labels import read_labels

HEADER = "path,set,class,family,eval,group\n"


def written(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "labels.csv"
    path.write_bytes(text.encode(encoding))
    return path


def test_our_own_form_is_read(tmp_path):
    labelled = read_labels(written(tmp_path, HEADER + "a.wav,kit,snare,Drums,1,take\nb.wav,kit,dog,,0,\n"))
    first, second = labelled.sounds
    assert (first.path, first.labels, first.group) == ("a.wav", ("snare",), "take")
    assert (first.family, first.origin, first.is_query) == ("Drums", "kit", True)
    assert second.group == "b.wav"
    assert not second.is_query


def test_the_form_of_fsd50k_is_read(tmp_path):
    labelled = read_labels(written(tmp_path, 'fname,labels\n37199,"Guitar,Music"\n175151,Bark\n'))
    assert labelled.paths == ("37199", "175151")
    assert labelled.labels == (("Guitar", "Music"), ("Bark",))
    assert labelled.groups == ("37199", "175151")


def test_a_byte_order_mark_is_no_part_of_the_first_column(tmp_path):
    assert read_labels(written(tmp_path, "path,class\na.wav,x\n", "utf-8-sig")).paths == ("a.wav",)


def test_positions_keep_measured_sounds_of_chosen_collections_and_classes(tmp_path):
    rows = "a,kit,snare,,1,\nb,kit,dog,,1,\nc,zoo,dog,,1,\nd,zoo,dog,,0,\n"
    labelled = read_labels(written(tmp_path, HEADER + rows))
    assert labelled.positions().tolist() == [0, 1, 2]
    assert labelled.positions(origins={"kit"}).tolist() == [0, 1]
    assert labelled.positions(classes={"dog"}).tolist() == [1, 2]
    chosen = labelled.positions(origins={"kit"}, classes={"dog"})
    assert labelled.only(chosen).paths == ("b",)


def test_a_class_of_several_families_stays_outside(tmp_path):
    rows = "a,,snare,Drums,1,\nb,,bell,Drums,1,\nc,,bell,Metal,1,\nd,,tom,Drums,1,\n"
    assert read_labels(written(tmp_path, HEADER + rows)).families == {"Drums": ("snare", "tom")}


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "has no rows"),
        ("path,class\n", "has no rows"),
        ("name,kind\na,b\n", "has no columns"),
        ("path,class\na.wav,\n", "row 2, lacks a name or a class"),
        ("path,class\na.wav,x\n,y\n", "row 3, lacks a name or a class"),
        ("path,class\na.wav\n", "row 2, lacks a name or a class"),
    ],
)
def test_a_wrong_file_is_a_sentence_with_a_remedy(tmp_path, text, sentence):
    with pytest.raises(QueryError, match=sentence) as caught:
        read_labels(written(tmp_path, text))
    assert str(caught.value).endswith(".")


def test_a_missing_or_binary_file_is_a_sentence(tmp_path):
    with pytest.raises(QueryError, match=r"cannot be read|not a text table"):
        read_labels(tmp_path / "absent.csv")
    (tmp_path / "sound.wav").write_bytes(b"\xff\xfe\x00RIFF")
    with pytest.raises(QueryError, match=r"cannot be read|not a text table"):
        read_labels(tmp_path / "sound.wav")
