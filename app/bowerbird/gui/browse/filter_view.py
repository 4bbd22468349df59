"""The filter panel: controls that write the filters which the search box understands."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from bowerbird.base.errors import QueryError
from bowerbird.domain.fields import FILTER_FIELDS
from bowerbird.domain.query import Filter
from bowerbird.gui.browse.filter_form import (
    CONTROLS,
    Control,
    chosen,
    range_texts,
    text_of,
    with_choice,
    with_range,
    with_text,
)
from bowerbird.gui.shell.styled import FlowLayout, Panel, button, label, styled
from bowerbird.gui.translation import translate

_WIDTH_PX: Final = 380
_NUMBER_PX: Final = 72


class FilterPanel(Panel):
    """Controls for the filters of a query. It opens below the filter button.

    Signals
    -------
    changed : tuple of Filter
        All filters of the query from now on.
    closed : ()
    """

    changed = Signal(object)
    closed = Signal()

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, parent.tr("Filters"))
        self._filters: tuple[Filter, ...] = ()
        self._updates: list[Callable[[], None]] = []
        self._first: QLineEdit | None = None
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(8)
        grid.setColumnStretch(1, 1)
        for row, control in enumerate(CONTROLS):
            grid.addWidget(label(translate("Filters", control.title), "small"), row, 0, Qt.AlignmentFlag.AlignVCenter)
            grid.addWidget(self._made(control), row, 1)
        self._problem = label("", "warning", wraps=True)
        self._problem.hide()
        foot = QHBoxLayout()
        foot.addWidget(label(self.tr("Or type them: duration<0.5"), "small"), 1)
        self._reset = button(self.tr("Reset"), "link", lambda: self._change(()))
        foot.addWidget(self._reset)
        self._sheet = styled(QWidget(), "sheet")
        self._rows = rows = QVBoxLayout(self._sheet)
        rows.setContentsMargins(16, 16, 16, 12)
        rows.setSpacing(12)
        rows.addLayout(grid)
        rows.addWidget(self._problem)
        rows.addLayout(foot)
        self._area = area = QScrollArea(widgetResizable=True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(self._sheet)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(1, 1, 1, 1)
        layout.addWidget(area)

    def open_below(self, button: QWidget, edge: QWidget, filters: Sequence[Filter]) -> None:
        """Open the panel below the lower edge of a widget, aligned with the right edge of a button."""
        self.show_filters(filters)
        self.setFixedWidth(min(_WIDTH_PX, button.window().width() - 16))
        self.show()  # the controls have their style from now on, and so their size
        self._fit()
        self.move_below(button, edge)
        if self._first is not None:
            self._first.setFocus(Qt.FocusReason.PopupFocusReason)

    def _fit(self) -> None:
        """Be as high as the controls, and as the screen at most."""
        self._sheet.ensurePolished()
        height_px = self._rows.totalHeightForWidth(self.width() - 2) + 2
        room_px = self.screen().availableGeometry().height() - 16
        policy = Qt.ScrollBarPolicy.ScrollBarAlwaysOff if height_px <= room_px else Qt.ScrollBarPolicy.ScrollBarAlwaysOn
        self._area.setVerticalScrollBarPolicy(policy)
        self.setFixedHeight(min(height_px, room_px))

    def show_filters(self, filters: Sequence[Filter]) -> None:
        """Show what is filtered."""
        self._filters = tuple(filters)
        for update in self._updates:
            update()
        self._reset.setEnabled(bool(self._filters))

    def _made(self, control: Control) -> QWidget:
        match control.kind:
            case "range":
                return self._range(control)
            case "choice":
                return self._choice(control)
            case "text":
                return self._text(control)

    def _range(self, control: Control) -> QWidget:
        title = translate("Filters", control.title)
        low = _field(self.tr("{title}, lowest").format(title=title), self.tr("from"), _NUMBER_PX)
        high = _field(self.tr("{title}, highest").format(title=title), self.tr("to"), _NUMBER_PX)

        def apply() -> None:
            if (low.text(), high.text()) != range_texts(self._filters, control):
                self._try(lambda: with_range(self._filters, control, low.text(), high.text()))

        def update() -> None:
            for field, text in zip((low, high), range_texts(self._filters, control), strict=True):
                field.setText(text)

        self._first = self._first or low
        for field in (low, high):
            field.editingFinished.connect(apply)
        self._updates.append(update)
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addWidget(low)
        layout.addWidget(label("–", "muted"))
        layout.addWidget(high)
        layout.addWidget(label(control.unit, "muted"))
        layout.addStretch(1)
        return row

    def _choice(self, control: Control) -> QWidget:
        row = QWidget()
        layout = FlowLayout(row, gap_px=2)
        made: dict[str, QPushButton] = {}
        for text, title in control.choices:
            option = button(translate("Filters", title), "option", partial(self._toggle, control, text))
            option.setCheckable(True)
            option.setAutoDefault(False)
            made[text] = option
            layout.addWidget(option)

        def update() -> None:
            current = chosen(self._filters, control)
            for text, option in made.items():
                option.setChecked(text in current)

        self._updates.append(update)
        return row

    def _toggle(self, control: Control, text: str) -> None:
        self._change(with_choice(self._filters, control, text))

    def _text(self, control: Control) -> QWidget:
        example = (FILTER_FIELDS[control.field].example or "").partition("=")[2]
        field = _field(translate("Filters", control.title), self.tr("such as {value}").format(value=example), None)

        def apply() -> None:
            if field.text() != text_of(self._filters, control):
                self._try(lambda: with_text(self._filters, control, field.text()))

        field.editingFinished.connect(apply)
        self._updates.append(lambda: field.setText(text_of(self._filters, control)))
        return field

    def _try(self, make: Callable[[], tuple[Filter, ...]]) -> None:
        try:
            filters = make()
        except QueryError as error:
            self._problem.setText(str(error))
            self._problem.show()
            self._fit()
            return
        self._change(filters)

    def _change(self, filters: tuple[Filter, ...]) -> None:
        self._problem.hide()
        self.show_filters(filters)
        self.changed.emit(filters)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close with Escape; Enter is a key of the fields."""
        if event.key() not in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            super().keyPressEvent(event)

    def hideEvent(self, event: QEvent) -> None:
        """Apply what is being typed, and emit that the panel was closed."""
        focused = self.focusWidget()
        if isinstance(focused, QLineEdit):
            focused.editingFinished.emit()
        super().hideEvent(event)  # type: ignore[arg-type] # Qt's own event
        self.closed.emit()


def _field(name: str, placeholder: str, width_px: int | None) -> QLineEdit:
    made = styled(QLineEdit(), "small_field")
    made.setAccessibleName(name)
    made.setPlaceholderText(placeholder)
    if width_px is not None:
        made.setFixedWidth(width_px)
    return made
