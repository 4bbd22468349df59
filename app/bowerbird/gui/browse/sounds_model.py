"""The model of the sounds table: a list of ids, and a cache of the rows that were shown.

Below a long sound, further moments of it that match have rows of their own; below a sound that was unfolded, its copies
and the other sounds of its folder.
"""

import os
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QAbstractTableModel, QMimeData, QModelIndex, QObject, QPersistentModelIndex, Qt

from bowerbird.base.errors import CatalogueError
from bowerbird.base.text import clock_text, printable
from bowerbird.catalogue.protocol import Reader
from bowerbird.catalogue.records import SoundRow
from bowerbird.domain.matches import Match, Moment
from bowerbird.gui.browse.columns import COLUMNS, MATCH, NAME
from bowerbird.gui.shell.drops import files_of
from bowerbird.gui.translation import translate
from bowerbird.library.search.browsing import Listing
from bowerbird.library.search.folding import Below

ROW_ROLE: Final = int(Qt.ItemDataRole.UserRole)
MATCH_ROLE: Final = int(Qt.ItemDataRole.UserRole) + 1
PLAYING_ROLE: Final = int(Qt.ItemDataRole.UserRole) + 2

MOMENT_ROLE: Final = int(Qt.ItemDataRole.UserRole) + 3
"""The region of a moment, in seconds; None in the rows of sounds."""

FOLD_ROLE: Final = int(Qt.ItemDataRole.UserRole) + 4
"""What is folded below a sound, such as "+11 copies", and whether it is shown; None where nothing is."""

_INDENT: Final = "\u2003\u2003"
_DISPLAY: Final = int(Qt.ItemDataRole.DisplayRole)
_TOOL_TIP: Final = int(Qt.ItemDataRole.ToolTipRole)
_ALIGNMENT: Final = int(Qt.ItemDataRole.TextAlignmentRole)
_ROLES: Final = frozenset({_DISPLAY, _TOOL_TIP, _ALIGNMENT, ROW_ROLE, MATCH_ROLE, PLAYING_ROLE, MOMENT_ROLE, FOLD_ROLE})
_RIGHT: Final = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_LEFT: Final = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_ROW_FLAGS: Final = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsDragEnabled
_LAST: Final = len(COLUMNS) - 1

_PAGE: Final = 64
_MAX_PAGES: Final = 128

Index = QModelIndex | QPersistentModelIndex
_ROOT: Final = QModelIndex()


