"""The encoders in a window of their own: it is not modal, and work goes on when it is closed."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QLayout,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from bowerbird.gui.encoders.encoder_rows import ModelRow
from bowerbird.gui.encoders.encoder_texts import Act, JobState, QuietLine
from bowerbird.gui.encoders.encoders_presenter import ModelsPresenter
from bowerbird.gui.shell import dialogs
from bowerbird.gui.shell.styled import button, label, styled
from bowerbird.gui.shell.window import MainWindow

INTRODUCTION: Final = (
    "An encoder is what hears: it decides which sounds are alike, and whether words are understood. "
    "Nothing is downloaded unless you ask."
)
IMPORT_HINT: Final = "No network here? Import a folder of weights from another machine."

_LINKS_PX: Final = 16


class ModelsDialog(QDialog):
    """A row for each encoder, and below them what goes on.

    Signals
    -------
    acted : Act
        Confirmed, where it asks a question.
    import_asked : ()
    """

    acted = Signal(object)
    import_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Encoders")
        self.resize(640, 640)
        self.setMinimumSize(340, 320)
        self._rows: dict[str, RowView] = {}
        sheet = styled(QWidget(), "sheet")
        self._list = QVBoxLayout(sheet)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(0)
        self._list.addStretch(1)
        self._area = QScrollArea(widgetResizable=True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(sheet)
        self._area.setFocus(Qt.FocusReason.OtherFocusReason)  # the arrow keys scroll; Enter does nothing yet
        self._area.setAccessibleName("Encoders")
        self._bar = QProgressBar()
        self._bar.setMaximum(1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Work on weights")
        self._words = label(IMPORT_HINT, "muted", wraps=True)
        self._complaint = label("", "warning", wraps=True)
        self._complaint.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._complaint.hide()
        self._cancel = button("Cancel", "", lambda: self.acted.emit(Act("cancel", "", "Cancel")))
        self._cancel.hide()
        self._import = button("Import a folder…", "", self.import_asked.emit)
        for one in (self._cancel, self._import):
            one.setAutoDefault(False)
        self._lay_out()

    def _lay_out(self) -> None:
        introduction = label(INTRODUCTION, "muted", wraps=True)
        introduction.setContentsMargins(16, 12, 16, 12)
        words = QVBoxLayout()
        words.setSpacing(4)
        words.addWidget(self._complaint)
        words.addWidget(self._words)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 12, 16, 12)
        foot.setSpacing(12)
        foot.addLayout(words, 1)
        for one in (self._cancel, self._import):
            foot.addWidget(one, 0, Qt.AlignmentFlag.AlignVCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(introduction)
        layout.addWidget(self._area, 1)
        layout.addWidget(self._bar)
        layout.addLayout(foot)

    def show_models(self, rows: Sequence[ModelRow]) -> None:
        """Show every encoder; a row that is as it was stays as it is."""
        for gone in set(self._rows) - {row.id for row in rows}:
            self._rows.pop(gone).deleteLater()
        for place, row in enumerate(rows):
            if row.id not in self._rows:
                self._rows[row.id] = RowView(self._act)
            if self._list.indexOf(self._rows[row.id]) != place:
                self._list.removeWidget(self._rows[row.id])
                self._list.insertWidget(place, self._rows[row.id])
            self._rows[row.id].show_row(row, is_last=place == len(rows) - 1)

    def show_model_job(self, job: JobState | None, complaint: str) -> None:
        """Show what goes on, or what went wrong, or how weights come without a network."""
        self._bar.setValue(round(1000 * (job.share or 0.0)) if job else 0)
        self._words.setText(job.text if job else IMPORT_HINT)
        self._words.setVisible(job is not None or not complaint)
        self._complaint.setText(complaint)
        self._complaint.setVisible(bool(complaint))
        self._cancel.setVisible(job is not None)
        self._import.setVisible(job is None)

    def _act(self, act: Act) -> None:
        if not act.question or dialogs.confirm(self, act.text, act.question):
            self.acted.emit(act)


class ModelsFace:
    """What the presenter sees of the window: the dialog, made when it is first asked for, and the quiet line.

    Parameters
    ----------
    window : MainWindow
    """

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.dialog: ModelsDialog | None = None
        self._presenter: ModelsPresenter | None = None

    def connect(self, presenter: ModelsPresenter) -> None:
        """Tell it what people do."""
        self._presenter = presenter
        self._window.quiet_line.acted.connect(self._do)
        self._window.quiet_line.dismissed.connect(presenter.dismiss)

    def open(self) -> None:
        """Bring the dialog to the front."""
        assert self._presenter is not None
        presenter = self._presenter
        if self.dialog is None:
            self.dialog = ModelsDialog(self._window)
            self.dialog.acted.connect(self._do)
            self.dialog.import_asked.connect(self._import)
            self.dialog.finished.connect(lambda _: presenter.closed())
        self.dialog.show()
        self.dialog.activateWindow()
        presenter.opened()

    def _do(self, act: Act) -> None:
        if act.verb == "details":
            self.open()
        elif self._presenter is not None:
            self._presenter.act(act)

    def close(self) -> None:
        """Close the dialog."""
        if self.dialog is not None:
            self.dialog.close()

    def _import(self) -> None:
        folder = dialogs.ask_for_weights(self.dialog or self._window)
        if folder is not None and self._presenter is not None:
            self._presenter.import_folder(folder)

    def show_models(self, rows: Sequence[ModelRow]) -> None:
        """Show every encoder."""
        if self.dialog is not None:
            self.dialog.show_models(rows)

    def show_model_job(self, job: JobState | None, complaint: str) -> None:
        """Show what goes on, or what went wrong, beside the encoders."""
        if self.dialog is not None:
            self.dialog.show_model_job(job, complaint)

    def show_quiet_line(self, line: QuietLine | None) -> None:
        """Show one sentence in the window, or none."""
        self._window.quiet_line.show_line(line)

    def complain(self, sentence: str) -> None:
        """Show what went wrong, where the encoders are not shown."""
        self._window.complain(sentence)


class RowView(QFrame):
    """One encoder: what it is called, what it is for, how it stands, what can be done."""

    def __init__(self, act: Callable[[Act], None]) -> None:
        super().__init__()
        self._act = act
        self._row: ModelRow | None = None
        self._is_last = False
        self._is_unfolded = False
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(16, 12, 16, 12)
        self._layout.setSpacing(4)

    def show_row(self, row: ModelRow, *, is_last: bool) -> None:
        """Show an encoder, or the same one as it is now."""
        if (row, is_last) == (self._row, self._is_last):
            return
        self._row, self._is_last = row, is_last
        self._build(row)

    def _build(self, row: ModelRow) -> None:
        had_focus = self.focusWidget() is not None and self.focusWidget().hasFocus()
        _empty(self._layout)
        styled(self, "last_row" if self._is_last else "row")
        self.style().polish(self)
        top = QHBoxLayout()
        top.setSpacing(12)
        top.addWidget(label(row.title, "now" if row.is_used else "", wraps=True), 1)
        top.addWidget(label(row.state, "now" if row.is_used else "muted"), 0, Qt.AlignmentFlag.AlignTop)
        self._layout.addLayout(top)
        self._layout.addWidget(label(row.about, "muted", wraps=True))
        facts = QHBoxLayout()
        facts.setSpacing(_LINKS_PX)
        facts.addWidget(label(row.facts, "small", wraps=not row.command), 0 if row.command else 1)
        self._layout.addLayout(facts)
        if row.complaint:
            self._layout.addWidget(label(row.complaint, "warning", wraps=True))
        if row.command:
            self._add_way(row, facts)
        self._add_acts(row, row.acts)
        if row.small_remark or row.small_acts:
            self._layout.addSpacing(8)
            self._layout.addWidget(label(row.small_remark, "muted", wraps=True))
            self._add_acts(row, row.small_acts)
        if had_focus:  # what was pressed is gone: the keyboard stays in its row
            buttons = [one for one in self.findChildren(QPushButton) if one.isEnabled()]
            (buttons[0] if buttons else self.window()).setFocus(Qt.FocusReason.OtherFocusReason)

    def _add_way(self, row: ModelRow, line: QHBoxLayout) -> None:
        """How to get what cannot be downloaded ready-made: folded away until it is asked for."""
        way = QWidget()
        inside = QVBoxLayout(way)
        inside.setContentsMargins(0, 4, 0, 4)
        inside.setSpacing(8)
        inside.addWidget(label(row.way, "muted", wraps=True))
        command = label(row.command, "command", wraps=True)
        command.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        inside.addWidget(command)
        copy = button("Copy the command", "link", lambda: QGuiApplication.clipboard().setText(row.command))
        inside.addWidget(copy, 0, Qt.AlignmentFlag.AlignLeft)
        way.setVisible(self._is_unfolded)
        copy.setAutoDefault(False)
        fold = button("How to get it", "link", lambda: self._unfold(way))
        fold.setAutoDefault(False)
        line.addWidget(fold)
        line.addStretch(1)
        self._layout.addWidget(way)

    def _unfold(self, way: QWidget) -> None:
        self._is_unfolded = not self._is_unfolded
        way.setVisible(self._is_unfolded)

    def _add_acts(self, row: ModelRow, acts: Sequence[Act]) -> None:
        """What brings an encoder nearer to use is a button, the rest are links."""
        if not acts:
            return
        line = QHBoxLayout()
        line.setContentsMargins(0, 4, 0, 0)
        line.setSpacing(_LINKS_PX)
        for act in acts:
            role = "primary" if act.is_proposed else "link" if act.is_minor else ""
            made = button(act.text, role, partial(self._act, act))
            made.setEnabled(row.is_enabled)
            made.setAutoDefault(False)
            line.addWidget(made)
        line.addStretch(1)
        self._layout.addLayout(line)


def _empty(layout: QLayout) -> None:
    while (item := layout.takeAt(0)) is not None:
        widget, inner = item.widget(), item.layout()
        if widget is not None:
            widget.hide()
            widget.deleteLater()
        elif inner is not None:
            _empty(inner)
