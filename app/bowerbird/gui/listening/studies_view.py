"""The Studies dialog. It is not modal, and jobs continue when it is closed."""

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QProgressBar,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from bowerbird.gui.browse.placeholders import EmptyState
from bowerbird.gui.listening.rating_widgets import FlowLayout
from bowerbird.gui.listening.studies_presenter import StudiesPresenter, StudyVerb
from bowerbird.gui.listening.studies_texts import StudyRow
from bowerbird.gui.shell import dialogs
from bowerbird.gui.shell.lazy_dialog import LazyDialog
from bowerbird.gui.shell.styled import button, label, resize_within_screen, scrolled_rows, styled
from bowerbird.jobs.progress import Progress
from bowerbird.listening.bundles import BUNDLE_ENDING, RATINGS_ENDING
from bowerbird.listening.texts import progress_text

_ACT_PX: Final = 31
"""Aligns links with buttons."""


class StudiesDialog(QDialog):
    """A row for each study, and below them the running job.

    Parameters
    ----------
    presenter : StudiesPresenter
    new_study : callable
        Opens the New study dialog.
    parent : QWidget, optional
    """

    def __init__(
        self, presenter: StudiesPresenter, new_study: Callable[[], object], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._presenter = presenter
        self.setWindowTitle(self.tr("Listening tests"))
        resize_within_screen(self, 680, 560)
        self.setMinimumSize(320, 320)
        self.rows: dict[str, StudyView] = {}
        self._pressed: QWidget | None = None
        self._area, self._list = scrolled_rows()
        self._area.setAccessibleName(self.tr("Studies"))
        self._empty = EmptyState()
        text = self.tr(
            "A study is a blind listening test: it shows which system finds the most similar sounds in your library. "
            "There are no studies yet."
        )
        self._empty.show_sentence(text, [(self.tr("New study"), new_study)])
        self._pages = QStackedWidget()
        self._pages.addWidget(self._area)
        self._pages.addWidget(self._empty)
        self._bar = QProgressBar()
        self._bar.setMaximum(1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._message = label("", "muted", wraps=True)
        self._error = label("", "warning", wraps=True)
        for line in (self._message, self._error):
            line.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            line.hide()
        self._bundle = button(self.tr("Open bundle…"), "", self._open_bundle)
        self._bundle.setToolTip(self.tr("Add a study that you received as a file"))
        self._new = button(self.tr("New study…"), "", new_study)
        self._cancel = button(self.tr("Cancel"), "", presenter.cancel)
        for act in (self._bundle, self._new, self._cancel):
            act.setAutoDefault(False)
        self._lay_out()
        self.finished.connect(lambda _: presenter.closed())
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
        for line in (self._error, self._message):
            foot.addWidget(line)
        foot.addWidget(buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self._bar)
        layout.addLayout(foot)

    def show_studies(self, rows: Sequence[StudyRow]) -> None:
        """Show every study; existing rows are kept."""
        for gone in set(self.rows) - {row.name for row in rows}:
            old = self.rows.pop(gone)
            if self._pressed is not None and old.isAncestorOf(self._pressed):
                self._pressed = None
            old.hide()
            old.deleteLater()
        for index, row in enumerate(rows):
            if row.name not in self.rows:
                self.rows[row.name] = StudyView(self._act)
            if self._list.indexOf(self.rows[row.name]) != index:
                self._list.removeWidget(self.rows[row.name])
                self._list.insertWidget(index, self.rows[row.name])
            self.rows[row.name].show_row(row, is_last=index == len(rows) - 1)
        self._pages.setCurrentWidget(self._area if rows else self._empty)
        self._new.setVisible(bool(rows))

    def show_job(self, job: Progress | None, message: str | None, error: str | None) -> None:
        """Show the running job, or the result of the last one."""
        self._bar.setMaximum(1000 if job is None or job.share is not None else 0)
        self._bar.setValue(round(1000 * (job.share or 0.0)) if job else 0)
        self._message.setText(progress_text(job) if job else message or "")
        self._message.setVisible(bool(job or message))
        self._error.setText(error or "")
        self._error.setVisible(bool(error))
        has_started, has_ended = bool(job) and self._cancel.isHidden(), not job and not self._cancel.isHidden()
        if has_started:  # the pressed button is disabled, which would move the focus to its neighbour
            self._pressed = self.focusWidget()
        self._cancel.setVisible(job is not None)
        if has_started:
            self._cancel.setFocus(Qt.FocusReason.OtherFocusReason)
        for row in self.rows.values():
            row.set_free(is_free=job is None)
        self._bundle.setEnabled(job is None)
        if has_ended and self._pressed is not None:
            self._pressed.setFocus(Qt.FocusReason.OtherFocusReason)

    def _open_bundle(self) -> None:
        path = dialogs.ask_for_file(self, self.tr("Open a bundle"), self._bundle_filter())
        if path is not None:
            self._presenter.open_bundle(path)

    def _act(self, verb: StudyVerb, name: str) -> None:
        presenter = self._presenter
        match verb:
            case "rate":
                presenter.rate(name)
            case "report":
                presenter.report(name)
            case "show":
                presenter.show_folder(name)
            case "merge":
                files = dialogs.ask_for_files(self, self.tr("Merge ratings"), self._ratings_filter())
                if files:
                    presenter.merge(name, files)
            case "export":
                title, file = self.tr("Export a bundle"), name + BUNDLE_ENDING
                if (out := dialogs.ask_where_to_save(self, title, file, self._bundle_filter())) is not None:
                    presenter.export(name, out)
            case "export_ratings":
                title, file = self.tr("Export ratings"), name + RATINGS_ENDING
                if (out := dialogs.ask_where_to_save(self, title, file, self._ratings_filter())) is not None:
                    presenter.export_ratings(name, out)

    def _bundle_filter(self) -> str:
        return f"{self.tr('Studies')} (*{BUNDLE_ENDING})"

    def _ratings_filter(self) -> str:
        return f"{self.tr('Ratings')} (*{RATINGS_ENDING})"


class StudyView(QFrame):
    """A study: its facts, the progress of its raters, and buttons."""

    def __init__(self, act: Callable[[StudyVerb, str], object]) -> None:
        super().__init__()
        self._act = act
        self._row = StudyRow("", "")
        self._title = label("", "now", wraps=True)
        self._facts = label("", "muted", wraps=True)
        self._raters = label("", "muted", wraps=True)
        self._error = label("", "warning", wraps=True)
        self._need_idle: list[QPushButton] = []
        self._need_ratings: list[QPushButton] = []
        self._buttons = QWidget()
        flow = FlowLayout(self._buttons, spacing=12)
        entries: tuple[tuple[str, str, StudyVerb], ...] = (
            (self.tr("Rate"), "", "rate"),
            (self.tr("Report"), "", "report"),
            (self.tr("Export bundle…"), "link", "export"),
            (self.tr("Export ratings…"), "link", "export_ratings"),
            (self.tr("Merge ratings…"), "link", "merge"),
            (self.tr("Show folder"), "link", "show"),
        )
        for text, role, verb in entries:
            made = button(text, role, partial(self._do, verb))
            made.setAutoDefault(False)
            if role == "link":
                made.setFixedHeight(_ACT_PX)
            flow.addWidget(made)
            if verb == "show":
                self._show_folder = made
            elif verb != "rate":
                self._need_idle.append(made)
            if verb in {"report", "export_ratings"}:
                self._need_ratings.append(made)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(4)
        for line in (self._title, self._facts, self._raters, self._error):
            layout.addWidget(line)
        layout.addSpacing(4)
        layout.addWidget(self._buttons)
        self._is_free = True

    def _do(self, verb: StudyVerb) -> None:
        self._act(verb, self._row.name)

    def show_row(self, row: StudyRow, *, is_last: bool) -> None:
        """Show the current state of the study."""
        self._row = row
        role = "last_row" if is_last else "row"
        if self.objectName() != role:
            styled(self, role)
            self.style().polish(self)
        for view, text in (
            (self._title, row.title),
            (self._facts, row.facts),
            (self._raters, row.raters),
            (self._error, row.error or ""),
        ):
            view.setText(text)
            view.setVisible(bool(text))
        for act in self._buttons.findChildren(QPushButton):
            act.setVisible(row.error is None or act is self._show_folder)
        self.set_free(is_free=self._is_free)

    def set_free(self, *, is_free: bool) -> None:
        """Enable the buttons, or disable them while a job runs; a report needs ratings."""
        self._is_free = is_free
        for act in self._need_idle:
            act.setEnabled(is_free and (self._row.has_ratings or act not in self._need_ratings))


class StudiesProxy(LazyDialog[StudiesDialog]):
    """The Studies dialog as its presenter sees it."""

    def __init__(
        self, window: QWidget, presenter: Callable[[], StudiesPresenter], new_study: Callable[[], object]
    ) -> None:
        super().__init__(lambda: StudiesDialog(presenter(), new_study, window))
        self._presenter = presenter

    def open(self) -> None:
        """Show the dialog and its studies."""
        self.show()
        self._presenter().opened()

    def show_studies(self, rows: Sequence[StudyRow]) -> None:
        """Show every study."""
        self.update(lambda dialog: dialog.show_studies(rows))

    def show_studies_job(self, job: Progress | None, message: str | None, error: str | None) -> None:
        """Show the running job, or the result of the last one."""
        self.update(lambda dialog: dialog.show_job(job, message, error))

    def open_file(self, path: Path) -> None:
        """Open a file or folder with its default application."""
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(path)))
