"""Who is there: raters who began here, and somebody new, who agrees to take part and tells as much as they like."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import (
    QApplication,
    QButtonGroup,
    QCheckBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QStyle,
    QStyleOptionButton,
    QVBoxLayout,
    QWidget,
)

from bowerbird.gui.listening.rating_state import RaterRow, RatersState
from bowerbird.gui.listening.rating_steps_view import CentredColumn
from bowerbird.gui.listening.rating_widgets import FlowLayout
from bowerbird.gui.shell import theme
from bowerbird.gui.shell.styled import button, label, styled

_UNTOLD = "Not told"


class RatersPage(CentredColumn):
    """Asks who is there.

    Signals
    -------
    begun : (str, dict of str to str, bool)
        Pseudonym, background, and whether the box is ticked.
    chosen : str
        Pseudonym of one who began here.
    """

    begun = Signal(str, object, bool)
    chosen = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._told: dict[str, _Choices] = {}
        self._people: list[QPushButton] = []
        self._is_built = False
        self._message = label("", "now", wraps=True)

    def show_raters(self, state: RatersState) -> None:
        """Ask, or say what is missing."""
        if not self._is_built:
            self._build(state)
            self._is_built = True
        self._message.setText(state.message)
        self._message.setVisible(bool(state.message))
        if state.message:
            self.ensureWidgetVisible(self._message)

    def _build(self, state: RatersState) -> None:
        column = self.column
        column.addStretch(1)
        column.addWidget(label(state.title, "question", wraps=True))
        if state.people:
            column.addWidget(label("Go on as", "muted"))
            column.addLayout(self._list(state.people))
            column.addSpacing(12)
        column.addWidget(label("Begin as somebody new" if state.people else "Who listens?", "muted"))
        self.name = QLineEdit(state.pseudonym)
        styled(self.name, "field")
        self.name.setMaxLength(60)
        self.name.setPlaceholderText("Any name but your own, such as heron")
        self.name.setAccessibleName("Pseudonym")
        column.addWidget(self.name)
        column.addWidget(label(state.consent, "prose", wraps=True))
        self.consent = _Tick("I agree to take part")
        column.addWidget(self.consent, 0, Qt.AlignmentFlag.AlignLeft)
        column.addSpacing(4)
        column.addWidget(label("If you like, for the report", "muted"))
        for name, words, values in state.background:
            self._told[name] = told = _Choices(words, values)
            column.addWidget(told)
        column.addSpacing(4)
        column.addWidget(self._message)
        self.start = button("Begin", "primary", self._begin)
        column.addWidget(self.start, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(2)
        (self._people[0] if self._people and not state.pseudonym else self.name).setFocus()

    def _list(self, people: Sequence[RaterRow]) -> QVBoxLayout:
        layout = QVBoxLayout()
        layout.setSpacing(4)
        for person in people:
            made = QPushButton()
            styled(made, "rater")
            made.setAccessibleName(f"{person.pseudonym}, {person.progress}")
            made.setMinimumHeight(36)
            inner = QHBoxLayout(made)
            inner.setContentsMargins(12, 0, 12, 0)
            for text, role in ((person.pseudonym, "words"), (person.progress, "muted")):
                one = label(text, role)
                one.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
                inner.addWidget(one, 1 if role == "words" else 0)
            made.clicked.connect(partial(lambda name, _=False: self.chosen.emit(name), person.pseudonym))
            layout.addWidget(made)
            self._people.append(made)
        return layout

    def _begin(self) -> None:
        background = {name: line.value for name, line in self._told.items() if line.value}
        self.begun.emit(self.name.text(), background, self.consent.isChecked())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter goes on as who has the focus, or begins; arrows go through the list."""
        focused = QApplication.focusWidget()
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            if focused in self._people and isinstance(focused, QPushButton):
                focused.click()
            else:
                self._begin()
        elif focused in self._people and event.key() in {Qt.Key.Key_Up, Qt.Key.Key_Down}:
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            order: list[QWidget] = [*self._people, self.name]
            index = order.index(focused) + step
            order[min(len(order) - 1, max(0, index))].setFocus(Qt.FocusReason.TabFocusReason)
        else:
            super().keyPressEvent(event)


class _Tick(QCheckBox):
    """A box with a tick of our own colours."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the tick over the box."""
        super().paintEvent(event)
        if not self.isChecked():
            return
        option = QStyleOptionButton()
        self.initStyleOption(option)
        box = QRectF(self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self))
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(QColor(theme.shown().ground), 2))
        corners = ((0.25, 0.52), (0.43, 0.7), (0.76, 0.3))
        painter.drawPolyline([QPointF(box.x() + x * box.width(), box.y() + y * box.height()) for x, y in corners])


class _Choices(QWidget):
    """Something that can be told: one of a few words, or nothing. Arrows go from word to word."""

    def __init__(self, words: str, values: Sequence[str]) -> None:
        super().__init__()
        self._group = QButtonGroup(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(label(words, "small"))
        row = QWidget()
        flow = FlowLayout(row)
        for value in (_UNTOLD, *values):
            one = styled(QPushButton(value), "option")
            one.setCheckable(True)
            one.setAccessibleName(f"{words}: {value}")
            self._group.addButton(one)
            flow.addWidget(one)
        self._group.buttons()[0].setChecked(True)
        layout.addWidget(row)

    @property
    def value(self) -> str:
        """What was told; "" for nothing."""
        chosen = self._group.checkedButton()
        return "" if chosen is None or chosen.text() == _UNTOLD else chosen.text()
