"""The table's model: rows are read a page at a time, when somebody looks."""

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("PySide6.QtWidgets", reason="the window needs PySide6", exc_type=ImportError)

import numpy as np
from PySide6.QtCore import QModelIndex, Qt

from bowerbird.base.errors import CatalogueError
from bowerbird.catalogue.records import SoundRow
from bowerbird.domain.matches import Match, Moment
from bowerbird.gui.browse import columns as sounds
from bowerbird.gui.browse.sounds_model import FOLD_ROLE, MATCH_ROLE, MOMENT_ROLE, PLAYING_ROLE, ROW_ROLE, SoundsModel
from bowerbird.library.search.browsing import Listing
from bowerbird.library.search.folding import Below

Role = Qt.ItemDataRole


class CountingReader:
    """Makes rows up, and counts how often it is asked."""

    def __init__(self) -> None:
        self.asked: list[list[int]] = []
        self.is_broken = False
        self.missing: set[int] = set()
        self.gone: set[int] = set()
        self.duration_s: float | None = 600.0

    def rows(self, ids: list[int]) -> dict[int, SoundRow]:
        self.asked.append(list(ids))
        if self.is_broken:
            raise CatalogueError("The catalogue is damaged.")
        return {sound_id: self.row(sound_id) for sound_id in ids if sound_id not in self.gone}

    def row(self, sound_id: int) -> SoundRow:
        return SoundRow(
            id=sound_id,
            path=Path(f"/sounds/Drums/kick {sound_id}.wav"),
            name=f"kick {sound_id}.wav",
            directory="Drums",
            duration_s=self.duration_s,
            n_channels=2,
            rate_hz=44_100,
            format="WAV",
            encoding="PCM 16",
            is_missing=sound_id in self.missing,
            content_id=sound_id,
            bpm=97.5,
            root_key="A minor",
            is_loop=True,
            category="DOORS",
            subcategory="WOOD",
            lufs=-18.0,
            stars=3,
            is_favourite=True,
            tags=("wood", "creak"),
            overview=None,
        )


@pytest.fixture
def reader() -> CountingReader:
    return CountingReader()


@pytest.fixture
def model(qapp: object, reader: CountingReader) -> SoundsModel:
    return SoundsModel(reader)


def show(model: SoundsModel, n: int, matches: dict[int, Match] | None = None) -> None:
    model.show(Listing(np.arange(1, n + 1), matches or {}))


def match(sound_id: int, start_s: float, end_s: float, *, percentile: float = 99.5) -> dict[int, Match]:
    return {sound_id: Match(sound_id, 0.9, percentile, start_s, end_s, "similar in timbre")}


def text(model: SoundsModel, row: int, column: int, role: int = Role.DisplayRole) -> str:
    return model.data(model.index(row, column), int(role))


def test_a_hundred_thousand_ids_are_shown_without_reading_one_row(model: SoundsModel, reader: CountingReader):
    show(model, 100_000)
    assert (model.rowCount(), model.columnCount()) == (100_000, len(sounds.COLUMNS))
    assert model.row_of(70_000) == 69_999
    assert model.sound_id(99_999) == 100_000
    model.mark_playing(5)
    assert reader.asked == []


def test_rows_are_read_a_page_at_a_time_and_once(model: SoundsModel, reader: CountingReader):
    show(model, 100_000)
    for row in range(64):
        for column in range(7):
            text(model, row, column)
    assert reader.asked == [list(range(1, 65))]
    text(model, 64, 0)
    assert len(reader.asked) == 2


def test_scrolling_through_everything_keeps_no_more_than_its_share(model: SoundsModel, reader: CountingReader):
    show(model, 20_000)
    for row in range(0, 20_000, 64):
        text(model, row, 0)
    n_read = len(reader.asked)
    text(model, 19_999, 0)
    assert len(reader.asked) == n_read
    text(model, 0, 0)
    assert len(reader.asked) == n_read + 1


def test_a_short_moment_is_named_by_its_second(model: SoundsModel):
    show(model, 1, match(1, 20.1, 20.4))
    assert text(model, 0, sounds.NAME) == "kick 1.wav   0:20"


