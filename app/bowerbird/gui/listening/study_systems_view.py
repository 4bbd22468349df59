"""Editors for the compared systems, as rows with a checkbox, and for the planned comparisons."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from bowerbird.gui.listening.rating_widgets import FlowLayout
from bowerbird.gui.listening.study_design_widgets import Choice, Count
from bowerbird.gui.listening.system_rows import SystemRow, aspects_text, parse_aspects
from bowerbird.gui.shell import dialogs, theme
from bowerbird.gui.shell.styled import CheckBox, ElidedLabel, button, icon_button, label, styled
from bowerbird.listening.study import Comparison, System

_INDENT_PX = 26
_SEARCHES = (("cosine", "Cosine"), ("inner_product", "Inner product"), ("nearest", "Nearest neighbour"))


def ask_for_labels(parent: QWidget) -> Path | None:
    """Ask for a labels file; None when cancelled."""
    translate = QCoreApplication.translate
    return dialogs.ask_for_file(
        parent, translate("Systems", "Choose a labels file"), translate("Systems", "CSV files") + " (*.csv)"
    )


def ask_for_rankings(parent: QWidget) -> Path | None:
    """Ask for a file of rankings; None when cancelled."""
    translate = QCoreApplication.translate
    kinds = " (*.jsonl *.json *.trec *.run *.txt)"
    return dialogs.ask_for_file(parent, translate("Systems", "Add rankings"), translate("Systems", "Rankings") + kinds)


class SystemsEditor(QWidget):
    """A row for each system, and a button to add a file of rankings.

    Signals
    -------
    checked : (int, bool)
    variant_requested, removed : int
    changed : (int, System)
    ranking_requested : ()
    """

    checked = Signal(int, bool)
    variant_requested = Signal(int)
    removed = Signal(int)
    changed = Signal(int, object)
    ranking_requested = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._views: dict[int, _SystemView] = {}
        self._list = QVBoxLayout(self)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(2)
        more = button(self.tr("Add rankings…"), "link", self.ranking_requested.emit)
        more.setAutoDefault(False)
        more.setToolTip(self.tr("JSON lines or a TREC run, computed elsewhere"))
        self._list.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)

    def show_rows(self, rows: Sequence[SystemRow]) -> None:
        """Show every system; existing rows are kept, and so is the text cursor."""
        for gone in set(self._views) - {row.key for row in rows}:
            old = self._views.pop(gone)
            old.hide()
            old.deleteLater()
        for index, row in enumerate(rows):
            if row.key not in self._views:
                self._views[row.key] = made = _SystemView(row, self)
                self._list.insertWidget(index, made)
            elif self._list.indexOf(self._views[row.key]) != index:
                self._list.removeWidget(self._views[row.key])
                self._list.insertWidget(index, self._views[row.key])
            self._views[row.key].show_row(row)


class _SystemView(QWidget):
    """A system."""

    def __init__(self, row: SystemRow, editor: SystemsEditor) -> None:
        super().__init__()
        self.box = CheckBox(row.system.name)
        self.box.toggled.connect(lambda is_checked: editor.checked.emit(row.key, is_checked))
        self._description = ElidedLabel("muted", Qt.TextElideMode.ElideRight)
        self._problem = label("", "warning", wraps=True)
        self._problem.setContentsMargins(_INDENT_PX, 0, 0, 2)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.box)
        top.addWidget(self._description, 1)
        if row.system.kind == "encoder" and not row.is_variant:
            variant = button(self.tr("Add variant"), "link", partial(editor.variant_requested.emit, row.key))
            hint = self.tr("Also compare {} with fewer components, another search function or weights")
            variant.setToolTip(hint.format(row.system.encoder))
            variant.setAutoDefault(False)
            top.addWidget(variant)
        if row.is_variant:
            colours = theme.shown()
            cross = icon_button(
                theme.icon("close", colours.muted), self.tr("Remove"), partial(editor.removed.emit, row.key)
            )
            top.addWidget(cross)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        self._fields: _VariantFields | None = None
        if row.is_variant:
            self._fields = _VariantFields(row, partial(editor.changed.emit, row.key))
            layout.addWidget(self._fields)
        layout.addWidget(self._problem)

    def show_row(self, row: SystemRow) -> None:
        """Show the current state of the system."""
        self.box.setText(row.system.name.replace("&", "&&"))
        self.box.blockSignals(True)
        self.box.setChecked(row.is_checked and row.is_available)
        self.box.blockSignals(False)
        self.box.setEnabled(row.is_available)
        self._description.set_text(row.description if row.is_available else row.problem or "")
        has_problem = bool(row.problem) and row.is_checked and row.is_available
        self._problem.setText(row.problem or "")
        self._problem.setVisible(has_problem)
        if self._fields is not None:
            self._fields.show_system(row.system)
            self._fields.setVisible(row.is_checked)


class _FlowArea(QWidget):
    """As high as its flow layout needs, since a form does not ask again for the height of a new width."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Adapt the height to the new width."""
        super().resizeEvent(event)
        if (lines := self.layout()) is not None:
            self.setMinimumHeight(lines.heightForWidth(self.width()))