class SoundsModel(QAbstractTableModel):
    """Shows ids as rows; a row that cannot be read is empty.

    Parameters
    ----------
    reader : Reader
        Of the window's thread.

    Attributes
    ----------
    files_for_drag : callable
        Returns the files that are dragged for some sounds; by default their own.
    """

    def __init__(self, reader: Reader, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._reader = reader
        self.files_for_drag: Callable[[Sequence[Path]], Sequence[Path]] = lambda paths: paths
        self._listed: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self._ids = self._listed
        self._moments: npt.NDArray[np.int64] = np.zeros(0, np.int64)
        self._is_below: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._copies = Below()
        self._others = Below()
        self._unfolded: set[int] = set()
        self._matches: Mapping[int, Match] = {}
        self._by_name: Match | None = None
        self._n_likely: int | None = None
        self._pages: OrderedDict[int, dict[int, SoundRow]] = OrderedDict()
        self._playing_id: int | None = None
        self._away: tuple[str, ...] = ()

    # Content

    def show(self, listing: Listing) -> None:
        """Show other sounds; those that were unfolded and are still listed stay so."""
        ids, matches = listing.ids, listing.matches
        self.beginResetModel()
        self._listed, self._matches, self._by_name = ids, matches, listing.by_name
        self._n_likely = listing.n_likely
        self._copies, self._others = listing.copies, listing.others
        self._ids, self._moments = with_moments(ids, matches)
        self._is_below = np.zeros(len(self._ids), np.bool_)
        self._unfolded = {each for each in self._unfolded if len(self._folded_below(each))}
        for sound_id in list(self._unfolded):
            row = self.row_of(sound_id)
            if row >= 0:
                self._insert_below(row, self._folded_below(sound_id))
            else:
                self._unfolded.discard(sound_id)
        self._pages.clear()
        self.endResetModel()

    # Folding

    def _folded_below(self, sound_id: int) -> npt.NDArray[np.int64]:
        nothing = np.zeros(0, np.int64)
        return np.concatenate([self._copies.get(sound_id, nothing), self._others.get(sound_id, nothing)])

    def _row_behind(self, row: int) -> int:
        """Return the first row behind a sound and its moments."""
        row += 1
        while row < len(self._ids) and self._moments[row]:
            row += 1
        return row

    def _insert_below(self, row: int, ids: npt.NDArray[np.int64]) -> None:
        """Insert rows behind a sound and its moments."""
        first = self._row_behind(row)
        self._ids = np.insert(self._ids, first, ids)
        self._moments = np.insert(self._moments, first, np.zeros(len(ids), np.int64))
        self._is_below = np.insert(self._is_below, first, np.ones(len(ids), np.bool_))

    def fold_of(self, row: int) -> tuple[str, bool] | None:
        """Return what is folded below a row, in words, and whether it is shown; None where nothing is."""
        if not (self._copies or self._others) or not 0 <= row < len(self._ids):
            return None
        if self._is_below[row] or self._moments[row]:
            return None
        sound_id = int(self._ids[row])
        n_copies, n_others = len(self._copies.get(sound_id, ())), len(self._others.get(sound_id, ()))
        if not n_copies and not n_others:
            return None
        texts = []
        if n_copies:
            text = self.tr("+1 copy") if n_copies == 1 else self.tr("+{n} copies")
            texts.append(text.format(n=f"{n_copies:,}"))
        if n_others:
            texts.append(self.tr("+{n} in folder").format(n=f"{n_others:,}"))
        return "  ".join(texts), sound_id in self._unfolded

    def fold_row(self, row: int) -> int:
        """Return the row that a row is folded below; the row itself where that is none."""
        while row > 0 and (self._is_below[row] or self._moments[row]):
            row -= 1
        return row

    def toggle_fold(self, row: int) -> None:
        """Show what is folded below a row, or fold it again."""
        fold = self.fold_of(row)
        if fold is None:
            return
        sound_id, (_, is_shown) = int(self._ids[row]), fold
        below = self._folded_below(sound_id)
        self._pages.clear()
        if not is_shown:
            first = self._row_behind(row)
            self.beginInsertRows(_ROOT, first, first + len(below) - 1)
            self._insert_below(row, below)
            self._unfolded.add(sound_id)
            self.endInsertRows()
        else:
            first = self._row_behind(row)
            rows = np.arange(first, first + len(below))
            self.beginRemoveRows(_ROOT, first, first + len(below) - 1)
            self._ids, self._moments = np.delete(self._ids, rows), np.delete(self._moments, rows)
            self._is_below = np.delete(self._is_below, rows)
            self._unfolded.discard(sound_id)
            self.endRemoveRows()
        self.dataChanged.emit(self.index(row, 0), self.index(row, _LAST))

    def refresh(self) -> None:
        """Read rows again; the ids stay."""
        self._pages.clear()
        if len(self._ids):
            self.dataChanged.emit(self.index(0, 0), self.index(len(self._ids) - 1, _LAST))

    def show_away(self, folders: Sequence[Path]) -> None:
        """Show the sounds in folders that are not connected as missing."""
        prefixes = tuple(f"{folder}{os.sep}" for folder in folders)
        if prefixes != self._away:
            self._away = prefixes
            self.refresh()

    def _marked_if_away(self, sound: SoundRow) -> SoundRow:
        is_away = bool(self._away) and str(sound.path).startswith(self._away)
        return replace(sound, is_missing=True) if is_away else sound

    def shows(self, listing: Listing) -> bool:
        """Return whether exactly these ids, with these moments, are shown, in this order and as likely."""
        is_same = np.array_equal(self._listed, listing.ids) and self._n_likely == listing.n_likely
        is_same = is_same and self._copies.is_same(listing.copies) and self._others.is_same(listing.others)
        return is_same and _moments_of(self._matches) == _moments_of(listing.matches)

    @property
    def first_unlikely_row(self) -> int | None:
        """The row of the first sound that is probably no match; None where there is none, or where it is not known."""
        if self._n_likely is None:
            return None
        return int(np.flatnonzero((self._moments == 0) & ~self._is_below)[self._n_likely])

    def sound_id(self, row: int) -> int | None:
        """Return the id in a row."""
        return int(self._ids[row]) if 0 <= row < len(self._ids) else None

    @property
    def has_moments(self) -> bool:
        """Whether sounds have further moments with rows of their own."""
        return len(self._ids) > len(self._listed)

    def moment_s(self, row: int) -> float | None:
        """Return where the moment in a row begins, in seconds; None for a sound itself."""
        is_moment = 0 <= row < len(self._ids) and bool(self._moments[row])
        return self.matched_region(row)[0] if is_moment else None

    def row_of(self, sound_id: int | None, moment_s: float | None = None) -> int:
        """Return the row of an id, or of a moment of it if that is shown; -1 where the id is not shown."""
        if sound_id is None:
            return -1
        found: list[int] = np.flatnonzero(self._ids == sound_id).tolist()
        if moment_s is not None:
            return next((row for row in found if self.moment_s(row) == moment_s), found[0] if found else -1)
        return found[0] if found else -1

    def sound_ids(self, rows: Sequence[int]) -> npt.NDArray[np.int64]:
        """Return the ids in rows, each once, shape (n,)."""
        ids = self._ids[np.asarray(rows, np.int64)]
        return ids[np.sort(np.unique(ids, return_index=True)[1])]

    def rows_of(self, sound_ids: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """Return the rows of those ids that are shown, in order, shape (n,); those of their moments are left out."""
        return np.flatnonzero(np.isin(self._ids, sound_ids) & (self._moments == 0)).astype(np.int64)

    def sound(self, row: int) -> SoundRow | None:
        """Return the sound in a row; it is read at first use."""
        if not 0 <= row < len(self._ids):
            return None
        number = row // _PAGE
        page = self._pages.get(number)
        if page is None:
            wanted: Sequence[int] = self._ids[number * _PAGE : (number + 1) * _PAGE].tolist()
            try:
                page = self._reader.rows(wanted)
            except CatalogueError:
                page = {}
            page = {sound_id: self._marked_if_away(sound) for sound_id, sound in page.items()}
            self._pages[number] = page
            if len(self._pages) > _MAX_PAGES:
                self._pages.popitem(last=False)
        return page.get(int(self._ids[row]))

    def match_in(self, row: int) -> Match | None:
        """Return the match in a row; None in lists that are not ranked."""
        sound_id = self.sound_id(row)
        match = self._matches.get(sound_id, self._by_name) if sound_id is not None else None
        return match.at(int(self._moments[row])) if match is not None else None

    def matched_region(self, row: int) -> tuple[float, float]:
        """Return the region of a long sound that matched, in seconds; (0, 0) for the whole sound."""
        match = self.match_in(row)
        sound = self.sound(row) if match is not None else None
        if match is None or sound is None or not match.is_part_of(sound.duration_s):
            return 0.0, 0.0
        return match.start_s, match.end_s

    def mark_playing(self, sound_id: int | None) -> None:
        """Mark the row of the playing sound."""
        for changed in (self._playing_id, sound_id):
            row = self.row_of(changed)
            if row >= 0:
                self.dataChanged.emit(self.index(row, 0), self.index(row, _LAST))
        self._playing_id = sound_id

    # Qt's interface

    def rowCount(self, parent: Index = _ROOT) -> int:
        """Return the number of rows."""
        return 0 if parent.isValid() else len(self._ids)

    def columnCount(self, parent: Index = _ROOT) -> int:
        """Return the number of columns."""
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _DISPLAY) -> Any:
        """Return headings."""
        if orientation is not Qt.Orientation.Horizontal:
            return None
        if role == _DISPLAY:
            heading = COLUMNS[section].heading
            return translate("Columns", heading) if heading else ""
        if role == _ALIGNMENT:
            return _RIGHT if COLUMNS[section].is_numeric else _LEFT
        if role == _TOOL_TIP and section == MATCH:
            return self.tr("How similar the sound is, compared with the rest of the library")
        return None

    def data(self, index: Index, role: int = _DISPLAY) -> Any:
        """Return cells. Other roles are answered first: one repaint makes some 1,500 calls."""
        if role not in _ROLES:
            return None
        column = index.column()
        if role == _ALIGNMENT:
            return _RIGHT if COLUMNS[column].is_numeric else _LEFT
        row = index.row()
        sound_id = int(self._ids[row])
        if role == PLAYING_ROLE:
            return sound_id == self._playing_id and not self._moments[row]
        if role == MATCH_ROLE:
            return self.match_in(row)
        if role == FOLD_ROLE:
            return self.fold_of(row) if column == NAME else None
        if role == MOMENT_ROLE:
            return self.matched_region(row) if self._moments[row] else None
        return self._of_sound(row, column, role)

    def _of_sound(self, row: int, column: int, role: int) -> Any:
        sound = self.sound(row)
        if sound is None or role == ROW_ROLE:
            return sound
        if role == _TOOL_TIP:
            return self._tool_tip(sound, row, column)
        return self._text(sound, row, column)

    def _text(self, sound: SoundRow, row: int, column: int) -> str:
        if self._moments[row]:
            return f"{_INDENT}{_span_text(*self.matched_region(row))}" if column == NAME else ""
        text = COLUMNS[column].text(sound)
        if column == NAME and self._is_below[row]:
            text = f"{_INDENT}{text}"
        if column == NAME and self._matches:
            start_s, end_s = self.matched_region(row)
            if end_s:
                text = f"{text}   {_span_text(start_s, end_s)}"
            match = self.match_in(row)
            if match is not None and match.speed != 1.0:
                speed = self.tr("at half speed") if match.speed < 1.0 else self.tr("at double speed")
                text = f"{text}   {speed}"
        return text

    def _tool_tip(self, sound: SoundRow, row: int, column: int) -> str:
        match = self.match_in(row)
        start_s, end_s = self.matched_region(row)
        if column == NAME and end_s:
            region = self.tr("Matches from {start} to {end}").format(start=clock_text(start_s), end=clock_text(end_s))
            return f"{printable(str(sound.path))}\n{region}"
        if column == MATCH and match is not None:
            return "\n".join([match.why.capitalize(), *self._how_good(match)])
        path = printable(str(sound.path))
        return f"{path}\n{self.tr('Cannot find this file. Is its drive connected?')}" if sound.is_missing else path

    def _how_good(self, match: Match) -> list[str]:
        """Return sentences about how likely a match is right, and its rank."""
        lines = []
        if match.probability is not None:
            text = self.tr("Of 100 matches like this, about {n} are right")
            lines.append(text.format(n=round(100 * match.probability)))
        if match.percentile is not None:
            lines.append(self.tr("More similar than {share} % of the library").format(share=f"{match.percentile:.1f}"))
        return lines

    def flags(self, index: Index) -> Qt.ItemFlag:
        """Return that rows can be selected and dragged to other programs."""
        return _ROW_FLAGS if index.isValid() else Qt.ItemFlag.NoItemFlags

    def mimeTypes(self) -> list[str]:
        """Return what a drag contains: files."""
        return ["text/uri-list"]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        """Return the files of the rows, each once."""
        rows = dict.fromkeys(index.row() for index in indexes)
        sounds = [sound for row in rows if (sound := self.sound(row)) is not None]
        return self.dragged_files(list(dict.fromkeys(sound.path for sound in sounds)))

    def dragged_files(self, paths: Sequence[Path]) -> QMimeData:
        """Return the files of some sounds as they are dragged."""
        return files_of(self.files_for_drag(paths))


def _moments_of(matches: Mapping[int, Match]) -> dict[int, tuple[Moment, ...]]:
    return {sound_id: match.moments for sound_id, match in matches.items() if match.moments}


def with_moments(
    ids: npt.NDArray[np.int64], matches: Mapping[int, Match]
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Return the id of each row and the number of its moment, 0 for the sound itself, shapes (n_rows,)."""
    n_moments = {sound_id: len(match.moments) for sound_id, match in matches.items() if match.moments}
    if not n_moments:
        return ids, np.zeros(len(ids), np.int64)
    n_rows = np.ones(len(ids), np.int64)
    for index in np.flatnonzero(np.isin(ids, list(n_moments))).tolist():
        n_rows[index] += n_moments[int(ids[index])]
    starts = np.repeat(np.cumsum(n_rows) - n_rows, n_rows)
    return np.repeat(ids, n_rows), np.arange(len(starts)) - starts


def _span_text(start_s: float, end_s: float) -> str:
    """Return where a part of a sound begins and ends; short events begin and end in the same second."""
    start, end = clock_text(start_s), clock_text(end_s)
    return start if start == end else f"{start}–{end}"
