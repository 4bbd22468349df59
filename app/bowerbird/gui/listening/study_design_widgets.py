"""The fields of a form, each with its unit beside it and its problem below it."""

from collections.abc import Callable
from typing import Any, Final

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QSpinBox,
    QStyledItemDelegate,
    QVBoxLayout,
    QWidget,
)

from bowerbird.gui.listening.study_design_fields import Field
from bowerbird.gui.shell.styled import CheckBox, ComboBox, label, styled

LABEL_PX: Final = 168
"""Width of labels beside their fields."""

_NUMBER_PX: Final = 84
_N_LINES: Final = 4


class Choice(ComboBox):
    """A drop-down list with an arrow; the wheel scrolls the page instead of changing the choice."""

    def __init__(self) -> None:
        super().__init__()
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)
        self.setItemDelegate(QStyledItemDelegate(self))  # the default delegate ignores the style sheet

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the page scroll."""
        event.ignore()


class Count(QSpinBox):
    """A field for a whole number; the wheel scrolls the page."""

    def __init__(self) -> None:
        super().__init__()
        _as_number(self)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the page scroll."""
        event.ignore()


class Number(QDoubleSpinBox):
    """A field for a number; the wheel scrolls the page."""

    def __init__(self) -> None:
        super().__init__()
        _as_number(self)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Let the page scroll."""
        event.ignore()


def _as_number(box: QSpinBox | QDoubleSpinBox) -> None:
    box.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    box.setButtonSymbols(QSpinBox.ButtonSymbols.NoButtons)
    box.setAlignment(Qt.AlignmentFlag.AlignRight)
    box.setFixedWidth(_NUMBER_PX)
    box.setKeyboardTracking(True)


class Lines(QPlainTextEdit):
    """A field for several lines of text; Tab leaves it."""

    def __init__(self, hint: str) -> None:
        super().__init__()
        styled(self, "lines")
        self.setPlaceholderText(hint)
        self.setTabChangesFocus(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)

    def sizeHint(self) -> QSize:
        """Show a few lines."""
        return QSize(240, _N_LINES * self.fontMetrics().lineSpacing() + 28)

    def minimumSizeHint(self) -> QSize:
        """Keep the height; allow a narrow field."""
        return QSize(80, self.sizeHint().height())


class FieldView(QWidget):
    """A field with its unit, and its problem below.

    Parameters
    ----------
    field : Field
    changed : callable
        Receives the path and the new value.
    """

    def __init__(self, field: Field, changed: Callable[[str, Any], object]) -> None:
        super().__init__()
        self.field = field
        self._changed = changed
        self._is_showing = False
        self._value: Any = None
        self.input = self._make_input()
        self.input.setAccessibleName(field.label)
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
                made.textEdited.connect(self._emit)
            case "lines":
                made = Lines(field.hint)
                made.textChanged.connect(self._emit_lines)
            case "choice":
                made = Choice()
                for value, text in field.choices:
                    made.addItem(text, value)
                made.activated.connect(lambda _: self._emit(made.currentData()))
            case "count":
                made = Count()
                made.setRange(round(field.low), round(field.high))
                made.setSingleStep(round(field.step))
                made.setGroupSeparatorShown(field.path != "seed")
                made.valueChanged.connect(self._emit)
            case "number":
                made = Number()
                made.setDecimals(3 if field.step < 0.01 else 2 if field.step < 0.1 else 1 if field.step < 1 else 0)
                made.setRange(field.low, field.high)
                made.setSingleStep(field.step)
                made.valueChanged.connect(self._emit)
            case "share":
                made = Count()
                made.setRange(0, 100)
                made.valueChanged.connect(lambda percent: self._emit(percent / 100))
            case "switch":
                made = CheckBox(field.label)
                made.toggled.connect(self._emit)
        widget: QWidget = made
        return widget

    def _emit(self, value: Any) -> None:
        if not self._is_showing:
            self._value = value
            self._changed(self.field.path, value)

    def _emit_lines(self) -> None:
        text = self.input.toPlainText()  # type: ignore[attr-defined] # lines are a Lines
        is_text = isinstance(self._value, str)
        self._emit(text.strip() if is_text else tuple(line.strip() for line in text.splitlines() if line.strip()))

    def show_value(self, value: Any, problem: str, *, hint: str = "") -> None:
        """Show a value; text that the user is editing stays."""
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
    """Fields in a column, with labels beside them or, in a narrow form, above them."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = QFormLayout(self)
        self.rows.setContentsMargins(0, 0, 0, 0)
        self.rows.setHorizontalSpacing(16)
        self.rows.setVerticalSpacing(8)
        self.rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        self.rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._labels: list[QLabel] = []
        self._unlabelled: list[QWidget] = []

    def add(self, text: str, widget: QWidget) -> None:
        """Add a field; without a label it is aligned with the other fields."""
        if not text:
            self._unlabelled.append(widget)
            self.rows.addRow(widget)
            return
        name = label(text, "muted", wraps=True)
        name.setBuddy(widget.input if isinstance(widget, FieldView) else widget)
        name.setContentsMargins(0, 7, 0, 0)
        name.setAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop)
        self._labels.append(name)
        self.rows.addRow(name, widget)

    def show_row(self, widget: QWidget, *, is_shown: bool) -> None:
        """Show or hide a field and its label."""
        self.rows.setRowVisible(widget, is_shown)

    def fit(self, *, is_narrow: bool) -> None:
        """Show labels above their fields, or beside them."""
        policy = QFormLayout.RowWrapPolicy.WrapAllRows if is_narrow else QFormLayout.RowWrapPolicy.DontWrapRows
        self.rows.setRowWrapPolicy(policy)
        for widget in self._unlabelled:
            widget.setContentsMargins(0 if is_narrow else LABEL_PX + self.rows.horizontalSpacing(), 0, 0, 0)
        for name in self._labels:
            name.setMinimumWidth(0 if is_narrow else LABEL_PX)
            name.setMaximumWidth(16_777_215 if is_narrow else LABEL_PX)
            name.setContentsMargins(0, 0 if is_narrow else 7, 0, 0)