@pytest.mark.parametrize(("speed", "text_of_row"), [(0.5, "at half speed"), (2.0, "at double speed"), (1.0, "")])
def test_a_row_says_at_which_speed_it_matches(model: SoundsModel, speed: float, text_of_row: str):
    matches = {sound_id: replace(found, speed=speed) for sound_id, found in match(1, 430.0, 440.0).items()}
    show(model, 2, matches)
    assert text(model, 0, sounds.NAME) == f"kick 1.wav   7:10–7:20   {text_of_row}".rstrip()
    assert text(model, 1, sounds.NAME) == "kick 2.wav"


@pytest.mark.parametrize(
    "role", [Role.DecorationRole, Role.FontRole, Role.ForegroundRole, Role.BackgroundRole, Role.CheckStateRole]
)
def test_a_role_that_is_not_served_reads_nothing(model: SoundsModel, reader: CountingReader, role: Role):
    show(model, 10)
    assert text(model, 0, 0, role) is None
    assert reader.asked == []


@pytest.mark.parametrize("role", [Role.TextAlignmentRole, PLAYING_ROLE, MATCH_ROLE])
def test_alignment_mark_and_match_are_told_without_reading(model: SoundsModel, reader: CountingReader, role: int):
    show(model, 10)
    text(model, 0, sounds.DURATION, role)
    assert reader.asked == []


def test_cells_say_what_is_known(model: SoundsModel, reader: CountingReader):
    show(model, 3)
    known = {name: text(model, 0, index) for name, index in sounds.INDEX_OF.items()}
    assert known == {
        "name": "kick 1.wav",
        "waveform": "",
        "match": "",
        "duration": "10:00",
        "channels": "stereo",
        "rate": "44.1 kHz",
        "format": "WAV PCM 16",
        "folder": "Drums",
        "tags": "wood, creak",
        "stars": "★★★",
        "favourite": "♥",
        "bpm": "97.5",
        "key": "A minor",
        "loop": "loop",
        "category": "DOORS · WOOD",
        "loudness": "−18.0",
    }
    assert text(model, 1, 0, ROW_ROLE).id == 2


def test_what_is_not_known_yet_is_empty(model: SoundsModel, reader: CountingReader):
    reader.duration_s = None
    show(model, 1, match(1, 0.0, 5.0))
    assert (text(model, 0, sounds.DURATION), text(model, 0, sounds.NAME)) == ("", "kick 1.wav")


@pytest.mark.parametrize("role", [Role.DisplayRole, Role.ToolTipRole, ROW_ROLE])
def test_a_row_that_cannot_be_read_is_an_empty_one(model: SoundsModel, reader: CountingReader, role: int):
    reader.is_broken = True
    show(model, 3)
    assert text(model, 0, 0, role) is None
    assert model.matched_region(0) == (0.0, 0.0)


def test_a_row_that_is_gone_is_empty_and_its_neighbours_are_not(model: SoundsModel, reader: CountingReader):
    reader.gone = {2}
    show(model, 3)
    assert [text(model, row, 0) for row in range(3)] == ["kick 1.wav", None, "kick 3.wav"]
    assert [url.fileName() for url in model.mimeData([model.index(row, 0) for row in range(3)]).urls()] == [
        "kick 1.wav",
        "kick 3.wav",
    ]


def test_a_drag_carries_each_file_once(model: SoundsModel):
    show(model, 5)
    cells = [model.index(row, column) for row in (3, 1) for column in range(7)]
    data = model.mimeData(cells)
    assert [url.toLocalFile() for url in data.urls()] == [
        str(Path("/sounds/Drums/kick 4.wav")),
        str(Path("/sounds/Drums/kick 2.wav")),
    ]
    assert model.mimeTypes() == ["text/uri-list"]


def test_a_moment_in_a_long_sound_is_told_in_its_name_and_tool_tip(model: SoundsModel):
    show(model, 2, match(1, 430.0, 440.0))
    assert text(model, 0, sounds.NAME) == "kick 1.wav   7:10–7:20"
    assert "from 7:10 to 7:20" in text(model, 0, sounds.NAME, Role.ToolTipRole)
    assert text(model, 1, sounds.NAME) == "kick 2.wav"


def test_a_match_of_the_whole_sound_names_no_region(model: SoundsModel):
    show(model, 1, match(1, 0.0, 600.0))
    assert text(model, 0, sounds.NAME) == "kick 1.wav"


