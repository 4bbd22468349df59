"""Searches of real recordings: what is found, and how sure the program says that it is."""

import csv
import shutil
from collections import Counter
from pathlib import Path

import pytest
from bowerbird_command import bowerbird

AUDIO = Path(__file__).parents[2].parent / "shared" / "audio"
CLASSES = ("laughing", "sneezing", "machinery", "dog", "crowd", "door", "rain", "rooster", "bass_drum", "hi_hat")
N_OF_CLASS = 8
UNANSWERED = ("tax return", "parliamentary procedure", "square root of seven", "colourless green ideas", "zorblatt")

pytestmark = pytest.mark.skipif(not (AUDIO / "labels.csv").is_file(), reason=f"no labelled recordings at {AUDIO}")


@pytest.fixture(scope="module")
def library(tmp_path_factory):
    """An indexed library of some recordings of each class, read through copies that are deleted afterwards."""
    folder = tmp_path_factory.mktemp("sounds")
    counts = Counter()
    with (AUDIO / "labels.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["class"] in CLASSES and counts[row["class"]] < N_OF_CLASS:
                counts[row["class"]] += 1
                path = folder / row["class"] / row["path"]
                path.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(AUDIO / row["path"], path)
    library = tmp_path_factory.mktemp("library")
    hidden = folder.rename(folder.with_name("a"))  # folders have the names of the sources, not those of classes
    for directory in sorted(hidden.iterdir()):
        directory.rename(hidden / f"{CLASSES.index(directory.name)}")
    assert bowerbird("index", hidden, "--library", library).code == 0
    yield library
    shutil.rmtree(hidden)


def found(library, *query, limit=10):
    """Return the class and the band of each result."""
    rows = bowerbird("search", "--json", "--limit", limit, "--library", library, "--", *query).rows
    parts = [Path(row["path"]).parts for row in rows]
    return [(CLASSES[int(part[part.index("a") + 1])], row["band"]) for part, row in zip(parts, rows, strict=True)]


def test_dogs_are_found_and_called_likely_and_nothing_is_where_no_sound_answers(library):
    dogs = found(library, "dog", "barking", limit=8)
    assert sum(kind == "dog" for kind, _ in dogs) >= 7
    assert dogs[0][1] in {"close", "related"}
    for query in UNANSWERED:
        assert "close" not in {band for _, band in found(library, *query.split())}


def test_laughs_stand_above_a_sneeze(library):
    kinds = [kind for kind, _ in found(library, "laugh")]
    assert kinds[:3] == ["laughing"] * 3


def test_machinery_is_not_called_a_crowd(library):
    assert ("machinery", "close") not in found(library, "crowd", limit=30)


def test_a_wooden_door_is_a_door_in_a_folder_of_wood(library):
    kinds = [kind for kind, _ in found(library, "wooden", "door")]
    assert kinds[0] == "door"


def test_an_example_finds_its_kind_and_says_which_are_close(library):
    rows = bowerbird("search", "rooster", "--json", "--limit", 5, "--library", library).rows
    example = next(row["path"] for row in rows if "/7/" in Path(row["path"]).as_posix())
    matches = bowerbird("search", "--like", example, "--json", "--limit", 100, "--library", library).rows
    bands = [row["band"] for row in matches]
    order = ["close", "related", "stretch", "weak"]
    assert [order.index(band) for band in bands] == sorted(order.index(band) for band in bands)
    assert len(set(bands)) >= 3
    kinds = [Path(row["path"]).as_posix().split("/a/")[1][0] for row in matches]
    assert kinds[:5].count("7") >= 4
