"""The Encoders dialog. It is not modal, and a job continues when it is closed."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from bowerbird.gui.encoders.encoder_rows import EncoderRow
from bowerbird.gui.encoders.encoder_texts import EncoderAction, JobState, NoticeState
from bowerbird.gui.encoders.encoders_presenter import EncodersPresenter
from bowerbird.gui.shell import dialogs
from bowerbird.gui.shell.lazy_dialog import LazyDialog
from bowerbird.gui.shell.styled import button, clear_layout, label, scrolled_rows, styled
from bowerbird.gui.shell.window import MainWindow

_LINKS_PX: Final = 16


class EncodersDialog(QDialog):
    """Lists the encoders, and shows the running job below them.

    Signals
    -------
    action_requested : EncoderAction
        After the question, if it has one.
    import_requested : bool
        True for a file, False for a folder.
    """

    action_requested = Signal(object)
    import_requested = Signal(bool)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Encoders"))
        self.resize(640, 640)
        self.setMinimumSize(340, 320)
        self._rows: dict[str, RowView] = {}
        self._area, self._list = scrolled_rows()
        self._area.setFocus(Qt.FocusReason.OtherFocusReason)  # arrow keys scroll, and Enter presses no button
        self._area.setAccessibleName(self.tr("Encoders"))
        self._bar = QProgressBar()
        self._bar.setMaximum(1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._hint = self.tr("No network? Import a folder or a package file (.whl) from another computer.")
        self._text = label(self._hint, "muted", wraps=True)
        self._error = label("", "warning", wraps=True)
        self._error.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._error.hide()
        self._cancel = button(self.tr("Cancel"), "", self._request_cancel)
        self._cancel.hide()
        self._import_folder = button(self.tr("Import folder…"), "", lambda: self.import_requested.emit(False))
        self._import_file = button(self.tr("Import file…"), "", lambda: self.import_requested.emit(True))
        for control in (self._cancel, self._import_folder, self._import_file):
            control.setAutoDefault(False)
        self._lay_out()

    def _lay_out(self) -> None:
        introduction = label(
            self.tr(
                "An encoder turns sounds into embeddings. It determines which sounds are similar, and whether you can "
                "search by meaning. Nothing is downloaded unless you ask for it."
            ),
            "muted",
            wraps=True,
        )
        introduction.setContentsMargins(16, 12, 16, 12)
        texts = QVBoxLayout()
        texts.setSpacing(4)
        texts.addWidget(self._error)
        texts.addWidget(self._text)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 12, 16, 12)
        foot.setSpacing(12)
        foot.addLayout(texts, 1)
        for control in (self._cancel, self._import_folder, self._import_file):
            foot.addWidget(control, 0, Qt.AlignmentFlag.AlignVCenter)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(introduction)
        layout.addWidget(self._area, 1)
        layout.addWidget(self._bar)
        layout.addLayout(foot)

    def show_encoders(self, rows: Sequence[EncoderRow]) -> None:
        """Show every encoder; unchanged rows are not rebuilt."""
        for encoder_id in set(self._rows) - {row.id for row in rows}:
            self._rows.pop(encoder_id).deleteLater()
        for position, row in enumerate(rows):
            if row.id not in self._rows:
                self._rows[row.id] = RowView(self._request)
            if self._list.indexOf(self._rows[row.id]) != position:
                self._list.removeWidget(self._rows[row.id])
                self._list.insertWidget(position, self._rows[row.id])
            self._rows[row.id].show_row(row, is_last=position == len(rows) - 1)

    def show_job(self, job: JobState | None, error: str | None) -> None:
        """Show the running job, or an error, or the hint about importing."""
        self._bar.setValue(round(1000 * (job.share or 0.0)) if job else 0)
        self._text.setText(job.text if job else self._hint)
        self._text.setVisible(job is not None or not error)
        self._error.setText(error or "")
        self._error.setVisible(error is not None)
        self._cancel.setVisible(job is not None)
        for control in (self._import_folder, self._import_file):
            control.setVisible(job is None)

    def _request(self, action: EncoderAction) -> None:
        if action.question is None or dialogs.confirm(self, action.text, action.question, verb=action.text):
            self.action_requested.emit(action)

    def _request_cancel(self) -> None:
        self.action_requested.emit(EncoderAction("cancel", None, "Cancel"))


class EncodersDialogProxy(LazyDialog[EncodersDialog]):
    """The presenter's view: the dialog, created when it is first opened, and the notice in the window.

    Parameters
    ----------
    window : MainWindow
    """

    def __init__(self, window: MainWindow) -> None:
        super().__init__(self._make_dialog)
        self._window = window
        self._presenter: EncodersPresenter | None = None

    def connect(self, presenter: EncodersPresenter) -> None:
        """Connect the widgets to a presenter."""
        self._presenter = presenter
        self._window.status.action_requested.connect(self._do)
        self._window.status.notice_dismissed.connect(presenter.dismiss)

    def open(self) -> None:
        """Open the dialog, or bring it to the front."""
        assert self._presenter is not None
        self.show()
        self._presenter.opened()

    def _make_dialog(self) -> EncodersDialog:
        assert self._presenter is not None
        presenter = self._presenter
        dialog = EncodersDialog(self._window)
        dialog.action_requested.connect(self._do)
        dialog.import_requested.connect(self._import)
        dialog.finished.connect(lambda _: presenter.closed())
        return dialog

    def _do(self, action: EncoderAction) -> None:
        if action.verb == "details":
            self.open()
        elif self._presenter is not None:
            self._presenter.act(action)

    def _import(self, is_file: bool) -> None:
        parent = self.dialog or self._window
        source = dialogs.ask_for_package_file(parent) if is_file else dialogs.ask_for_weights(parent)
        if source is not None and self._presenter is not None:
            self._presenter.import_weights(source)

    def show_encoders(self, rows: Sequence[EncoderRow]) -> None:
        """Show every encoder."""
        self.update(lambda dialog: dialog.show_encoders(rows))

    def show_job(self, job: JobState | None, error: str | None) -> None:
        """Show the running job, or what failed, in the dialog."""
        self.update(lambda dialog: dialog.show_job(job, error))

    def show_notice(self, notice: NoticeState | None) -> None:
        """Show a notice in the window, or hide it."""
        self._window.status.show_notice(notice)

    def complain(self, sentence: str) -> None:
        """Show an error in the window while the dialog is closed."""
        self._window.complain(sentence)


class RowView(QFrame):
    """Shows an encoder: title, state, description and actions."""

    def __init__(self, request: Callable[[EncoderAction], None]) -> None:
        super().__init__()
        self._request = request
        self._row: EncoderRow | None = None
        self._is_last = False
        self._is_expanded = False
        self._layout = QVBoxLayout(self)
        self._layout.setContentsMargins(16, 12, 16, 12)
        self._layout.setSpacing(4)

    def show_row(self, row: EncoderRow, *, is_last: bool) -> None:
        """Show an encoder; do nothing if it is unchanged."""
        if (row, is_last) == (self._row, self._is_last):
            return
        self._row, self._is_last = row, is_last
        self._build(row)

    def _build(self, row: EncoderRow) -> None:
        had_focus = self.focusWidget() is not None and self.focusWidget().hasFocus()
        clear_layout(self._layout)
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
        facts.addWidget(label(row.facts, "small", wraps=row.command is None), 1 if row.command is None else 0)
        self._layout.addLayout(facts)
        if row.problem:
            self._layout.addWidget(label(row.problem, "warning", wraps=True))
        if row.command is not None:
            self._add_instructions(row.instructions or "", row.command, facts)
        self._add_actions(row, row.actions)
        if row.int8_text or row.int8_actions:
            self._layout.addSpacing(8)
            self._layout.addWidget(label(row.int8_text or "", "muted", wraps=True))
            self._add_actions(row, row.int8_actions)
        if had_focus:  # the pressed button was rebuilt; keep the keyboard focus in its row
            buttons = [child for child in self.findChildren(QPushButton) if child.isEnabled()]
            (buttons[0] if buttons else self.window()).setFocus(Qt.FocusReason.OtherFocusReason)

    def _add_instructions(self, text: str, command: str, line: QHBoxLayout) -> None:
        """Add instructions for exporting a checkpoint, collapsed at first."""
        panel = QWidget()
        inside = QVBoxLayout(panel)
        inside.setContentsMargins(0, 4, 0, 4)
        inside.setSpacing(8)
        inside.addWidget(label(text, "muted", wraps=True))
        command_label = label(command, "command", wraps=True)
        command_label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        inside.addWidget(command_label)
        copy = button(self.tr("Copy command"), "link", lambda: QGuiApplication.clipboard().setText(command))
        inside.addWidget(copy, 0, Qt.AlignmentFlag.AlignLeft)
        panel.setVisible(self._is_expanded)
        copy.setAutoDefault(False)
        toggle = button(self.tr("How to get it"), "link", lambda: self._toggle(panel))
        toggle.setAutoDefault(False)
        line.addWidget(toggle)
        line.addStretch(1)
        self._layout.addWidget(panel)

    def _toggle(self, panel: QWidget) -> None:
        self._is_expanded = not self._is_expanded
        panel.setVisible(self._is_expanded)

    def _add_actions(self, row: EncoderRow, actions: Sequence[EncoderAction]) -> None:
        """Add a button for each action; minor actions look like links."""
        if not actions:
            return
        line = QHBoxLayout()
        line.setContentsMargins(0, 4, 0, 0)
        line.setSpacing(_LINKS_PX)
        for action in actions:
            role = "primary" if action.is_primary else "link" if action.is_minor else ""
            made = button(action.text, role, partial(self._request, action))
            made.setEnabled(row.is_enabled)
            made.setAutoDefault(False)
            line.addWidget(made)
        line.addStretch(1)
        self._layout.addLayout(line)
