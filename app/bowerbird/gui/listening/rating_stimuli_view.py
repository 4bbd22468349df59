"""Sounds on a page of a listening test: letters and keys, what was heard, what was said. Never a name or a score."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from bowerbird.gui.listening.rating_state import CandidateState, Grade, PageState, Play, Slide, SoundState
from bowerbird.gui.listening.rating_widgets import KeyButton, ListenedLine, SlideLine, key_cap, set_state
from bowerbird.gui.shell.styled import ElidedLabel, label, styled

_LINE_PX: Final = 96
"""As much room is left for the line that shows what was heard, before grades go below it."""

_LETTER_PX: Final = 20
_STATE_PX: Final = 84
_EDGES_PX: Final = 200
"""Key, letter, state and gaps."""

_NARROW_PX: Final = 480
_ALIGNED_PX: Final = 360
"""Where less is left, the first line goes through to the end."""

_SLIDE_PX: Final = 420
_NO_LIMIT_PX: Final = 16_777_215


class _SoundFrame(QFrame):
    """A sound that plays when it is clicked.

    Signals
    -------
    did : Command
    """

    did = Signal(object)

    def __init__(self, sound: SoundState) -> None:
        super().__init__()
        self._position = sound.position
        self.cap = key_cap(sound.key)
        self.cap.setFixedSize(24, 20)
        self.line = ListenedLine()
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_sound(self, sound: SoundState, *, mark: float, is_selected: bool) -> None:
        """Show how it stands with the sound."""
        self.line.show_sound(sound, mark=mark)
        set_state(self, "state", "playing" if sound.is_playing else "selected" if is_selected else "")
        what = sound.letter or "The first sound"
        self.setAccessibleName(f"{what}, playing" if sound.is_playing else what)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Play."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.did.emit(Play(self._position))


class ReferenceCard(_SoundFrame):
    """What candidates are compared with: a sound, or words."""

    def __init__(self, state: PageState) -> None:
        sound = state.first or SoundState(None, "", "")
        super().__init__(sound)
        styled(self, "reference")
        self._layout = layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(12)
        if state.first is None:
            self.setCursor(Qt.CursorShape.ArrowCursor)
            layout.addWidget(label(f"“{state.words}”", "asked_words", wraps=True), 1)
            self.cap.hide()
            self.line.hide()
            return
        layout.addWidget(self.cap)
        name = label(sound.letter or "The first sound", "letter")
        if sound.letter:
            name.setFixedWidth(_LETTER_PX)
        layout.addWidget(name)
        layout.addWidget(self.line, 1)

    def end_line(self, tail_px: int, width_px: int) -> None:
        """End the line where those of the candidates end, in a card of that width."""
        end_px = 12 + tail_px if width_px - tail_px >= _ALIGNED_PX else 12
        if self.line.isVisibleTo(self):
            self._layout.setContentsMargins(12, 8, end_px, 8)


class CandidateRow(_SoundFrame):
    """A candidate with its grades."""

    def __init__(self, candidate: CandidateState, state: PageState) -> None:
        super().__init__(candidate.sound)
        styled(self, "candidate")
        self._letter = label(candidate.sound.letter, "letter")
        self._letter.setFixedWidth(_LETTER_PX)
        self._state = ElidedLabel("small", Qt.TextElideMode.ElideRight)
        self._state.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.grades = [
            KeyButton(key, words, "grade", partial(self.did.emit, Grade(number, self._position)), is_elided=True)
            for number, (key, words) in enumerate(state.grades)
        ]
        self.slide = SlideLine(state.ends) if state.has_slider else None
        if self.slide is not None:
            self.slide.placed.connect(self._placed)
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(12, 6, 12, 6)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(6)
        self._grid.setColumnStretch(2, 1)
        self._grid.addWidget(self.cap, 0, 0)
        self._grid.addWidget(self._letter, 0, 1)
        self._grid.addWidget(self.line, 0, 2)
        if state.kind == "grade":
            self._grid.addWidget(self._state, 0, 4)
            self._grid.setColumnMinimumWidth(4, _STATE_PX)
        self._answers = QWidget()
        answers = QVBoxLayout(self._answers)
        answers.setContentsMargins(0, 0, 0, 0)
        answers.setSpacing(4)
        self._bar = QGridLayout()
        self._bar.setSpacing(4)
        answers.addLayout(self._bar)
        if self.slide is not None:
            answers.addWidget(self.slide)
        self._arrangement: tuple[bool, int] | None = None

    @property
    def natural_px(self) -> int:
        """How wide a row is in which everything stands side by side."""
        return self._answers_px + _LINE_PX + _EDGES_PX

    @property
    def _answers_px(self) -> int:
        grades_px = sum(grade.natural_px for grade in self.grades) + 4 * max(0, len(self.grades) - 1)
        return max(grades_px, _SLIDE_PX if self.slide is not None else 0)

    def _fit_in(self, room_px: int, n_columns: int) -> bool:
        return all(grade.least_px <= (room_px - 4 * (n_columns - 1)) // n_columns for grade in self.grades)

    def tail_px(self, *, is_wide: bool) -> int:
        """How much stands to the right of the line."""
        if not self.grades and self.slide is None:
            return 0
        return _STATE_PX + 24 + (self._answers_px if is_wide else 0)

    def arrange(self, width_px: int, *, is_wide: bool) -> None:
        """Put grades beside the line, or below it, in as many columns as there is room for."""
        is_narrow = not is_wide and width_px <= _NARROW_PX
        for grade in self.grades:
            set_state(grade, "small", is_narrow)
        margin_px = 8 if is_narrow else 12
        self._grid.setContentsMargins(margin_px, 6, margin_px, 6)
        room_px = width_px - 2 * margin_px
        n_columns = max(1, len(self.grades))
        for n_rows in range(1, len(self.grades) + 1):
            n_columns = -(-len(self.grades) // n_rows)
            if is_wide or self._fit_in(room_px, n_columns):
                break
        for grade in self.grades:
            grade.centre(is_centred=is_wide or grade.natural_px <= room_px // n_columns - 4)
        if not (self.grades or self.slide) or self._arrangement == (is_wide, n_columns):
            return
        self._arrangement = (is_wide, n_columns)
        for old in self.grades:
            self._bar.removeWidget(old)
        for index, grade in enumerate(self.grades):
            self._bar.addWidget(grade, index // n_columns, index % n_columns)
        for index in range(self._bar.columnCount()):
            self._bar.setColumnStretch(index, int(not is_wide and index < n_columns))
        self._grid.removeWidget(self._answers)
        if is_wide:
            self._answers.setFixedWidth(self._answers_px)
            self._grid.addWidget(self._answers, 0, 3)
        else:
            self._answers.setMinimumWidth(0)
            self._answers.setMaximumWidth(_NO_LIMIT_PX)
            self._grid.addWidget(self._answers, 1, 0, 1, 5)

    def show_candidate(self, candidate: CandidateState, *, mark: float, is_listed: bool) -> None:
        """Show what was heard and said."""
        self.show_sound(candidate.sound, mark=mark, is_selected=candidate.is_selected)
        set_state(self.cap, "off", not is_listed)
        for number, grade in enumerate(self.grades):
            set_state(grade, "listened", candidate.sound.is_heard)
            set_state(grade, "chosen", candidate.grade == number)
            grade.show_key(is_shown=candidate.is_selected)
        if self.slide is not None:
            self.slide.show_value(candidate.slider)
        said = [candidate.status, f"“{candidate.comment}”" if candidate.comment else ""]
        self._state.set_whole(" · ".join(part for part in said if part))

    def _placed(self, value: float) -> None:
        assert self._position is not None
        self.did.emit(Slide(value, self._position))


class CandidateList(QWidget):
    """Candidates, one below the other.

    Signals
    -------
    did : Command
    arranged : (int, int)
        So many pixels stand to the right of the lines; width of the list.
    """

    did = Signal(object)
    arranged = Signal(int, int)

    def __init__(self, candidates: Sequence[CandidateState], state: PageState) -> None:
        super().__init__()
        self.rows = [CandidateRow(candidate, state) for candidate in candidates]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for row in self.rows:
            row.did.connect(self.did)
            layout.addWidget(row)
        layout.addStretch(1)

    def show_candidates(self, candidates: Sequence[CandidateState], *, mark: float, is_listed: bool) -> None:
        """Show how it stands with each."""
        for row, candidate in zip(self.rows, candidates, strict=True):
            row.show_candidate(candidate, mark=mark, is_listed=is_listed)

    def fit(self, width_px: int) -> None:
        """Put grades where there is room for them; in all rows alike."""
        is_wide = all(row.natural_px <= width_px for row in self.rows)
        for row in self.rows:
            row.arrange(width_px, is_wide=is_wide)
        if self.rows:
            self.arranged.emit(self.rows[0].tail_px(is_wide=is_wide), width_px)