def test_the_match_says_why_how_likely_it_is_right_and_its_rank(model: SoundsModel):
    (ranked,) = match(1, 0.0, 600.0).values()
    rated, named = replace(ranked, probability=0.725), replace(ranked, percentile=None, n_named=1)
    tips = []
    for each in (ranked, rated, named):
        show(model, 1, {1: each})
        tips.append(text(model, 0, sounds.MATCH, Role.ToolTipRole).split("\n"))
    rank = "More similar than 99.5 % of the library"
    assert tips == [
        ["Similar in timbre", rank],
        ["Similar in timbre", "Of 100 matches like this, about 72 are right", rank],
        ["Similar in timbre"],
    ]


def test_the_line_is_above_the_first_sound_that_is_probably_no_match(model: SoundsModel):
    assert model.first_unlikely_row is None
    listing = Listing(np.arange(1, 4), with_further(1), n_likely=1)
    model.show(listing)
    assert model.first_unlikely_row == model.row_of(2) > 1  # the first sound has rows of its moments
    assert model.shows(listing)
    assert not model.shows(replace(listing, n_likely=2))
    model.show(replace(listing, n_likely=0))
    assert model.first_unlikely_row == 0


def test_a_missing_file_is_said_in_the_tool_tip(model: SoundsModel, reader: CountingReader):
    reader.missing = {2}
    show(model, 2)
    path = str(Path("/sounds/Drums/kick 2.wav"))
    assert text(model, 1, 0, Role.ToolTipRole) == f"{path}\nCannot find this file. Is its drive connected?"
    assert "Cannot find" not in text(model, 0, 0, Role.ToolTipRole)


def test_the_playing_mark_changes_just_its_rows(model: SoundsModel):
    show(model, 1000)
    model.mark_playing(10)
    changed: list[tuple[int, int, int, int]] = []
    model.dataChanged.connect(
        lambda first, last, _roles: changed.append((first.row(), last.row(), first.column(), last.column()))
    )
    model.mark_playing(500)
    last = len(sounds.COLUMNS) - 1
    assert changed == [(9, 9, 0, last), (499, 499, 0, last)]
    assert [row for row in range(1000) if text(model, row, 0, PLAYING_ROLE)] == [499]
    model.mark_playing(None)
    assert not any(text(model, row, 0, PLAYING_ROLE) for row in range(1000))


def test_a_mark_on_a_sound_that_is_not_shown_changes_nothing(model: SoundsModel):
    show(model, 3)
    changed: list[object] = []
    model.dataChanged.connect(lambda *cells: changed.append(cells))
    model.mark_playing(77)
    assert changed == []


def test_a_refresh_reads_rows_anew_and_keeps_the_ids(model: SoundsModel, reader: CountingReader):
    show(model, 3)
    text(model, 0, 0)
    model.refresh()
    assert len(reader.asked) == 1
    text(model, 0, 0)
    assert len(reader.asked) == 2
    assert model.shows(Listing(np.arange(1, 4)))


def test_rows_outside_the_list_are_none(model: SoundsModel, reader: CountingReader):
    show(model, 3)
    assert (model.sound(3), model.sound(-1), model.sound_id(3), model.row_of(None)) == (None, None, None, -1)
    assert reader.asked == []


def test_cells_have_no_rows_below_them(model: SoundsModel):
    show(model, 3)
    assert model.rowCount(model.index(0, 0)) == 0
    assert model.flags(QModelIndex()) == Qt.ItemFlag.NoItemFlags


def with_further(sound_id: int) -> dict[int, Match]:
    further = (Moment(0.8, 97.0, 430.0, 440.0), Moment(0.7, 92.0, 500.0, 510.0))
    return {sound_id: replace(match(sound_id, 100.0, 110.0)[sound_id], moments=further)}


def test_further_moments_of_a_long_sound_have_rows_below_it(model: SoundsModel):
    show(model, 3, with_further(2))
    assert model.rowCount() == 5
    assert [model.sound_id(row) for row in range(5)] == [1, 2, 2, 2, 3]
    names = [text(model, row, sounds.NAME).lstrip("\u2003") for row in range(5)]
    assert names == ["kick 1.wav", "kick 2.wav   1:40–1:50", "7:10–7:20", "8:20–8:30", "kick 3.wav"]
    assert [model.matched_region(row) for row in (1, 2, 3)] == [(100.0, 110.0), (430.0, 440.0), (500.0, 510.0)]
    assert [text(model, row, sounds.NAME, MOMENT_ROLE) for row in range(4)] == [None, None, (430, 440), (500, 510)]
    assert text(model, 2, sounds.FOLDER) == ""
    assert text(model, 3, sounds.MATCH, MATCH_ROLE).percentile == 92.0