class _VariantFields(QWidget):
    """The fields of a variant: its name and, for an encoder, components, search function and weights."""

    def __init__(self, row: SystemRow, changed: "partial[None]") -> None:
        super().__init__()
        self._changed = changed
        self._system = row.system
        self._is_showing = False
        inside = _FlowArea()
        flow = FlowLayout(inside, spacing=8)
        around = QVBoxLayout(self)  # the flow layout ignores margins
        around.setContentsMargins(_INDENT_PX, 2, 0, 6)
        around.addWidget(inside)
        self.name = styled(QLineEdit(), "field")
        self.name.setAccessibleName(self.tr("Name of the system"))
        self.name.setToolTip(self.tr("Name in the report"))
        self.name.setFixedWidth(168)
        self.name.textEdited.connect(self._emit)
        flow.addWidget(self.name)
        self.components = Count()
        self.components.setRange(0, max(0, row.max_components))
        self.components.setSpecialValueText(self.tr("all"))
        self.components.setAccessibleName(self.tr("Principal components to keep"))
        self.components.setToolTip(self.tr("Principal components to keep; 0 for all dimensions"))
        self.components.valueChanged.connect(self._emit)
        self.search = Choice()
        for value, text in _SEARCHES:
            self.search.addItem(text, value)
        self.search.setAccessibleName(self.tr("Search function"))
        self.search.setMinimumContentsLength(16)
        self.search.activated.connect(self._emit)
        self.weights = styled(QLineEdit(), "field")
        self.weights.setFixedWidth(168)
        self.weights.setAccessibleName(self.tr("Weights of aspects"))
        self.weights.setPlaceholderText(f"{self.tr('Weights:')} {row.aspects[0]}=2" if row.aspects else "")
        self.weights.setToolTip(f"{self.tr('Weights of aspects:')} {', '.join(row.aspects)}")
        self.weights.textEdited.connect(self._emit)
        if row.system.kind == "encoder":
            flow.addWidget(_with_label(self.components, self.tr("components")))
            flow.addWidget(self.search)
            if row.aspects:
                flow.addWidget(self.weights)

    def show_system(self, system: System) -> None:
        """Show the system; a field with the focus keeps its text."""
        self._system = system
        self._is_showing = True
        if self.name.text() != system.name:
            self.name.setText(system.name)
        self.components.setValue(system.n_components)
        self.search.setCurrentIndex(self.search.findData(system.search))
        if parse_aspects(self.weights.text()) != dict(system.aspects) and not self.weights.hasFocus():
            self.weights.setText(aspects_text(system.aspects))
        self._is_showing = False

    def _emit(self) -> None:
        if self._is_showing:
            return
        aspects = parse_aspects(self.weights.text())
        made = replace(
            self._system,
            name=self.name.text().strip(),
            n_components=self.components.value(),
            search=self.search.currentData(),
            aspects={self.weights.text(): 1.0} if aspects is None else aspects,  # shown as an unknown aspect
        )
        if made.kind != "encoder":
            made = replace(self._system, name=self.name.text().strip())
        if made != self._system:
            self._changed(made)


def _with_label(widget: QWidget, text: str) -> QWidget:
    both = QWidget()
    line = QHBoxLayout(both)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(8)
    line.addWidget(widget)
    line.addWidget(label(text, "muted"))
    return both


class PlannedEditor(QWidget):
    """The planned comparisons.

    Signals
    -------
    planned : tuple of Comparison
    """

    planned = Signal(object)

    def __init__(self) -> None:
        super().__init__()
        self._names: tuple[str, ...] = ()
        self._pairs: tuple[Comparison, ...] = ()
        self._is_new = True
        self._rows = QVBoxLayout()
        self._rows.setSpacing(4)
        self._problem = label("", "warning", wraps=True)
        self._none = label(self.tr("None: all pairs are exploratory"), "muted", wraps=True)
        self._add = button(self.tr("Add comparison"), "link", self._add_pair)
        self._add.setAutoDefault(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(self._rows)
        layout.addWidget(self._none)
        layout.addWidget(self._problem)
        layout.addWidget(self._add, 0, Qt.AlignmentFlag.AlignLeft)

    def show_planned(self, pairs: Sequence[Comparison], names: Sequence[str], problem: str) -> None:
        """Show the pairs, and the systems to choose from."""
        self._problem.setText(problem)
        self._problem.setVisible(bool(problem))
        self._none.setVisible(not pairs)
        self._add.setVisible(len(names) > 1)
        if (tuple(pairs), tuple(names)) == (self._pairs, self._names) and not self._is_new:
            return
        self._pairs, self._names, self._is_new = tuple(pairs), tuple(names), False
        while (item := self._rows.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for index, pair in enumerate(self._pairs):
            self._rows.addWidget(self._row(index, pair))

    def _row(self, index: int, pair: Comparison) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(8)
        for side, shown in (("first", pair.first), ("second", pair.second)):
            choice = Choice()
            choice.addItems(self._names)
            choice.setMinimumContentsLength(4)
            choice.setCurrentText(shown)
            choice.setAccessibleName(self.tr("Comparison {}, {} system").format(index + 1, side))
            choice.textActivated.connect(partial(self._change, index, side))
            line.addWidget(choice, 1)
            if side == "first":
                line.addWidget(label(self.tr("with"), "muted"))
        cross = icon_button(theme.icon("close", theme.shown().muted), self.tr("Remove"), partial(self._remove, index))
        line.addWidget(cross)
        return row

    def _change(self, index: int, side: str, name: str) -> None:
        pairs = list(self._pairs)
        pairs[index] = replace(pairs[index], **{side: name})
        self.planned.emit(tuple(pairs))

    def _remove(self, index: int) -> None:
        self.planned.emit(self._pairs[:index] + self._pairs[index + 1 :])

    def _add_pair(self) -> None:
        known = {frozenset((pair.first, pair.second)) for pair in self._pairs}
        free = next(
            (
                Comparison(first, second)
                for n, first in enumerate(self._names)
                for second in self._names[n + 1 :]
                if frozenset((first, second)) not in known
            ),
            None,
        )
        if free is not None:
            self.planned.emit((*self._pairs, free))
