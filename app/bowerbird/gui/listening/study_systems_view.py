"""The systems that are compared, as lines with a tick; variants can be changed in place. And the pairs planned."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from bowerbird.gui.listening.rating_widgets import FlowLayout
from bowerbird.gui.listening.study_design_widgets import Choice, Count, Tick
from bowerbird.gui.listening.system_rows import SystemRow, aspects_text, parse_aspects
from bowerbird.gui.shell import theme
from bowerbird.gui.shell.styled import ElidedLabel, button, icon_button, label, styled
from bowerbird.listening.study import Comparison, System

_INDENT_PX = 26
_SEARCHES = (("cosine", "Cosine"), ("inner_product", "Inner product"), ("nearest", "Nearest neighbour"))


class SystemsEditor(QWidget):
    """A line for each system, and a way to add a file of rankings.

    Signals
    -------
    ticked : (int, bool)
    variant_asked, removed : int
    changed : (int, System)
    ranking_asked : ()
    """

    ticked = Signal(int, bool)
    variant_asked = Signal(int)
    removed = Signal(int)
    changed = Signal(int, object)
    ranking_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._lines: dict[int, _Line] = {}
        self._list = QVBoxLayout(self)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(2)
        more = button("Add a file of rankings…", "link", self.ranking_asked.emit)
        more.setAutoDefault(False)
        more.setToolTip("JSON lines or a TREC run, computed elsewhere")
        self._list.addWidget(more, 0, Qt.AlignmentFlag.AlignLeft)

    def show_lines(self, lines: Sequence[SystemRow]) -> None:
        """Show every system; a line that is there already stays, with the cursor in it."""
        for gone in set(self._lines) - {line.key for line in lines}:
            old = self._lines.pop(gone)
            old.hide()
            old.deleteLater()
        for index, line in enumerate(lines):
            if line.key not in self._lines:
                self._lines[line.key] = made = _Line(line, self)
                self._list.insertWidget(index, made)
            elif self._list.indexOf(self._lines[line.key]) != index:
                self._list.removeWidget(self._lines[line.key])
                self._list.insertWidget(index, self._lines[line.key])
            self._lines[line.key].show_line(line)


class _Line(QWidget):
    """One system."""

    def __init__(self, line: SystemRow, editor: SystemsEditor) -> None:
        super().__init__()
        self._line = line
        self._editor = editor
        self.tick = Tick(line.system.name)
        self.tick.toggled.connect(lambda is_ticked: editor.ticked.emit(line.key, is_ticked))
        self._about = ElidedLabel("muted", Qt.TextElideMode.ElideRight)
        self._remark = label("", "warning", wraps=True)
        self._remark.setContentsMargins(_INDENT_PX, 0, 0, 2)
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self.tick)
        top.addWidget(self._about, 1)
        if line.system.kind == "encoder" and not line.is_variant:
            variant = button("Variant", "link", partial(editor.variant_asked.emit, line.key))
            variant.setToolTip(f"Compare {line.system.encoder} in another way too: fewer components, another search")
            variant.setAutoDefault(False)
            top.addWidget(variant)
        if line.is_variant:
            colours = theme.shown()
            cross = icon_button(
                theme.icon("close", colours.muted), "Take it away", partial(editor.removed.emit, line.key)
            )
            top.addWidget(cross)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(top)
        self._fields: _VariantFields | None = None
        if line.is_variant:
            self._fields = _VariantFields(line, partial(editor.changed.emit, line.key))
            layout.addWidget(self._fields)
        layout.addWidget(self._remark)

    def show_line(self, line: SystemRow) -> None:
        """Show it as it is now."""
        self._line = line
        self.tick.setText(line.system.name.replace("&", "&&"))
        self.tick.blockSignals(True)
        self.tick.setChecked(line.is_ticked and line.can_answer)
        self.tick.blockSignals(False)
        self.tick.setEnabled(line.can_answer)
        self._about.set_whole(line.about if line.can_answer else line.remark)
        has_remark = bool(line.remark) and line.is_ticked and line.can_answer
        self._remark.setText(line.remark)
        self._remark.setVisible(has_remark)
        if self._fields is not None:
            self._fields.show_system(line.system)
            self._fields.setVisible(line.is_ticked)


class _Room(QWidget):
    """As high as its lines need: what stands around it asks for its height only when it likes."""

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Ask for the height of the new width."""
        super().resizeEvent(event)
        if (lines := self.layout()) is not None:
            self.setMinimumHeight(lines.heightForWidth(self.width()))


