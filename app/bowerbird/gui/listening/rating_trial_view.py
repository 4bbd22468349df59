"""A page of a listening test: the question, the reference, the stimuli, and a footer with buttons."""

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QProgressBar,
    QScrollArea,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from bowerbird.gui.listening import rating_texts as texts
from bowerbird.gui.listening.rating_state import (
    CannotJudge,
    Choose,
    Comment,
    MarkBroken,
    Next,
    PageState,
    SelectList,
    StartComment,
    Toggle,
    Undo,
)
from bowerbird.gui.listening.rating_stimuli_view import ReferenceCard, StimulusList
from bowerbird.gui.listening.rating_widgets import FlowLayout, KeyButton, set_state
from bowerbird.gui.shell.styled import ElidedLabel, label, styled

_WIDEST_PX: Final = 1080
_HIGHEST_PX: Final = {"grade": 740, "preference": 640, "abx": 400}
_GAP_PX: Final = 16
_SCROLL_BAR_PX: Final = 12
_NARROW_PX: Final = 640


class TrialPage(QWidget):
    """Shows a page of stimuli, and emits commands.

    Signals
    -------
    command : Command
    """

    command = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._state: PageState | None = None
        self._shown_index: int | None = None
        self._title = ElidedLabel("muted", Qt.TextElideMode.ElideRight)
        self._progress = label("", "muted")
        self._bar = QProgressBar()
        self._bar.setMaximum(1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._question = label("", "question", wraps=True)
        self._body = QWidget()
        self._body_layout = QVBoxLayout(self._body)
        self._body_layout.setContentsMargins(0, 0, 0, 0)
        self._body_layout.setSpacing(8)
        self._reference: ReferenceCard | None = None
        self._reference_area = QVBoxLayout()  # stays visible while stimuli scroll
        self.lists: list[StimulusList] = []
        self._headings: list[KeyButton] = []
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        styled(self._scroll, "trial")
        self._scroll.setWidget(self._body)
        self._foot = _Foot(self.command.emit)
        top = QHBoxLayout()
        top.setSpacing(16)
        top.addWidget(self._title, 1)
        top.addWidget(self._progress)
        self._column = QWidget()
        column = QVBoxLayout(self._column)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(top)
        column.addWidget(self._bar)
        column.addSpacing(8)
        column.addWidget(self._question)
        column.addSpacing(4)
        column.addLayout(self._reference_area)
        column.addWidget(self._scroll, 1)
        column.addWidget(self._foot)
        self._outer = QHBoxLayout(self)
        self._outer.setContentsMargins(0, 12, 0, 12)
        self._outer.addWidget(self._column)

    def show_page(self, state: PageState) -> None:
        """Show a page."""
        before, self._state = self._state, state
        if before is None or _shape(before) != _shape(state):
            self._build(state)
        self._title.set_text(state.title)
        self._progress.setText(state.progress)
        set_state(self._progress, "training", state.is_training)
        self._bar.setValue(round(1000 * state.share))
        self._question.setText(state.question)
        if self._reference is not None and state.reference is not None:
            self._reference.show_sound(state.reference, mark=state.mark, is_selected=False)
        for number, (stimulus_list, stimuli) in enumerate(zip(self.lists, state.lists, strict=True)):
            is_playable = state.kind != "preference" or number == state.selected_list
            stimulus_list.show_stimuli(stimuli, mark=state.mark, is_playable=is_playable)
        for number, heading in enumerate(self._headings):
            set_state(heading, "selected", number == state.selected_list)
        self._foot.show_page(state)
        self._show_selected(next((index for index, stimulus in enumerate(state.stimuli) if stimulus.is_selected), None))

    def _show_selected(self, index: int | None) -> None:
        """Scroll to the selected stimulus when the selection changes."""
        if index is not None and index != self._shown_index:
            self._scroll.ensureWidgetVisible([row for column in self.lists for row in column.rows][index], 0, 4)
        self._shown_index = index

    @property
    def foot(self) -> QWidget:
        """The footer below the stimuli."""
        return self._foot

    @property
    def comment_field(self) -> QLineEdit:
        """The field for a comment."""
        return self._foot.field

    def _build(self, state: PageState) -> None:
        """Create the widgets of a new page."""
        while (item := self._body_layout.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        if self._reference is not None:
            self._reference_area.removeWidget(self._reference)
            self._reference.hide()
            self._reference.deleteLater()
        self._reference = ReferenceCard(state)
        self._reference.command.connect(self.command)
        self._reference_area.addWidget(self._reference)
        self.lists = [StimulusList(stimuli, state) for stimuli in state.lists]
        self._headings = []
        titles = (self.tr("Left"), self.tr("Right")) if state.kind == "preference" else ("",) * len(self.lists)
        sides = QWidget()
        grid = QGridLayout(sides)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(_GAP_PX)
        grid.setVerticalSpacing(4)
        for number, stimulus_list in enumerate(self.lists):
            stimulus_list.command.connect(self.command)
            if len(self.lists) == 1:
                stimulus_list.arranged.connect(self._reference.end_line)
            if title := titles[number]:
                heading = KeyButton("←→"[number], title, "side", partial(self.command.emit, SelectList(number)))
                self._headings.append(heading)
                grid.addWidget(heading, 0, number)
            grid.addWidget(stimulus_list, 1, number)
            grid.setColumnStretch(number, 1)
        self._body_layout.addWidget(sides)
        self._body_layout.addStretch(1)
        self._scroll.verticalScrollBar().setValue(0)
        self._foot.build(state)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Limit the width on a wide screen."""
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        is_narrow = self.width() < _NARROW_PX
        edge = max(12 if is_narrow else 24, (self.width() - _WIDEST_PX) // 2)
        over = (
            12
            if is_narrow
            else max(12, (self.height() - _HIGHEST_PX[self._state.kind if self._state else "grade"]) // 2)
        )
        self._outer.setContentsMargins(edge, over, edge, over)
        self._foot.fit(is_narrow=is_narrow)
        self._fit()

    def _fit(self) -> None:
        """Fit the lists to the width, which is the same with and without a scroll bar."""
        edges = self._outer.contentsMargins()
        room_px = self.width() - edges.left() - edges.right() - _SCROLL_BAR_PX
        n_lists = max(1, len(self.lists))
        for stimulus_list in self.lists:
            stimulus_list.fit((room_px - _GAP_PX * (n_lists - 1)) // n_lists)


def _shape(state: PageState) -> tuple[object, ...]:
    return (
        state.kind,
        state.number,
        state.words,
        state.grades,
        state.ends,
        [len(stimuli) for stimuli in state.lists],
    )


class _CommentField(QLineEdit):
    """A comment field: Enter stores the comment, Escape cancels it."""

    finished = Signal(object)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Store, cancel or write."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.finished.emit(Comment(self.text()))
        elif event.key() == Qt.Key.Key_Escape:
            self.finished.emit(Comment(None))
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Ignore Tab, which would leave the field."""
        if isinstance(event, QKeyEvent) and event.key() in {Qt.Key.Key_Tab, Qt.Key.Key_Backtab}:
            return True
        return super().event(event)


class _Foot(QWidget):
    """The message, the answers to the whole page, and buttons."""

    def __init__(self, command: Callable[[object], object]) -> None:
        super().__init__()
        self._do = command
        self._is_narrow: bool | None = None
        self._message = label("", "message", wraps=True)
        self._message.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        self.field = _CommentField()
        styled(self.field, "field")
        self.field.setMaxLength(500)
        line = QWidget()
        line.setMinimumHeight(36)
        self._line = QStackedLayout(line)
        self._line.addWidget(self._message)
        self._line.addWidget(self.field)
        self._answers = QWidget()
        self._answers_layout = QHBoxLayout(self._answers)
        self._answers_layout.setContentsMargins(0, 0, 0, 0)
        self._answers_layout.setSpacing(8)
        self._answer_buttons: list[KeyButton] = []
        self._acts = QWidget()
        flow = FlowLayout(self._acts)
        flow.setContentsMargins(4, 0, 0, 0)
        self._toggle = KeyButton("space", self.tr("Play again"), "action", lambda: self._do(Toggle()))
        self._cannot_judge = KeyButton("n", self.tr("Cannot judge"), "action", lambda: self._do(CannotJudge()))
        self._broken = KeyButton("b", self.tr("Broken"), "action", lambda: self._do(MarkBroken()))
        self._comment = KeyButton("c", self.tr("Comment"), "action", lambda: self._do(StartComment()))
        self._undo = KeyButton("Ctrl+Z", self.tr("Undo"), "action", lambda: self._do(Undo()))
        for action in (self._toggle, self._cannot_judge, self._broken, self._comment, self._undo):
            flow.addWidget(action)
        self._next = KeyButton("enter", self.tr("Next page"), "next", lambda: self._do(Next()))
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(8)
        self._grid.setHorizontalSpacing(12)
        self._grid.setColumnStretch(0, 1)
        self._grid.addWidget(line, 0, 0, 1, 2)
        self._grid.addWidget(self._answers, 1, 0, 1, 2)
        self._grid.addWidget(self._acts, 2, 0)
        self.field.finished.connect(self._do)
        self.fit(is_narrow=False)

    def build(self, state: PageState) -> None:
        """Create the answer buttons of a new page."""
        for old in self._answer_buttons:
            self._answers_layout.removeWidget(old)
            old.hide()
            old.deleteLater()
        self._answer_buttons = [
            KeyButton(answer.key, answer.text, "grade", partial(self._do, Choose(answer.answer)), is_elided=True)
            for answer in state.answers
        ]
        for made in self._answer_buttons:
            self._answers_layout.addWidget(made)
        self._answers.setVisible(bool(self._answer_buttons))
        self._broken.setVisible(state.has_broken)

    def show_page(self, state: PageState) -> None:
        """Show the state of the page."""
        self._message.setText(state.message or state.why_not_next or "")
        set_state(self._message, "refusal", bool(state.message))
        is_listened = all(stimulus.sound.is_listened for stimulus in state.stimuli) and (
            state.reference is None or state.reference.is_listened
        )
        for button, answer in zip(self._answer_buttons, state.answers, strict=True):
            set_state(button, "listened", is_listened)
            set_state(button, "chosen", answer.is_chosen)
        sounds = [stimulus.sound for stimulus in state.stimuli] + ([state.reference] if state.reference else [])
        self._toggle.set_text(self.tr("Stop") if any(sound.is_playing for sound in sounds) else self.tr("Play again"))
        selected = next((stimulus for stimulus in state.stimuli if stimulus.is_selected), None)
        status = selected.status if selected is not None and state.kind == "grade" else ""
        set_state(self._cannot_judge, "chosen", state.cannot_judge or status == texts.CANNOT_JUDGE)
        set_state(self._broken, "chosen", status == texts.BROKEN)
        set_state(
            self._comment, "chosen", bool(state.comment or (state.kind == "grade" and selected and selected.comment))
        )
        set_state(self._next, "off", bool(state.why_not_next))
        is_commenting = state.commenting is not None
        if is_commenting and self._line.currentWidget() is not self.field:
            self.field.setText(state.draft)
            self.field.setPlaceholderText(self.tr("Comment on {}. Press Enter to save.").format(state.commenting))
            self.field.setAccessibleName(self.tr("Comment on {}").format(state.commenting))
            self._line.setCurrentWidget(self.field)
            self.field.setFocus(Qt.FocusReason.OtherFocusReason)
            self.field.selectAll()
        elif not is_commenting and self._line.currentWidget() is self.field:
            self._line.setCurrentWidget(self._message)
            self.window().setFocus(Qt.FocusReason.OtherFocusReason)

    def fit(self, *, is_narrow: bool) -> None:
        """Place the Next button beside the other buttons, or below them."""
        if is_narrow == self._is_narrow:
            return
        self._is_narrow = is_narrow
        self._grid.removeWidget(self._next)
        if is_narrow:
            self._grid.addWidget(self._next, 3, 0, 1, 2)
        else:
            self._grid.addWidget(self._next, 2, 1, Qt.AlignmentFlag.AlignBottom)
