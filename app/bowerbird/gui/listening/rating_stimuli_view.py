"""The reference and the stimuli of a page: letters, keys, playback lines and grades. Names and scores are hidden."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from bowerbird.gui.listening.rating_state import Grade, PageState, Play, Slide, SoundState, StimulusState
from bowerbird.gui.listening.rating_widgets import KeyButton, PlayedRangeBar, SliderLine, key_cap, set_state
from bowerbird.gui.shell.styled import ElidedLabel, label, styled
from bowerbird.gui.translation import translate

_LINE_PX: Final = 96
"""Minimum width of the playback line beside the grades."""

_LETTER_PX: Final = 20
_STATUS_PX: Final = 84
_EDGES_PX: Final = 200
"""Width of key, letter, status and gaps."""

_NARROW_PX: Final = 480
_ALIGNED_PX: Final = 360
"""Minimum width of the reference's line for aligning it with the stimuli."""

_SLIDE_PX: Final = 420
_MAX_WIDGET_PX: Final = 16_777_215


class _SoundFrame(QFrame):
    """A sound that plays when it is clicked.

    Signals
    -------
    command : Command
    """

    command = Signal(object)

    def __init__(self, sound: SoundState) -> None:
        super().__init__()
        self._position = sound.position
        self.cap = key_cap(sound.key)
        self.cap.setFixedSize(24, 20)
        self.line = PlayedRangeBar()
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def show_sound(self, sound: SoundState, *, mark: float, is_selected: bool) -> None:
        """Show the playback state of the sound."""
        self.line.show_sound(sound, mark=mark)
        set_state(self, "state", "playing" if sound.is_playing else "selected" if is_selected else "")
        name = sound.letter or self.tr("Reference")
        self.setAccessibleName(self.tr("{}, playing").format(name) if sound.is_playing else name)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Play the sound."""
        if event.button() == Qt.MouseButton.LeftButton:
            self.command.emit(Play(self._position))


class ReferenceCard(_SoundFrame):
    """The query of a page: a reference sound, or words."""

    def __init__(self, state: PageState) -> None:
        sound = state.reference or SoundState(None, "", "")
        super().__init__(sound)
        styled(self, "reference")
        self._layout = layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 8, 12, 8)
        layout.setSpacing(12)
        if state.reference is None:
            self.setCursor(Qt.CursorShape.ArrowCursor)
            layout.addWidget(label(f"“{state.words}”", "asked_words", wraps=True), 1)
            self.cap.hide()
            self.line.hide()
            return
        layout.addWidget(self.cap)
        name = label(sound.letter or self.tr("Reference"), "letter")
        if sound.letter:
            name.setFixedWidth(_LETTER_PX)
        layout.addWidget(name)
        layout.addWidget(self.line, 1)

    def end_line(self, tail_px: int, width_px: int) -> None:
        """Align the end of the line with the lines of the stimuli."""
        end_px = 12 + tail_px if width_px - tail_px >= _ALIGNED_PX else 12
        if self.line.isVisibleTo(self):
            self._layout.setContentsMargins(12, 8, end_px, 8)


class StimulusRow(_SoundFrame):
    """A stimulus with its grade buttons and slider."""

    def __init__(self, stimulus: StimulusState, state: PageState) -> None:
        super().__init__(stimulus.sound)
        styled(self, "candidate")
        self._letter = label(stimulus.sound.letter, "letter")
        self._letter.setFixedWidth(_LETTER_PX)
        self._status = ElidedLabel("small", Qt.TextElideMode.ElideRight)
        self._status.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.grades = [
            KeyButton(key, text, "grade", partial(self.command.emit, Grade(number, self._position)), is_elided=True)
            for number, (key, text) in enumerate(state.grades)
        ]
        self.slide = SliderLine(state.ends) if state.has_slider else None
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
            self._grid.addWidget(self._status, 0, 4)
            self._grid.setColumnMinimumWidth(4, _STATUS_PX)
        self._grades_area = QWidget()
        answers = QVBoxLayout(self._grades_area)
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
        """The width of a row with everything side by side."""
        return self._answers_px + _LINE_PX + _EDGES_PX

    @property
    def _answers_px(self) -> int:
        grades_px = sum(grade.natural_px for grade in self.grades) + 4 * max(0, len(self.grades) - 1)
        return max(grades_px, _SLIDE_PX if self.slide is not None else 0)

    def _fits(self, room_px: int, n_columns: int) -> bool:
        return all(grade.min_px <= (room_px - 4 * (n_columns - 1)) // n_columns for grade in self.grades)

    def tail_px(self, *, is_wide: bool) -> int:
        """Return the width to the right of the line."""
        if not self.grades and self.slide is None:
            return 0
        return _STATUS_PX + 24 + (self._answers_px if is_wide else 0)

    def arrange(self, width_px: int, *, is_wide: bool) -> None:
        """Place the grades beside the line, or below it in as many columns as fit."""
        is_narrow = not is_wide and width_px <= _NARROW_PX
        for grade in self.grades:
            set_state(grade, "small", is_narrow)
        margin_px = 8 if is_narrow else 12
        self._grid.setContentsMargins(margin_px, 6, margin_px, 6)
        room_px = width_px - 2 * margin_px
        n_columns = max(1, len(self.grades))
        for n_rows in range(1, len(self.grades) + 1):
            n_columns = -(-len(self.grades) // n_rows)
            if is_wide or self._fits(room_px, n_columns):
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
        self._grid.removeWidget(self._grades_area)
        if is_wide:
            self._grades_area.setFixedWidth(self._answers_px)
            self._grid.addWidget(self._grades_area, 0, 3)
        else:
            self._grades_area.setMinimumWidth(0)
            self._grades_area.setMaximumWidth(_MAX_WIDGET_PX)
            self._grid.addWidget(self._grades_area, 1, 0, 1, 5)

    def show_stimulus(self, stimulus: StimulusState, *, mark: float, is_playable: bool) -> None:
        """Show the playback state and the response."""
        self.show_sound(stimulus.sound, mark=mark, is_selected=stimulus.is_selected)
        set_state(self.cap, "off", not is_playable)
        for number, grade in enumerate(self.grades):
            set_state(grade, "listened", stimulus.sound.is_listened)
            set_state(grade, "chosen", stimulus.grade == number)
            grade.show_key(is_shown=stimulus.is_selected)
        if self.slide is not None:
            self.slide.show_value(stimulus.slider)
        parts = [
            translate("Rating", stimulus.status) if stimulus.status else "",
            f"“{stimulus.comment}”" if stimulus.comment else "",
        ]
        self._status.set_text(" · ".join(part for part in parts if part))

    def _placed(self, value: float) -> None:
        assert self._position is not None
        self.command.emit(Slide(value, self._position))


class StimulusList(QWidget):
    """A column of stimuli.

    Signals
    -------
    command : Command
    arranged : (int, int)
        Width to the right of the lines, and width of the list, in pixels.
    """

    command = Signal(object)
    arranged = Signal(int, int)

    def __init__(self, stimuli: Sequence[StimulusState], state: PageState) -> None:
        super().__init__()
        self.rows = [StimulusRow(stimulus, state) for stimulus in stimuli]
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        for row in self.rows:
            row.command.connect(self.command)
            layout.addWidget(row)
        layout.addStretch(1)

    def show_stimuli(self, stimuli: Sequence[StimulusState], *, mark: float, is_playable: bool) -> None:
        """Show the state of each stimulus."""
        for row, stimulus in zip(self.rows, stimuli, strict=True):
            row.show_stimulus(stimulus, mark=mark, is_playable=is_playable)

    def fit(self, width_px: int) -> None:
        """Arrange all rows in the same way, as the width allows."""
        is_wide = all(row.natural_px <= width_px for row in self.rows)
        for row in self.rows:
            row.arrange(width_px, is_wide=is_wide)
        if self.rows:
            self.arranged.emit(self.rows[0].tail_px(is_wide=is_wide), width_px)