def test_a_sound_is_one_sound_whatever_moments_are_shown(model: SoundsModel):
    show(model, 3, with_further(2))
    assert model.shows(Listing(np.arange(1, 4), with_further(2)))
    assert not model.shows(Listing(np.arange(1, 4)))
    assert (model.row_of(2), model.row_of(2, 500.0), model.row_of(2, 1.0), model.row_of(3)) == (1, 3, 1, 4)
    assert [model.moment_s(row) for row in range(6)] == [None, None, 430.0, 500.0, None, None]
    assert model.sound_ids([4, 3, 2, 1]).tolist() == [3, 2]
    assert model.rows_of(np.array([2, 3])).tolist() == [1, 4]
    files = model.mimeData([model.index(row, 0) for row in range(1, 5)]).urls()
    assert [url.fileName() for url in files] == ["kick 2.wav", "kick 3.wav"]
    model.mark_playing(2)
    assert [text(model, row, 0, PLAYING_ROLE) for row in range(5)] == [False, True, False, False, False]


def test_sounds_of_a_folder_that_is_not_connected_look_missing(model: SoundsModel):
    show(model, 2)
    assert [text(model, row, 0, ROW_ROLE).is_missing for row in range(2)] == [False, False]
    model.show_away([Path("/sounds/Drums")])
    assert [text(model, row, 0, ROW_ROLE).is_missing for row in range(2)] == [True, True]
    model.show_away([Path("/sounds/Dru")])
    assert not text(model, 0, 0, ROW_ROLE).is_missing


def folded_listing(matches: dict[int, Match] | None = None) -> Listing:
    """Sounds 1 to 3; 7, 8 and 9 are copies of 2, and 5 lies in the folder of 3."""
    copies, others = Below.of({2: np.array([7, 8, 9])}), Below.of({3: np.array([5])})
    return Listing(np.arange(1, 4), matches or {}, n_library=10, copies=copies, others=others)


def ids_shown(model: SoundsModel) -> list[int | None]:
    return [model.sound_id(row) for row in range(model.rowCount())]


def test_a_row_says_what_is_folded_below_it(model: SoundsModel):
    model.show(folded_listing())
    folds = [text(model, row, sounds.NAME, FOLD_ROLE) for row in range(3)]
    assert folds == [None, ("+3 copies", False), ("+1 in folder", False)]
    assert text(model, 1, sounds.FOLDER, FOLD_ROLE) is None
    assert ids_shown(model) == [1, 2, 3]


def test_unfolded_copies_are_indented_rows_of_their_own(model: SoundsModel):
    model.show(folded_listing(with_further(2)))
    model.toggle_fold(1)
    assert ids_shown(model) == [1, 2, 2, 2, 7, 8, 9, 3]
    assert text(model, 1, sounds.NAME, FOLD_ROLE) == ("+3 copies", True)
    assert text(model, 4, sounds.NAME) == "\u2003\u2003kick 7.wav"
    assert text(model, 4, sounds.FOLDER) == "Drums"
    assert text(model, 7, sounds.NAME) == "kick 3.wav"
    assert (model.fold_row(6), model.fold_row(7), model.row_of(8)) == (1, 7, 5)
    model.toggle_fold(1)
    assert ids_shown(model) == [1, 2, 2, 2, 3]
    assert text(model, 1, sounds.NAME, FOLD_ROLE) == ("+3 copies", False)


def test_what_is_unfolded_stays_so_while_the_list_is_refreshed(model: SoundsModel):
    model.show(folded_listing())
    model.toggle_fold(1)
    model.show(Listing(np.arange(0, 4), copies=Below.of({2: np.array([7, 9])})))
    assert ids_shown(model) == [0, 1, 2, 7, 9, 3]
    model.show(Listing(np.arange(0, 4)))
    assert ids_shown(model) == [0, 1, 2, 3]


def test_a_list_with_other_copies_is_another_list(model: SoundsModel):
    model.show(folded_listing())
    assert model.shows(folded_listing())
    assert not model.shows(replace(folded_listing(), copies=Below.of({2: np.array([7, 8])})))
    assert not model.shows(replace(folded_listing(), others=Below()))


def test_the_line_above_what_is_no_match_stays_at_its_sound(model: SoundsModel):
    model.show(replace(folded_listing(), n_likely=2))
    model.toggle_fold(1)
    assert model.first_unlikely_row == model.row_of(3) == 5