class _VariantFields(QWidget):
    """What can be another way in a variant: its name, and of an encoder how it is used."""

    def __init__(self, line: SystemRow, changed: "partial[None]") -> None:
        super().__init__()
        self._changed = changed
        self._system = line.system
        self._is_showing = False
        inside = _Room()
        flow = FlowLayout(inside, spacing=8)
        around = QVBoxLayout(self)  # a flow knows no margins
        around.setContentsMargins(_INDENT_PX, 2, 0, 6)
        around.addWidget(inside)
        self.name = styled(QLineEdit(), "field")
        self.name.setAccessibleName("Name of the system")
        self.name.setToolTip("Its name in the report")
        self.name.setFixedWidth(168)
        self.name.textEdited.connect(self._tell)
        flow.addWidget(self.name)
        self.components = Count()
        self.components.setRange(0, max(0, line.n_most))
        self.components.setSpecialValueText("all")
        self.components.setAccessibleName("Principal components that are kept")
        self.components.setToolTip("Principal components that are kept; 0 for all dimensions")
        self.components.valueChanged.connect(self._tell)
        self.search = Choice()
        for value, words in _SEARCHES:
            self.search.addItem(words, value)
        self.search.setAccessibleName("Search function")
        self.search.setMinimumContentsLength(16)
        self.search.activated.connect(self._tell)
        self.weights = styled(QLineEdit(), "field")
        self.weights.setFixedWidth(168)
        self.weights.setAccessibleName("Weights of its aspects")
        self.weights.setPlaceholderText(f"Weights: {line.aspects[0]}=2" if line.aspects else "")
        self.weights.setToolTip("Weights of its aspects: " + ", ".join(line.aspects))
        self.weights.textEdited.connect(self._tell)
        if line.system.kind == "encoder":
            flow.addWidget(_with_words(self.components, "components"))
            flow.addWidget(self.search)
            if line.aspects:
                flow.addWidget(self.weights)

    def show_system(self, system: System) -> None:
        """Show it; what is just being written is left as it was written."""
        self._system = system
        self._is_showing = True
        if self.name.text() != system.name:
            self.name.setText(system.name)
        self.components.setValue(system.n_components)
        self.search.setCurrentIndex(self.search.findData(system.search))
        if parse_aspects(self.weights.text()) != dict(system.aspects) and not self.weights.hasFocus():
            self.weights.setText(aspects_text(system.aspects))
        self._is_showing = False

    def _tell(self) -> None:
        if self._is_showing:
            return
        aspects = parse_aspects(self.weights.text())
        made = replace(
            self._system,
            name=self.name.text().strip(),
            n_components=self.components.value(),
            search=self.search.currentData(),
            aspects={self.weights.text(): 1.0} if aspects is None else aspects,  # it is shown as unknown
        )
        if made.kind != "encoder":
            made = replace(self._system, name=self.name.text().strip())
        if made != self._system:
            self._changed(made)


def _with_words(widget: QWidget, words: str) -> QWidget:
    both = QWidget()
    line = QHBoxLayout(both)
    line.setContentsMargins(0, 0, 0, 0)
    line.setSpacing(8)
    line.addWidget(widget)
    line.addWidget(label(words, "muted"))
    return both


class PlannedEditor(QWidget):
    """The pairs that the study is made to compare.

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
        self._none = label("None: every pair is reported, and none weighs more", "muted", wraps=True)
        self._add = button("Add a comparison", "link", self._add_pair)
        self._add.setAutoDefault(False)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addLayout(self._rows)
        layout.addWidget(self._none)
        layout.addWidget(self._problem)
        layout.addWidget(self._add, 0, Qt.AlignmentFlag.AlignLeft)

    def show_planned(self, pairs: Sequence[Comparison], names: Sequence[str], problem: str) -> None:
        """Show the pairs; there are these systems to choose from."""
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
            choice.setAccessibleName(f"Comparison {index + 1}, {side} system")
            choice.textActivated.connect(partial(self._change, index, side))
            line.addWidget(choice, 1)
            if side == "first":
                line.addWidget(label("with", "muted"))
        cross = icon_button(theme.icon("close", theme.shown().muted), "Take it away", partial(self._remove, index))
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
