"""Fields of a form: each with its unit beside it and what is wrong below it. They know words, not rules."""

from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QPointF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QWheelEvent
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QSpinBox,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionButton,
    QVBoxLayout,
    QWidget,
)

from bowerbird.gui.listening.study_design_fields import Field
from bowerbird.gui.shell import theme
from bowerbird.gui.shell.styled import label, styled

LABEL_PX: Final = 168
"""So wide are the names of fields where they stand beside them."""

_NUMBER_PX: Final = 84
_N_LINES: Final = 4


class Choice(QComboBox):
    """A choice among a few; the wheel scrolls the page, not the choice."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setItemDelegate(QStyledItemDelegate(self))  # the usual one does not know the style sheet

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave it to the page."""
        event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the arrow, which style sheets leave out."""
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.shown().colour("muted" if self.isEnabled() else "faint"), 1.5))
        x, y = self.width() - 15.0, self.height() / 2 + 2.0
        painter.drawPolyline([QPointF(x - 4, y - 4), QPointF(x, y), QPointF(x + 4, y - 4)])


class Tick(QCheckBox):
    """A box with a tick, which style sheets leave out."""

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the tick."""
        super().paintEvent(event)
        if not self.isChecked():
            return
        option = QStyleOptionButton()
        self.initStyleOption(option)
        box = self.style().subElementRect(QStyle.SubElement.SE_CheckBoxIndicator, option, self)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(theme.shown().colour("panel"), 1.75))
        x, y = box.x() + box.width() / 2, box.y() + box.height() / 2
        painter.drawPolyline([QPointF(x - 3.5, y), QPointF(x - 1, y + 2.75), QPointF(x + 3.5, y - 2.75)])


class Count(QSpinBox):
    """A whole number; the wheel scrolls the page."""

    def __init__(self) -> None:
        super().__init__()
        _as_number(self)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave it to the page."""
        event.ignore()


class Number(QDoubleSpinBox):
    """A number; the wheel scrolls the page."""

    def __init__(self) -> None:
        super().__init__()
        _as_number(self)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Leave it to the page."""
        event.ignore()


def _as_number(box: QSpinBox | QDoubleSpinBox) -> None:
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    box.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
    box.setAlignment(Qt.AlignmentFlag.AlignRight)
    box.setFixedWidth(_NUMBER_PX)
    box.setKeyboardTracking(True)


class Lines(QPlainTextEdit):
    """A few lines of text; Tab leaves it."""

    def __init__(self, hint: str) -> None:
        super().__init__()
        styled(self, "lines")
        self.setPlaceholderText(hint)
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)

    def sizeHint(self) -> QSize:
        """A few lines."""
        return QSize(240, _N_LINES * self.fontMetrics().lineSpacing() + 28)

    def minimumSizeHint(self) -> QSize:
        """As high, and as narrow as need be."""
        return QSize(80, self.sizeHint().height())


