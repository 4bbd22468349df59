"""A page of a listening test: the question, what is asked about, candidates, and what can be said of them."""

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
from bowerbird.gui.listening.rating_stimuli_view import CandidateList, ReferenceCard
from bowerbird.gui.listening.rating_widgets import FlowLayout, KeyButton, set_state
from bowerbird.gui.shell.styled import ElidedLabel, label, styled

_WIDEST_PX: Final = 1080
_HIGHEST_PX: Final = {"grade": 740, "preference": 640, "abx": 400}
_GAP_PX: Final = 16
_SCROLL_BAR_PX: Final = 12
_NARROW_PX: Final = 640
_TITLES: Final = {"preference": ("Left", "Right"), "grade": ("",), "abx": ("", "")}


class TrialPage(QWidget):
    """Shows a page and says what was done to it.

    Signals
    -------
    did : Command
    """

    did = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._state: PageState | None = None
        self._at_hand: int | None = None
        self._title = ElidedLabel("muted", Qt.TextElideMode.ElideRight)
        self._progress = label("", "muted")
        self._bar = QProgressBar()
        self._bar.setMaximum(1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Pages done")
        self._question = label("", "question", wraps=True)
        self._body = QWidget()
        self._body_layout = QVBoxLayout(self._body)
        self._body_layout.setContentsMargins(0, 0, 0, 0)
        self._body_layout.setSpacing(8)
        self._first: ReferenceCard | None = None
        self._first_place = QVBoxLayout()  # it stays while candidates scroll
        self.lists: list[CandidateList] = []
        self._headings: list[KeyButton] = []
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        styled(self._scroll, "trial")
        self._scroll.setWidget(self._body)
        self._foot = _Foot(self.did.emit)
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
        column.addLayout(self._first_place)
        column.addWidget(self._scroll, 1)
        column.addWidget(self._foot)
        self._outer = QHBoxLayout(self)
        self._outer.setContentsMargins(0, 12, 0, 12)
        self._outer.addWidget(self._column)

    def show_page(self, state: PageState) -> None:
        """Show a page as it stands."""
        before, self._state = self._state, state
        if before is None or _shape(before) != _shape(state):
            self._build(state)
        self._title.set_whole(state.title)
        self._progress.setText(state.progress)
        set_state(self._progress, "training", state.is_training)
        self._bar.setValue(round(1000 * state.share))
        self._question.setText(state.question)
        if self._first is not None and state.first is not None:
            self._first.show_sound(state.first, mark=state.mark, is_selected=False)
        for number, (candidate_list, candidates) in enumerate(zip(self.lists, state.lists, strict=True)):
            is_listed = state.kind != "preference" or number == state.selected_list
            candidate_list.show_candidates(candidates, mark=state.mark, is_listed=is_listed)
        for number, heading in enumerate(self._headings):
            set_state(heading, "selected", number == state.selected_list)
        self._foot.show_page(state)
        self._show_selected(
            next((index for index, candidate in enumerate(state.candidates) if candidate.is_selected), None)
        )

    def _show_selected(self, index: int | None) -> None:
        """Scroll to the candidate at hand, where another one has become it."""
        if index is not None and index != self._at_hand:
            self._scroll.ensureWidgetVisible([row for column in self.lists for row in column.rows][index], 0, 4)
        self._at_hand = index

    @property
    def foot(self) -> QWidget:
        """What stands below the sounds."""
        return self._foot

    @property
    def comment_field(self) -> QLineEdit:
        """Where a comment is written."""
        return self._foot.field

    def _build(self, state: PageState) -> None:
        """Make the sounds of another page."""
        while (item := self._body_layout.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        if self._first is not None:
            self._first_place.removeWidget(self._first)
            self._first.hide()
            self._first.deleteLater()
        self._first = ReferenceCard(state)
        self._first.did.connect(self.did)
        self._first_place.addWidget(self._first)
        self.lists = [CandidateList(candidates, state) for candidates in state.lists]
        self._headings = []
        sides = QWidget()
        grid = QGridLayout(sides)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(_GAP_PX)
        grid.setVerticalSpacing(4)
        for number, candidate_list in enumerate(self.lists):
            candidate_list.did.connect(self.did)
            if len(self.lists) == 1:
                candidate_list.arranged.connect(self._first.end_line)
            if title := _TITLES[state.kind][number]:
                heading = KeyButton("←→"[number], title, "side", partial(self.did.emit, SelectList(number)))
                self._headings.append(heading)
                grid.addWidget(heading, 0, number)
            grid.addWidget(candidate_list, 1, number)
            grid.setColumnStretch(number, 1)
        self._body_layout.addWidget(sides)
        self._body_layout.addStretch(1)
        self._scroll.verticalScrollBar().setValue(0)
        self._foot.build(state)
        self._arrange()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Keep lines short on a wide screen."""
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
        """Tell the lists how much room they have, whether the page scrolls or not."""
        edges = self._outer.contentsMargins()
        room_px = self.width() - edges.left() - edges.right() - _SCROLL_BAR_PX
        n_lists = max(1, len(self.lists))
        for candidate_list in self.lists:
            candidate_list.fit((room_px - _GAP_PX * (n_lists - 1)) // n_lists)


def _shape(state: PageState) -> tuple[object, ...]:
    return (
        state.kind,
        state.number,
        state.words,
        state.grades,
        state.ends,
        [len(candidates) for candidates in state.lists],
    )


class _CommentField(QLineEdit):
    """A line that is kept by Enter and left by Escape."""

    kept = Signal(object)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Keep, leave, or write."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.kept.emit(Comment(self.text()))
        elif event.key() == Qt.Key.Key_Escape:
            self.kept.emit(Comment(None))
        else:
            super().keyPressEvent(event)

    def event(self, event: QEvent) -> bool:
        """Tab is of no use in a single line."""
        if isinstance(event, QKeyEvent) and event.key() in {Qt.Key.Key_Tab, Qt.Key.Key_Backtab}:
            return True
        return super().event(event)


class _Foot(QWidget):
    """What is missing, answers to the whole page, and everything else that can be done."""

    def __init__(self, did: Callable[[object], object]) -> None:
        super().__init__()
        self._do = did
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
        self._toggle = KeyButton("space", "Play again", "act", lambda: self._do(Toggle()))
        self._unjudged = KeyButton("n", "Cannot judge", "act", lambda: self._do(CannotJudge()))
        self._broken = KeyButton("b", "Broken", "act", lambda: self._do(MarkBroken()))
        self._comment = KeyButton("c", "Comment", "act", lambda: self._do(StartComment()))
        self._undo = KeyButton("Ctrl+Z", "Undo", "act", lambda: self._do(Undo()))
        for action in (self._toggle, self._unjudged, self._broken, self._comment, self._undo):
            flow.addWidget(action)
        self._next = KeyButton("enter", "Next page", "next", lambda: self._do(Next()))
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setVerticalSpacing(8)
        self._grid.setHorizontalSpacing(12)
        self._grid.setColumnStretch(0, 1)
        self._grid.addWidget(line, 0, 0, 1, 2)
        self._grid.addWidget(self._answers, 1, 0, 1, 2)
        self._grid.addWidget(self._acts, 2, 0)
        self.field.kept.connect(self._do)
        self.fit(is_narrow=False)

    def build(self, state: PageState) -> None:
        """Make the answers of another page."""
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
        """Show what stands, and what is missing."""
        self._message.setText(state.message or state.why_not_next)
        set_state(self._message, "refusal", bool(state.message))
        is_heard = all(candidate.sound.is_heard for candidate in state.candidates) and (
            state.first is None or state.first.is_heard
        )
        for button, answer in zip(self._answer_buttons, state.answers, strict=True):
            set_state(button, "listened", is_heard)
            set_state(button, "chosen", answer.is_chosen)
        sounds = [candidate.sound for candidate in state.candidates] + ([state.first] if state.first else [])
        self._toggle.set_words("Stop" if any(sound.is_playing for sound in sounds) else "Play again")
        selected = next((candidate for candidate in state.candidates if candidate.is_selected), None)
        status = selected.status if selected is not None and state.kind == "grade" else ""
        set_state(self._unjudged, "chosen", state.is_unjudged or status == "Cannot judge")
        set_state(self._broken, "chosen", status == "Broken")
        set_state(
            self._comment, "chosen", bool(state.comment or (state.kind == "grade" and selected and selected.comment))
        )
        set_state(self._next, "off", bool(state.why_not_next))
        is_commenting = state.commenting is not None
        if is_commenting and self._line.currentWidget() is not self.field:
            self.field.setText(state.draft)
            self.field.setPlaceholderText(f"A comment on {state.commenting}. Enter keeps it.")
            self.field.setAccessibleName(f"Comment on {state.commenting}")
            self._line.setCurrentWidget(self.field)
            self.field.setFocus(Qt.FocusReason.OtherFocusReason)
            self.field.selectAll()
        elif not is_commenting and self._line.currentWidget() is self.field:
            self._line.setCurrentWidget(self._message)
            self.window().setFocus(Qt.FocusReason.OtherFocusReason)

    def fit(self, *, is_narrow: bool) -> None:
        """Put Next beside everything else, or below it."""
        if is_narrow == self._is_narrow:
            return
        self._is_narrow = is_narrow
        self._grid.removeWidget(self._next)
        if is_narrow:
            self._grid.addWidget(self._next, 3, 0, 1, 2)
        else:
            self._grid.addWidget(self._next, 2, 1, Qt.AlignmentFlag.AlignBottom)
