"""The page on which a rater resumes or joins, with consent and optional background questions."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QApplication,
    QButtonGroup,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from bowerbird.gui.listening.rating_state import RaterRow, RatersState
from bowerbird.gui.listening.rating_steps_view import CentredColumn
from bowerbird.gui.listening.rating_widgets import FlowLayout
from bowerbird.gui.shell.styled import CheckBox, button, label, styled


class RatersPage(CentredColumn):
    """Lists raters, and lets a new rater join.

    Signals
    -------
    join_requested : (str, dict of str to str, bool)
        Alias, background, and whether the rater consents.
    resume_requested : str
        Alias.
    """

    join_requested = Signal(str, object, bool)
    resume_requested = Signal(str)

    def __init__(self) -> None:
        super().__init__()
        self._background: dict[str, _Options] = {}
        self._buttons: list[QPushButton] = []
        self._is_built = False
        self._message = label("", "now", wraps=True)

    def show_raters(self, state: RatersState) -> None:
        """Show the page, or a message."""
        if not self._is_built:
            self._build(state)
            self._is_built = True
        self._message.setText(state.message or "")
        self._message.setVisible(bool(state.message))
        if state.message:
            self.ensureWidgetVisible(self._message)

    def _build(self, state: RatersState) -> None:
        column = self.column
        column.addStretch(1)
        column.addWidget(label(state.title, "question", wraps=True))
        if state.raters:
            column.addWidget(label(self.tr("Continue as"), "muted"))
            column.addLayout(self._list(state.raters))
            column.addSpacing(12)
        column.addWidget(
            label(self.tr("Or join under a new alias") if state.raters else self.tr("Your alias"), "muted")
        )
        self.name = QLineEdit(state.pseudonym)
        styled(self.name, "field")
        self.name.setMaxLength(60)
        self.name.setPlaceholderText(self.tr("Any name other than your own, such as heron"))
        self.name.setAccessibleName(self.tr("Your alias"))
        column.addWidget(self.name)
        column.addWidget(label(state.consent, "prose", wraps=True))
        self.consent = CheckBox(self.tr("I agree to take part"))
        column.addWidget(self.consent, 0, Qt.AlignmentFlag.AlignLeft)
        column.addSpacing(4)
        column.addWidget(label(self.tr("Optional, for the report"), "muted"))
        for name, text, values in state.background:
            self._background[name] = options = _Options(text, values)
            column.addWidget(options)
        column.addSpacing(4)
        column.addWidget(self._message)
        self.start = button(self.tr("Start"), "primary", self._join)
        column.addWidget(self.start, 0, Qt.AlignmentFlag.AlignLeft)
        column.addStretch(2)
        (self._buttons[0] if self._buttons and not state.pseudonym else self.name).setFocus()

    def _list(self, raters: Sequence[RaterRow]) -> QVBoxLayout:
        layout = QVBoxLayout()
        layout.setSpacing(4)
        for rater in raters:
            made = QPushButton()
            styled(made, "rater")
            made.setAccessibleName(f"{rater.pseudonym}, {rater.progress}")
            made.setMinimumHeight(36)
            inner = QHBoxLayout(made)
            inner.setContentsMargins(12, 0, 12, 0)
            for text, role in ((rater.pseudonym, "words"), (rater.progress, "muted")):
                line = label(text, role)
                line.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
                inner.addWidget(line, 1 if role == "words" else 0)
            made.clicked.connect(partial(lambda name, _=False: self.resume_requested.emit(name), rater.pseudonym))
            layout.addWidget(made)
            self._buttons.append(made)
        return layout

    def _join(self) -> None:
        background = {name: line.value for name, line in self._background.items() if line.value}
        self.join_requested.emit(self.name.text(), background, self.consent.isChecked())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Resume as the focused rater or join on Enter; move through the list with arrow keys."""
        focused = QApplication.focusWidget()
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            if focused in self._buttons and isinstance(focused, QPushButton):
                focused.click()
            else:
                self._join()
        elif focused in self._buttons and event.key() in {Qt.Key.Key_Up, Qt.Key.Key_Down}:
            step = 1 if event.key() == Qt.Key.Key_Down else -1
            order: list[QWidget] = [*self._buttons, self.name]
            index = order.index(focused) + step
            order[min(len(order) - 1, max(0, index))].setFocus(Qt.FocusReason.TabFocusReason)
        else:
            super().keyPressEvent(event)


class _Options(QWidget):
    """A background question: one of a few options, or no answer. Arrow keys move between options."""

    def __init__(self, text: str, values: Sequence[str]) -> None:
        super().__init__()
        self._group = QButtonGroup(self)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(label(text, "small"))
        row = QWidget()
        flow = FlowLayout(row)
        for value in (self.tr("Prefer not to say"), *values):
            option = styled(QPushButton(value), "option")
            option.setCheckable(True)
            option.setAccessibleName(f"{text}: {value}")
            self._group.addButton(option)
            flow.addWidget(option)
        self._group.buttons()[0].setChecked(True)
        layout.addWidget(row)

    @property
    def value(self) -> str | None:
        """The chosen option; None for no answer."""
        checked = self._group.checkedButton()
        return None if checked is None or checked is self._group.buttons()[0] else checked.text()
