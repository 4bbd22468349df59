"""The settings window. Every change takes effect at once."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from bowerbird.base.settings import Settings
from bowerbird.gui.browse.columns import COLUMNS, DEFAULT_ORDER, FIXED, INDEX_OF
from bowerbird.gui.shell.styled import CheckBox, ComboBox, button, label, resize_within_screen, scrolled_rows, styled
from bowerbird.gui.translation import translate
from bowerbird.library.indexing.ignoring import DEFAULT_PATTERNS

_SIZE_PX: Final = (520, 640)
_LABEL_PX: Final = 132
_SCROLL_BAR_PX: Final = 16
_N_BOX_COLUMNS: Final = 2

TEXT_SIZES: Final = (-1, 0, 1, 2, 4)
"""Offsets from the system's text size, in pixels."""


class SettingsWindow(QDialog):
    """Shows and changes the settings.

    Signals
    -------
    changed : (str, object)
        The name of a setting, and its new value.
    column_changed : (str, bool)
        The name of a column, and whether it is shown.
    ignored_changed : list of str
        The patterns of names that scans are to ignore.
    keys_asked : ()
        The keyboard shortcuts are to be shown.
    """

    changed = Signal(str, object)
    column_changed = Signal(str, bool)
    ignored_changed = Signal(list)
    keys_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Settings"))
        self._options: dict[str, dict[object, QPushButton]] = {}
        self._columns: dict[str, CheckBox] = {}
        self._patterns: list[str] = []
        self._names: list[QLabel] = []
        self._hints: list[QLabel] = []
        self._devices = ComboBox()
        self._devices.setAccessibleName(self.tr("Sound output"))
        self._devices.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        self._devices.activated.connect(lambda _: self.changed.emit("output", self._devices.currentData()))
        self._area, self._rows = scrolled_rows()
        area, self._sheet = self._area, self._area.widget() or self
        area.setAccessibleName(self.windowTitle())
        self._rows.setContentsMargins(24, 16, 24, 16)
        self._rows.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)
        self._lay_out()
        self.setMinimumSize(300, 320)
        self._fit_names()
        resize_within_screen(self, *_SIZE_PX)

    def _lay_out(self) -> None:
        self._add_heading(self.tr("Appearance"))
        themes = ((self.tr("System"), "system"), (self.tr("Dark"), "dark"), (self.tr("Light"), "light"))
        self._add_row(self.tr("Theme"), self._choice("theme", themes))
        sizes = [(self.tr("Default") if px == 0 else f"{px:+d}".replace("-", "−"), px) for px in TEXT_SIZES]
        self._add_row(self.tr("Text size"), self._choice("text_size_px", sizes))
        rows = ((self.tr("Compact"), False), (self.tr("Roomy"), True))
        self._add_row(self.tr("Rows"), self._choice("has_roomy_rows", rows))
        self._add_row(self.tr("Columns"), self._column_boxes())
        suggested = ((self.tr("Shown"), True), (self.tr("Hidden"), False))
        self._add_row(self.tr("Suggested words"), self._choice("has_suggestions", suggested))
        self._add_heading(self.tr("Sound"))
        self._add_row(self.tr("Output"), self._devices)
        buffers = ((self.tr("Short"), "low"), (self.tr("Long"), "high"))
        self._add_row(self.tr("Buffer"), self._choice("latency", buffers))
        self._add_hint(self.tr("A short buffer starts sounds sooner. If playback crackles, use a long one."))
        self._add_heading(self.tr("Analysis"))
        loads = ((self.tr("Low"), "low"), (self.tr("Normal"), "normal"))
        self._add_row(self.tr("Load"), self._choice("analysis_load", loads))
        self._add_hint(self.tr("Low uses one core, Normal all of them. Other programs always have priority."))
        self._ignored = styled(QLineEdit(), "small_field")
        self._ignored.setAccessibleName(self.tr("Names to ignore"))
        self._ignored.editingFinished.connect(self._edit_ignored)
        self._add_row(self.tr("Names to ignore"), self._ignored)
        text = self.tr("Files and folders with these names are skipped; * stands for anything. Default: {patterns}")
        self._add_hint(text.format(patterns=", ".join(DEFAULT_PATTERNS)))
        self._add_heading(self.tr("Keyboard"))
        keys = button(self.tr("Change keyboard shortcuts…"), "", self.keys_asked.emit)
        keys.setAutoDefault(False)
        self._rows.insertWidget(self._rows.count() - 1, keys, 0, Qt.AlignmentFlag.AlignLeft)

    def _fit_names(self) -> None:
        """Align the controls behind the longest name, whatever the size of the text."""
        for name in self._names:
            name.ensurePolished()
        width_px = max(_LABEL_PX, *(name.fontMetrics().horizontalAdvance(name.text()) + 2 for name in self._names))
        for name in self._names:
            name.setFixedWidth(width_px)
        for hint in self._hints:
            hint.setContentsMargins(width_px + 12, 0, 0, 0)
        needed_px = self._sheet.minimumSizeHint().width() + _SCROLL_BAR_PX
        self.setMinimumWidth(min(max(300, needed_px), self.screen().availableGeometry().width()))

    def changeEvent(self, event: QEvent) -> None:
        """Fit the names to another text size."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange} and getattr(self, "_names", None):
            self._fit_names()

    def _add(self, widget: QWidget) -> None:
        self._rows.insertWidget(self._rows.count() - 1, widget)

    def _add_heading(self, text: str) -> None:
        heading = label(text, "section")
        heading.setContentsMargins(0, 12 if self._rows.count() > 1 else 0, 0, 0)
        self._add(heading)

    def _add_hint(self, text: str) -> None:
        hint = label(text, "small", wraps=True)
        self._hints.append(hint)
        self._add(hint)

    def _add_row(self, text: str, control: QWidget) -> None:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(12)
        name = label(text, "")
        self._names.append(name)
        layout.addWidget(name, 0, Qt.AlignmentFlag.AlignTop)
        layout.addWidget(control, 1)
        self._add(row)

    def _choice(self, name: str, choices: Sequence[tuple[str, object]]) -> QWidget:
        """Return buttons of which one is on."""
        made: dict[object, QPushButton] = {}
        for text, value in choices:
            option = button(text, "option", partial(self._choose, name, value))
            option.setCheckable(True)
            option.setAutoDefault(False)
            made[value] = option
        self._options[name] = made
        return _in_a_row(list(made.values()))

    def _choose(self, name: str, value: object) -> None:
        self._show_choice(name, value)
        self.changed.emit(name, value)

    def _show_choice(self, name: str, value: object) -> None:
        for other, option in self._options[name].items():
            option.setChecked(other == value)

    def _column_boxes(self) -> QWidget:
        widget = QWidget()
        grid = QGridLayout(widget)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(8)
        grid.setVerticalSpacing(2)
        names = [name for name in DEFAULT_ORDER if name not in FIXED]
        n_rows = -(-len(names) // _N_BOX_COLUMNS)
        for number, name in enumerate(names):
            box = CheckBox(translate("Columns", COLUMNS[INDEX_OF[name]].title))
            box.clicked.connect(lambda is_shown, name=name: self.column_changed.emit(name, is_shown))
            self._columns[name] = box
            grid.addWidget(box, number % n_rows, number // n_rows)
        return widget

    def show_settings(self, settings: Settings, columns: Sequence[str]) -> None:
        """Show the current settings.

        Parameters
        ----------
        settings : Settings
        columns : sequence of str
            The columns of the table.
        """
        for name in self._options:
            self._show_choice(name, getattr(settings, name))
        for name, box in self._columns.items():
            box.setChecked(name in columns)
        if not self._devices.count():
            self.show_outputs((), settings.output)

    def show_ignored(self, patterns: Sequence[str]) -> None:
        """Show the patterns of names that scans ignore."""
        self._patterns = list(patterns)
        self._ignored.setText(", ".join(patterns))

    def _edit_ignored(self) -> None:
        patterns = [pattern.strip() for pattern in self._ignored.text().split(",") if pattern.strip()]
        if patterns != self._patterns:
            self._patterns = patterns
            self.ignored_changed.emit(patterns)

    def show_outputs(self, outputs: Sequence[str], output: str | None) -> None:
        """Show the sound outputs that are there, and the one that was chosen; None for the system's."""
        self._devices.clear()
        self._devices.addItem(self.tr("The system’s output"), None)
        for name in outputs:
            self._devices.addItem(name, name)
        if output is not None and output not in outputs:
            self._devices.addItem(self.tr("{name} (not connected)").format(name=output), output)
        self._devices.setCurrentIndex(max(0, self._devices.findData(output)))


def _in_a_row(widgets: Sequence[QWidget]) -> QWidget:
    row = QWidget()
    layout = QHBoxLayout(row)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.setSpacing(2)
    for widget in widgets:
        layout.addWidget(widget)
    layout.addStretch(1)
    return row
