"""Folded lists: copies are one sound in every list, examples exclude themselves by content, and one sound a folder."""

import shutil

import numpy as np
import pytest
from stage import run

from bowerbird.domain.query import RELEVANCE, Example, Query, parse_query
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.library.indexing.analysis import encode_example
from bowerbird.library.library import Library
from bowerbird.library.search.browsing import Browsing
from bowerbird.library.search.folding import Below, Folding, ListFolder, different_matches, ids_of
from bowerbird.library.search.search import Search
from sounds import click, noise, sine, write

KICK, QUIET_KICK = "a/kick best.wav", "b/kick copy.wav"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A kick in twelve folders, once quieter; other kicks; and tones. The library is changed by no test."""
    root = tmp_path_factory.mktemp("sounds")
    kick = np.round(2**15 * click()).astype(np.int16)
    write(root / KICK, kick.astype(np.int32) << 16, subtype="PCM_24")
    write(root / QUIET_KICK, 0.5 * click(), subtype="PCM_16")
    for number in range(10):
        write(root / f"pack {number}" / "kick deep.wav", kick, subtype="PCM_16")
    for number in range(3):
        write(root / "others" / f"tom {number}.wav", click(duration_s=0.4) * sine(40 + 25 * number, duration_s=0.4))
        write(root / "others" / f"kick noise {number}.wav", click() * (0.5 + noise(number, duration_s=0.3, level=0.5)))
    write(root / "tones" / "tone.wav", sine(500))
    library = root.parent / (root.name + " library")
    run(library, root)
    return root, library


class Shelf:
    """A library with what lists it."""

    def __init__(self, root, library):
        self.root = root
        self.library = Library.open(library)
        self.browsing = Browsing(self.library, encoder_named(DEFAULT_ENCODER))
        self.reader = self.library.read()

    def names(self, ids):
        rows = self.reader.rows([int(each) for each in ids])
        return [rows[int(each)].path.relative_to(self.root).as_posix() for each in ids]

    def folded(self, listing):
        """Names by the name of the sound that they are folded below."""
        found = {}
        for each in (listing.copies, listing.others):
            for sound_id, ids in each.items():
                found.setdefault(self.names([sound_id])[0], set()).update(self.names(ids))
        return found

    def close(self):
        self.browsing.close()
        self.reader.close()


@pytest.fixture
def shelf(made):
    shelf = Shelf(*made)
    yield shelf
    shelf.close()


COPIES = {QUIET_KICK, *(f"pack {number}/kick deep.wav" for number in range(10))}


def by_name(text=""):
    return parse_query(text)


def test_copies_are_one_sound_in_a_list_by_name(shelf):
    listing = shelf.browsing.list(by_name("kick"))
    assert shelf.names(listing.ids) == [KICK, *(f"others/kick noise {number}.wav" for number in range(3))]
    assert shelf.folded(listing) == {KICK: COPIES}
    assert listing.n_sounds == 15


def test_only_the_copies_that_match_are_folded(shelf):
    listing = shelf.browsing.list(by_name("deep"))
    assert len(listing.ids) == 1
    assert shelf.folded(listing) == {shelf.names(listing.ids)[0]: {*COPIES - {QUIET_KICK, *shelf.names(listing.ids)}}}


def test_copies_are_one_sound_among_similar_sounds(shelf):
    listing = shelf.browsing.similar([Example(shelf.root / "others" / "tom 0.wav")], Query(order=RELEVANCE))
    names = shelf.names(listing.ids)
    assert names.count(KICK) == 1
    assert not COPIES & set(names)
    assert shelf.folded(listing)[KICK] == COPIES
    assert all(int(each) in listing.matches for each in listing.copies[listing.ids[names.index(KICK)]])


def test_copies_are_one_sound_among_sounds_by_meaning(shelf):
    listing = shelf.browsing.meant(Query(by_name("kick").terms, order=RELEVANCE))
    assert shelf.names(listing.ids).count(KICK) == 1
    assert not COPIES & set(shelf.names(listing.ids))


def test_an_example_excludes_the_same_samples_wherever_they_are(shelf, tmp_path):
    within = shelf.root / "pack 3" / "kick deep.wav"
    elsewhere = shutil.copy(within, tmp_path / "dropped.wav")
    for path in (within, elsewhere):
        listing = shelf.browsing.similar([Example(path)], Query(order=RELEVANCE))
        names = set(shelf.names(listing.ids)).union(*shelf.folded(listing).values())
        assert not names & {f"pack {number}/kick deep.wav" for number in range(10)}
        assert shelf.names(listing.ids)[0] in {KICK, QUIET_KICK}, "a copy with other samples is one row"


def test_nothing_is_folded_once_that_is_switched_off(shelf):
    shelf.browsing.folding = Folding(has_folded_copies=False)
    listing = shelf.browsing.list(by_name("kick"))
    assert len(listing.ids) == 15
    assert shelf.folded(listing) == {}


def test_one_sound_of_each_folder_is_listed(shelf):
    shelf.browsing.folding = Folding(is_one_per_folder=True)
    listing = shelf.browsing.list(by_name("kick"))
    assert shelf.names(listing.ids) == [KICK, "others/kick noise 0.wav"]
    assert shelf.folded(listing) == {
        KICK: COPIES,
        "others/kick noise 0.wav": {"others/kick noise 1.wav", "others/kick noise 2.wav"},
    }


def test_what_is_folded_below_a_sound_of_the_folder_is_of_that_folder_the_best_first(tmp_path):
    root, library = tmp_path / "sounds", tmp_path / "library"
    tom = click(duration_s=0.4) * sine(70, duration_s=0.4)
    write(root / "a" / "1 kick.wav", click() * noise(4, duration_s=0.3, level=0.5))
    write(root / "a" / "2 tom.wav", tom, subtype="PCM_24")
    write(root / "b" / "3 tom again.wav", tom, subtype="PCM_16")
    write(root / "b" / "4 longest name of a tom.wav", 0.5 * tom, subtype="PCM_16")
    write(root / "a" / "5 tone.wav", sine(500))
    run(library, root)
    shelf = Shelf(root, library)
    for n_read_at_once in (100, 1):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("bowerbird.library.search.folding._MANY", n_read_at_once)
            folded = ListFolder(shelf.reader).fold(
                shelf.reader.list_ids(Query()), Folding(is_one_per_folder=True), is_ranked=False
            )
        assert shelf.names(folded.ids) == ["a/1 kick.wav"]
        assert len(folded.copies) == 0, "those of the second sound went with it"
        assert shelf.names(folded.others[int(folded.ids[0])]) == [
            "a/2 tom.wav",
            "a/5 tone.wav",
        ]
    shelf.close()


def test_enough_different_sounds_are_found_however_many_copies_there_are(shelf):
    search = Search(shelf.library, encoder_named(DEFAULT_ENCODER))
    target = search.target([Example(shelf.root / KICK)])
    matches, folded = different_matches(
        lambda limit: search.by_example(target, limit=limit), ListFolder(search.reader), Folding(), limit=5
    )
    search.close()
    assert len(folded.ids) == 5
    assert {match.sound_id for match in matches} == {*folded.ids.tolist()}.union(
        *(map(int, v) for v in folded.copies.values())
    )


def test_copies_in_large_lists_are_read_once_and_folded_alike(shelf, monkeypatch):
    ids = shelf.reader.list_ids(Query())
    small = ListFolder(shelf.reader).fold(ids, Folding(), is_ranked=False)
    monkeypatch.setattr("bowerbird.library.search.folding._MANY", 3)
    large = ListFolder(shelf.reader).fold(ids, Folding(), is_ranked=False)
    assert large.ids.tolist() == small.ids.tolist()
    assert {key: found.tolist() for key, found in large.copies.items()} == {
        key: found.tolist() for key, found in small.copies.items()
    }


@pytest.mark.parametrize("speeds", [False, True])
def test_an_example_is_embedded_once_however_many_copies_are_searched(shelf, tmp_path, monkeypatch, speeds):
    dropped = shutil.copy(shelf.root / "others" / "tom 0.wav", tmp_path / "dropped.wav")
    embedded = []

    def embed(example, encoder):
        embedded.append(example.speed)
        return encode_example(example, encoder)

    monkeypatch.setattr("bowerbird.library.search.targets.encode_example", embed)
    search = Search(shelf.library, encoder_named(DEFAULT_ENCODER))
    limits = []
    find = search.finder([Example(dropped)], Query(order=RELEVANCE, has_other_speeds=speeds))

    def counted(limit):
        limits.append(limit)
        return find(limit)

    different_matches(counted, ListFolder(search.reader), Folding(), limit=9)
    search.close()
    assert len(limits) > 1, "eleven copies are not enough for a list of different sounds"
    assert sorted(embedded) == ([0.5, 1.0, 2.0] if speeds else [1.0])


def test_what_is_folded_is_found_by_the_listed_sound_in_any_order():
    below = Below.of({7: ids_of(1, 3), 2: ids_of(9)})
    assert {listed: ids.tolist() for listed, ids in below.items()} == {7: [1, 3], 2: [9]}
    assert (below.get(3), 8 in below, len(below)) == (None, False, 2)
    assert below.only(ids_of(7)).ids.tolist() == [1, 3]
    assert below.is_same(Below.of({7: ids_of(1, 3), 2: ids_of(9)}))
    assert not below.is_same(Below())


def test_a_ranked_list_keeps_the_position_of_the_best_match(shelf):
    ids = shelf.reader.list_ids(by_name("kick"))
    rows = dict(zip(shelf.names(ids), ids.tolist(), strict=True))
    ranked = ids_of(rows[QUIET_KICK], rows["others/kick noise 0.wav"], rows[KICK])
    folded = ListFolder(shelf.reader).fold(ranked, Folding(), is_ranked=True)
    assert folded.ids.tolist() == [rows[KICK], rows["others/kick noise 0.wav"]]
    unranked = ListFolder(shelf.reader).fold(ranked, Folding(), is_ranked=False)
    assert unranked.ids.tolist() == [rows["others/kick noise 0.wav"], rows[KICK]]


def test_another_copy_is_shown_once_the_shown_one_is_removed(tmp_path):
    root, library = tmp_path / "sounds", tmp_path / "library"
    write(root / "a" / "kick.wav", click(), subtype="PCM_24")
    write(root / "b" / "kick again.wav", click(), subtype="PCM_16")
    run(library, root)
    shelf = Shelf(root, library)
    assert shelf.names(shelf.browsing.list(Query()).ids) == ["a/kick.wav"]
    (root / "a" / "kick.wav").unlink()
    run(library, root)
    listing = shelf.browsing.list(Query())
    assert shelf.names(listing.ids) == ["b/kick again.wav"], "the missing one is folded below it"
    shelf.close()


def test_a_copy_whose_name_has_the_words_is_listed_before_a_better_file(shelf):
    ids = shelf.reader.list_ids(by_name("kick"))
    folder = ListFolder(shelf.reader)
    every = folder.fold(ids, Folding(), is_ranked=True)
    assert shelf.names(every.ids)[0] == KICK
    wanted = "pack 3/kick deep.wav"
    n_named = np.array([2 if name == wanted else 1 for name in shelf.names(ids)], np.int64)
    assert shelf.names(folder.fold(ids, Folding(), is_ranked=True, n_named=n_named).ids)[0] == wanted
    assert shelf.names(folder.fold(ids, Folding(), is_ranked=False, n_named=n_named).ids)[0] == KICK
