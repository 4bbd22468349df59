"""The studies in a window of their own: it is not modal, and work goes on when it is closed."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QProgressBar,
    QPushButton,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from bowerbird.gui.browse.placeholders import Advice
from bowerbird.gui.encoders.encoder_texts import JobState
from bowerbird.gui.listening.rating_widgets import FlowLayout
from bowerbird.gui.listening.studies_presenter import StudiesPresenter, StudyRow
from bowerbird.gui.shell import dialogs
from bowerbird.gui.shell.styled import button, label, resize_within_screen, styled
from bowerbird.listening.bundles import BUNDLE_ENDING, RATINGS_ENDING

EMPTY: Final = "A study asks by ear, and blind, which similarity is right on your own sounds. There is none yet."

_ACT_PX: Final = 31
"""Links stand in line with buttons."""

_BUNDLES: Final = f"Studies (*{BUNDLE_ENDING})"
_RATINGS: Final = f"Ratings (*{RATINGS_ENDING})"


class StudiesDialog(QDialog):
    """A row for each study, and below them what goes on.

    Signals
    -------
    acted : (str, str)
        What to do, and with which study.
    new_asked, bundle_asked, cancelled : ()
    """

    acted = Signal(str, str)
    new_asked = Signal()
    bundle_asked = Signal()
    cancelled = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Listening tests")
        resize_within_screen(self, 680, 560)
        self.setMinimumSize(320, 320)
        self.rows: dict[str, StudyView] = {}
        self._pressed: QWidget | None = None
        sheet = styled(QWidget(), "sheet")
        self._list = QVBoxLayout(sheet)
        self._list.setContentsMargins(0, 0, 0, 0)
        self._list.setSpacing(0)
        self._list.addStretch(1)
        self._area = QScrollArea(widgetResizable=True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._area.setWidget(sheet)
        self._area.setAccessibleName("Studies")
        self._nothing = Advice()
        self._nothing.tell(EMPTY, [("New study", self.new_asked.emit)])
        self._pages = QStackedWidget()
        self._pages.addWidget(self._area)
        self._pages.addWidget(self._nothing)
        self._bar = QProgressBar()
        self._bar.setMaximum(1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Work on studies")
        self._said = label("", "muted", wraps=True)
        self._complaint = label("", "warning", wraps=True)
        for line in (self._said, self._complaint):
            line.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            line.hide()
        self._bundle = button("Open bundle…", "", self.bundle_asked.emit)
        self._bundle.setToolTip("A study that somebody sent, in one file")
        self._new = button("New study…", "", self.new_asked.emit)
        self._cancel = button("Cancel", "", self.cancelled.emit)
        for act in (self._bundle, self._new, self._cancel):
            act.setAutoDefault(False)
        self._lay_out()
        self._area.setFocus(Qt.FocusReason.OtherFocusReason)

    def _lay_out(self) -> None:
        buttons = QWidget()
        flow = FlowLayout(buttons, spacing=8)
        for widget in (self._new, self._bundle, self._cancel):
            flow.addWidget(widget)
        self._cancel.hide()
        foot = QVBoxLayout()
        foot.setContentsMargins(16, 12, 16, 12)
        foot.setSpacing(8)
        for said in (self._complaint, self._said):
            foot.addWidget(said)
        foot.addWidget(buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self._bar)
        layout.addLayout(foot)

    def show_studies(self, rows: Sequence[StudyRow]) -> None:
        """Show every study; a row that is as it was stays as it is."""
        for gone in set(self.rows) - {row.name for row in rows}:
            old = self.rows.pop(gone)
            if self._pressed is not None and old.isAncestorOf(self._pressed):
                self._pressed = None
            old.hide()
            old.deleteLater()
        for index, row in enumerate(rows):
            if row.name not in self.rows:
                self.rows[row.name] = StudyView(self.acted.emit)
            if self._list.indexOf(self.rows[row.name]) != index:
                self._list.removeWidget(self.rows[row.name])
                self._list.insertWidget(index, self.rows[row.name])
            self.rows[row.name].show_row(row, is_last=index == len(rows) - 1)
        self._pages.setCurrentWidget(self._area if rows else self._nothing)
        self._new.setVisible(bool(rows))

    def show_job(self, job: JobState | None, said: str, complaint: str) -> None:
        """Show what goes on, what was done, or what went wrong."""
        self._bar.setMaximum(1000 if job is None or job.share is not None else 0)
        self._bar.setValue(round(1000 * (job.share or 0.0)) if job else 0)
        self._said.setText(job.text if job else said)
        self._said.setVisible(bool(job or said))
        self._complaint.setText(complaint)
        self._complaint.setVisible(bool(complaint))
        begins, ends = bool(job) and self._cancel.isHidden(), not job and not self._cancel.isHidden()
        if begins:  # the button that was pressed goes off: the keyboard is not to land on its neighbour
            self._pressed = self.focusWidget()
        self._cancel.setVisible(job is not None)
        if begins:
            self._cancel.setFocus(Qt.FocusReason.OtherFocusReason)
        for row in self.rows.values():
            row.set_free(is_free=job is None)
        self._bundle.setEnabled(job is None)
        if ends and self._pressed is not None:
            self._pressed.setFocus(Qt.FocusReason.OtherFocusReason)


class StudyView(QFrame):
    """One study: what it is, how far its raters are, what can be done."""

    def __init__(self, act: Callable[[str, str], object]) -> None:
        super().__init__()
        self._act = act
        self._row = StudyRow("", "")
        self._title = label("", "now", wraps=True)
        self._facts = label("", "muted", wraps=True)
        self._raters = label("", "muted", wraps=True)
        self._complaint = label("", "warning", wraps=True)
        self._of_work: list[QPushButton] = []
        self._of_ratings: list[QPushButton] = []
        self._acts = QWidget()
        flow = FlowLayout(self._acts, spacing=12)
        for text, role, verb in (
            ("Rate", "", "rate"),
            ("Report", "", "report"),
            ("Export bundle…", "link", "export"),
            ("Export ratings…", "link", "export_ratings"),
            ("Merge ratings…", "link", "merge"),
            ("Show folder", "link", "show"),
        ):
            made = button(text, role, partial(self._do, verb))
            made.setAutoDefault(False)
            if role == "link":
                made.setFixedHeight(_ACT_PX)
            flow.addWidget(made)
            if verb not in {"rate", "show"}:
                self._of_work.append(made)
            if verb in {"report", "export_ratings"}:
                self._of_ratings.append(made)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(4)
        for line in (self._title, self._facts, self._raters, self._complaint):
            layout.addWidget(line)
        layout.addSpacing(4)
        layout.addWidget(self._acts)
        self._is_free = True

    def _do(self, verb: str) -> None:
        self._act(verb, self._row.name)

    def show_row(self, row: StudyRow, *, is_last: bool) -> None:
        """Show a study as it is now."""
        self._row = row
        role = "last_row" if is_last else "row"
        if self.objectName() != role:
            styled(self, role)
            self.style().polish(self)
        for view, text in (
            (self._title, row.title),
            (self._facts, row.facts),
            (self._raters, row.raters),
            (self._complaint, row.complaint),
        ):
            view.setText(text)
            view.setVisible(bool(text))
        for act in self._acts.findChildren(QPushButton):
            act.setVisible(not row.complaint or act.text() == "Show folder")
        self.set_free(is_free=self._is_free)

    def set_free(self, *, is_free: bool) -> None:
        """Let work be asked for, or not while other work goes on; what nobody rated has nothing to report."""
        self._is_free = is_free
        for act in self._of_work:
            act.setEnabled(is_free and (self._row.has_ratings or act not in self._of_ratings))


class StudiesFace:
    """What the presenter sees of the window: the dialog, made when it is first asked for.

    Parameters
    ----------
    window : QWidget
    """

    def __init__(self, window: QWidget) -> None:
        self._window = window
        self.dialog: StudiesDialog | None = None
        self._presenter: StudiesPresenter | None = None
        self._new: Callable[[], object] = lambda: None

    def connect(self, presenter: StudiesPresenter, new: Callable[[], object]) -> None:
        """Tell it what people do; `new` begins a study."""
        self._presenter = presenter
        self._new = new

    def open(self) -> None:
        """Bring the dialog to the front."""
        assert self._presenter is not None
        presenter = self._presenter
        if self.dialog is None:
            self.dialog = StudiesDialog(self._window)
            self.dialog.acted.connect(self._do)
            self.dialog.new_asked.connect(self._new)
            self.dialog.bundle_asked.connect(self._open_bundle)
            self.dialog.cancelled.connect(presenter.cancel)
            self.dialog.finished.connect(lambda _: presenter.closed())
        self.dialog.show()
        self.dialog.activateWindow()
        presenter.opened()

    def close(self) -> None:
        """Close the dialog."""
        if self.dialog is not None:
            self.dialog.close()

    def _open_bundle(self) -> None:
        path = dialogs.ask_for_file(self._parent, "Open a bundle", _BUNDLES)
        if path is not None and self._presenter is not None:
            self._presenter.open_bundle(path)

    def _do(self, verb: str, name: str) -> None:
        assert self._presenter is not None
        presenter = self._presenter
        match verb:
            case "rate":
                presenter.rate(name)
            case "report":
                presenter.report(name)
            case "show":
                presenter.show_folder(name)
            case "merge":
                files = dialogs.ask_for_files(self._parent, "Merge ratings", _RATINGS)
                if files:
                    presenter.merge(name, files)
            case "export":
                out = dialogs.ask_where_to_save(self._parent, "Export a bundle", name + BUNDLE_ENDING, _BUNDLES)
                if out is not None:
                    presenter.export(name, out)
            case "export_ratings":
                out = dialogs.ask_where_to_save(self._parent, "Export ratings", name + RATINGS_ENDING, _RATINGS)
                if out is not None:
                    presenter.export_ratings(name, out)
            case _:
                raise ValueError(verb)

    @property
    def _parent(self) -> QWidget:
        return self.dialog or self._window

    def show_studies(self, rows: Sequence[StudyRow]) -> None:
        """Show every study."""
        if self.dialog is not None:
            self.dialog.show_studies(rows)

    def show_studies_job(self, job: JobState | None, said: str, complaint: str) -> None:
        """Show what goes on, what was done, or what went wrong."""
        if self.dialog is not None:
            self.dialog.show_job(job, said, complaint)

    def open_file(self, path: Path) -> None:
        """Open a file or folder with what the system has for it."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
