"""The Compare dialog: the query, a column of results per system, and a button for a blind test."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QProgressBar, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from bowerbird.gui.browse.placeholders import EmptyState
from bowerbird.gui.listening.comparing_presenter import ComparePresenter, CompareState
from bowerbird.gui.listening.comparing_table import ResultsTable
from bowerbird.gui.listening.rating_widgets import FlowLayout
from bowerbird.gui.listening.study_systems_view import SystemsEditor, ask_for_labels, ask_for_rankings
from bowerbird.gui.shell import theme
from bowerbird.gui.shell.lazy_dialog import LazyDialog
from bowerbird.gui.shell.styled import ElidedLabel, button, icon_button, label, resize_within_screen, styled
from bowerbird.gui.shell.window import MainWindow
from bowerbird.jobs.progress import Progress
from bowerbird.listening.texts import progress_text

_EDITOR_PX: Final = 220


class CompareDialog(QDialog):
    """The dialog. Actions go to the presenter."""

    def __init__(self, presenter: ComparePresenter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presenter = presenter
        self._query: Path | None = None
        self.setWindowTitle(self.tr("Compare systems"))
        resize_within_screen(self, 960, 620)
        self.setMinimumSize(320, 360)
        self.results = ResultsTable()
        self.systems = SystemsEditor()
        self._query_text = ElidedLabel("asked_words")
        self._play = icon_button(theme.icon("play", theme.shown().query), self.tr("Play the query"), self._play_query)
        self._other = button("", "link", presenter.switch_query)
        self._systems_button = button(self.tr("Systems"), "link", self._toggle_systems)
        self._labels = button(self.tr("Labels…"), "link", self._ask_labels)
        self._no_labels = button(self.tr("No labels"), "link", lambda: presenter.choose_labels(None))
        self._advice = EmptyState()
        self._pages = QStackedWidget()
        self._pages.addWidget(self.results)
        self._pages.addWidget(self._advice)
        self._bar = QProgressBar()
        self._bar.setMaximum(1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Progress"))
        self._message = label("", "muted", wraps=True)
        self._error = label("", "warning", wraps=True)
        self._error.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._rate = button(self.tr("Rate blind"), "primary", presenter.rate_blind)
        self._rate.setToolTip(self.tr("Rate these results without seeing which system found them"))
        self._cancel = button(self.tr("Cancel"), "", presenter.cancel)
        for widget in (self._other, self._systems_button, self._labels, self._no_labels, self._rate, self._cancel):
            widget.setAutoDefault(False)
        self._lay_out()
        self._connect()
        self.show_job(None, None)

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self._play)
        top.addWidget(self._query_text, 1)
        links = styled(QWidget(), "foot")
        flow = FlowLayout(links, spacing=12)
        for link in (self._other, self._systems_button, self._labels, self._no_labels):
            flow.addWidget(link)
        sheet = styled(QWidget(), "sheet")
        inside = QVBoxLayout(sheet)
        inside.setContentsMargins(16, 8, 16, 8)
        inside.addWidget(self.systems)
        inside.addStretch(1)
        self._editor = QScrollArea(widgetResizable=True)
        self._editor.setFrameShape(QScrollArea.Shape.NoFrame)
        self._editor.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._editor.setWidget(sheet)
        self._editor.hide()
        head = QVBoxLayout()
        head.setContentsMargins(16, 12, 16, 8)
        head.setSpacing(4)
        head.addLayout(top)
        head.addWidget(links)
        texts = QVBoxLayout()
        texts.setSpacing(2)
        for line in (self._error, self._message):
            texts.addWidget(line)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 12, 16, 12)
        foot.setSpacing(12)
        foot.addLayout(texts, 1)
        foot.addWidget(self._cancel)
        foot.addWidget(self._rate)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(head)
        layout.addWidget(self._editor)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self._bar)
        layout.addLayout(foot)

    def _connect(self) -> None:
        presenter, systems = self._presenter, self.systems
        self.results.play_requested.connect(presenter.play)
        self.results.toggled.connect(presenter.toggle)
        systems.checked.connect(presenter.check_system)
        systems.variant_requested.connect(presenter.add_variant)
        systems.changed.connect(presenter.change_system)
        systems.removed.connect(presenter.remove_system)
        systems.ranking_requested.connect(self._ask_ranking)
        self.finished.connect(lambda _: presenter.closed())

    # State

    def show_columns(self, state: CompareState) -> None:
        """Show the query and every column; during a search the last results stay."""
        self._query = state.query.sound
        self._query_text.set_text(state.query.text)
        self._play.setIcon(theme.icon("play", theme.shown().query))
        self._play.setVisible(self._query is not None)
        self._other.setVisible(state.other is not None)
        if state.other is not None:
            self._other.setText(self.tr("Search by {} instead").format(_short(state.other.text)))
        self._labels.setText(f"{self.tr('Labels:')} {_short(state.labels)}" if state.labels else self.tr("Labels…"))
        self._labels.setToolTip(
            self.tr("A CSV file of classes: shared classes are marked, and each column shows its AP@15")
        )
        self._no_labels.setVisible(bool(state.labels))
        self.systems.show_rows(state.system_rows)
        self._editor.setFixedHeight(min(_EDITOR_PX, 16 + self.systems.sizeHint().height()))
        self._rate.setEnabled(state.can_rate)
        if state.remark or (state.is_busy and not state.columns):
            self._advice.show_sentence(state.remark or self.tr("Searching…"), [])
            self._pages.setCurrentWidget(self._advice)
            if not state.has_systems or state.remark:
                self._editor.setVisible(bool(state.system_rows))
        elif not state.is_busy:
            self._show_results(state)
        is_marked = any(result.n_columns > 1 for column in state.columns for result in column.results)
        self._message.setText(
            state.verdict or (self.tr("Dots show how many columns contain the sound.") if is_marked else "")
        )

    def _show_results(self, state: CompareState) -> None:
        has_shared = any(result.shared for column in state.columns for result in column.results)
        was_shown = self._pages.currentWidget() is self.results
        self.results.show_columns(state.columns, has_shared=has_shared)
        self._pages.setCurrentWidget(self.results)
        if not was_shown and not self.systems.isAncestorOf(self.focusWidget()):
            self.results.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_job(self, job: Progress | None, error: str | None) -> None:
        """Show the running job, or the error of the last one."""
        self._bar.setValue(round(1000 * (job.share or 0.0)) if job else 0)
        if job is not None:
            self._message.setText(progress_text(job))
        self._error.setText(error or "")
        self._error.setVisible(bool(error))
        if job is None and self._cancel.isVisible():
            self.results.setFocus(Qt.FocusReason.OtherFocusReason)
        self._cancel.setVisible(job is not None)
        self._rate.setVisible(job is None)

    def reject(self) -> None:
        """Stop playback on Escape; close the dialog when nothing is playing."""
        if not self._presenter.stop():
            super().reject()

    def _play_query(self) -> None:
        if self._query is not None:
            self._presenter.play(self._query)

    def _toggle_systems(self) -> None:
        self._editor.setVisible(self._editor.isHidden())

    def _ask_labels(self) -> None:
        path = ask_for_labels(self)
        if path is not None:
            self._presenter.choose_labels(path)

    def _ask_ranking(self) -> None:
        path = ask_for_rankings(self)
        if path is not None:
            self._presenter.add_ranking(path)


class CompareProxy(LazyDialog[CompareDialog]):
    """The Compare dialog as its presenter sees it."""

    def __init__(self, window: MainWindow, presenter: Callable[[], ComparePresenter]) -> None:
        super().__init__(lambda: CompareDialog(presenter(), window))
        self._window = window
        self._presenter = presenter

    def open(self) -> None:
        """Search by the selected sound or the text of the search box, whichever has the focus."""
        paths = self._window.chosen_paths()
        typed = self._window.search
        prefers_words = typed.hasFocus() and bool(typed.text().strip())
        if self._presenter().open(paths[0] if paths else None, typed.text(), prefers_words=prefers_words):
            self.show()

    def show_columns(self, state: CompareState) -> None:
        """Show the query and every column."""
        self.update(lambda dialog: dialog.show_columns(state))

    def show_compare_job(self, job: Progress | None, error: str | None) -> None:
        """Show the running job, or the error of the last one."""
        self.update(lambda dialog: dialog.show_job(job, error))

    def show_playing(self, path: Path | None) -> None:
        """Mark the sound that is playing, or none."""
        self.update(lambda dialog: dialog.results.show_playing(path))

    def complain(self, sentence: str) -> None:
        """Show an error in the main window."""
        self._window.complain(sentence)


def _short(text: str) -> str:
    return text if len(text) <= 28 else f"{text[:13]}…{text[-13:]}"