class FieldView(QWidget):
    """One field with its unit and, below, its hint or what is wrong.

    Parameters
    ----------
    field : Field
    changed : callable
        Gets the path and the new value.
    """

    def __init__(self, field: Field, changed: Callable[[str, Any], object]) -> None:
        super().__init__()
        self.field = field
        self._changed = changed
        self._is_showing = False
        self._value: Any = None
        self.input = self._make_input()
        self.input.setAccessibleName(field.words)
        self._problem = label("", "warning", wraps=True)
        self._problem.hide()
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.input, 0 if field.kind in {"count", "number", "share"} else 1)
        if field.unit:
            line.addWidget(label(field.unit, "muted"))
        if field.kind in {"count", "number", "share"}:
            line.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(line)
        layout.addWidget(self._problem)

    def _make_input(self) -> QWidget:
        field = self.field
        match field.kind:
            case "line":
                made: Any = styled(QLineEdit(), "field")
                made.setPlaceholderText(field.hint)
                made.textEdited.connect(self._tell)
            case "lines":
                made = Lines(field.hint)
                made.textChanged.connect(self._tell_lines)
            case "choice":
                made = Choice()
                for value, words in field.choices:
                    made.addItem(words, value)
                made.activated.connect(lambda _: self._tell(made.currentData()))
            case "count":
                made = Count()
                made.setRange(round(field.low), round(field.high))
                made.setSingleStep(round(field.step))
                made.setGroupSeparatorShown(field.path != "seed")
                made.valueChanged.connect(self._tell)
            case "number":
                made = Number()
                made.setDecimals(3 if field.step < 0.01 else 2 if field.step < 0.1 else 1 if field.step < 1 else 0)
                made.setRange(field.low, field.high)
                made.setSingleStep(field.step)
                made.valueChanged.connect(self._tell)
            case "share":
                made = Count()
                made.setRange(0, 100)
                made.valueChanged.connect(lambda percent: self._tell(percent / 100))
            case "switch":
                made = Tick(field.words)
                made.toggled.connect(self._tell)
        widget: QWidget = made
        return widget

    def _tell(self, value: Any) -> None:
        if not self._is_showing:
            self._value = value
            self._changed(self.field.path, value)

    def _tell_lines(self) -> None:
        text = self.input.toPlainText()  # type: ignore[attr-defined] # lines are a Lines
        is_text = isinstance(self._value, str)
        self._tell(
            text.strip()
            if is_text
            else tuple(splitline.strip() for splitline in text.splitlines() if splitline.strip())
        )

    def show_value(self, value: Any, problem: str, *, hint: str = "") -> None:
        """Show a value; one that was just written here is left as it was written."""
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        if hint and isinstance(self.input, QLineEdit):
            self.input.setPlaceholderText(hint)
        if value == self._value and type(value) is type(self._value):
            return
        self._is_showing = True
        self._value = value
        made: Any = self.input
        match self.field.kind:
            case "line":
                made.setText(value)
            case "lines":
                made.setPlainText(value if isinstance(value, str) else "\n".join(value))
            case "choice":
                made.setCurrentIndex(made.findData(value))
            case "share":
                made.setValue(round(100 * value))
            case "switch":
                made.setChecked(value)
            case _:
                made.setValue(value)
        self._is_showing = False


class Form(QWidget):
    """Fields below one another, their names beside them, or above where there is no room."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = QFormLayout(self)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.setHorizontalSpacing(16)
        self.rows.setVerticalSpacing(8)
        self.rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._names: list[QLabel] = []
        self._nameless: list[QWidget] = []

    def add(self, words: str, widget: QWidget) -> None:
        """Put a field below the others; one without a name stands below the others' fields."""
        if not words:
            self._nameless.append(widget)
            self.rows.addRow(widget)
            return
        name = label(words, "muted", wraps=True)
        name.setBuddy(widget.input if isinstance(widget, FieldView) else widget)
        name.setContentsMargins(0, 7, 0, 0)
        name.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._names.append(name)
        self.rows.addRow(name, widget)

    def show_row(self, widget: QWidget, *, is_shown: bool) -> None:
        """Show a field with its name, or neither."""
        self.rows.setRowVisible(widget, is_shown)

    def fit(self, *, is_narrow: bool) -> None:
        """Put names above their fields, or beside them."""
        policy = QFormLayout.RowWrapPolicy.WrapAllRows if is_narrow else QFormLayout.RowWrapPolicy.DontWrapRows
        self.rows.setRowWrapPolicy(policy)
        for widget in self._nameless:
            widget.setContentsMargins(0 if is_narrow else LABEL_PX + self.rows.horizontalSpacing(), 0, 0, 0)
        for name in self._names:
            name.setMinimumWidth(0 if is_narrow else LABEL_PX)
            name.setMaximumWidth(16_777_215 if is_narrow else LABEL_PX)
            name.setContentsMargins(0, 0 if is_narrow else 7, 0, 0)
