"""Side by side: the query on top, a column for each system below it, and the way to a blind test at the foot."""

from pathlib import Path
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QDialog, QHBoxLayout, QProgressBar, QScrollArea, QStackedWidget, QVBoxLayout, QWidget

from bowerbird.gui.browse.placeholders import Advice
from bowerbird.gui.encoders.encoder_texts import JobState
from bowerbird.gui.listening.comparing_presenter import ComparePresenter, CompareState
from bowerbird.gui.listening.comparing_table import ResultsTable
from bowerbird.gui.listening.rating_widgets import FlowLayout
from bowerbird.gui.listening.study_systems_view import SystemsEditor
from bowerbird.gui.shell import dialogs, theme
from bowerbird.gui.shell.styled import ElidedLabel, button, icon_button, label, resize_within_screen, styled
from bowerbird.gui.shell.window import MainWindow

_LABELS: Final = "Tables (*.csv)"
_RANKINGS: Final = "Rankings (*.jsonl *.json *.trec *.run *.txt)"
_EDITOR_PX: Final = 220


class SideBySideDialog(QDialog):
    """The window. What is pressed goes to the presenter."""

    def __init__(self, presenter: ComparePresenter, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._presenter = presenter
        self._query: Path | None = None
        self.setWindowTitle("Compare systems")
        resize_within_screen(self, 960, 620)
        self.setMinimumSize(320, 360)
        self.results = ResultsTable()
        self.systems = SystemsEditor()
        self._asked = ElidedLabel("asked_words")
        self._play = icon_button(theme.icon("play", theme.shown().query), "Play the query", self._play_query)
        self._other = button("", "link", presenter.ask_other)
        self._unfold = button("Systems", "link", self._fold)
        self._labels = button("Labels…", "link", self._ask_labels)
        self._no_labels = button("No labels", "link", lambda: presenter.choose_labels(None))
        self._advice = Advice()
        self._pages = QStackedWidget()
        self._pages.addWidget(self.results)
        self._pages.addWidget(self._advice)
        self._bar = QProgressBar()
        self._bar.setMaximum(1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Making a blind test")
        self._said = label("", "muted", wraps=True)
        self._complaint = label("", "warning", wraps=True)
        self._complaint.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self._rate = button("Rate this blind", "primary", presenter.rate_blind)
        self._rate.setToolTip("Make a listening test of this one query: the same systems, names and ranks hidden")
        self._cancel = button("Cancel", "", presenter.cancel)
        for widget in (self._other, self._unfold, self._labels, self._no_labels, self._rate, self._cancel):
            widget.setAutoDefault(False)
        self._lay_out()
        self._connect()
        self.show_job(None, "")

    def _lay_out(self) -> None:
        top = QHBoxLayout()
        top.setSpacing(8)
        top.addWidget(self._play)
        top.addWidget(self._asked, 1)
        links = styled(QWidget(), "foot")
        flow = FlowLayout(links, spacing=12)
        for link in (self._other, self._unfold, self._labels, self._no_labels):
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
        words = QVBoxLayout()
        words.setSpacing(2)
        for said in (self._complaint, self._said):
            words.addWidget(said)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 12, 16, 12)
        foot.setSpacing(12)
        foot.addLayout(words, 1)
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
        self.results.asked.connect(presenter.play)
        self.results.toggled.connect(presenter.toggle)
        systems.ticked.connect(presenter.tick)
        systems.variant_asked.connect(presenter.add_variant)
        systems.changed.connect(presenter.change_system)
        systems.removed.connect(presenter.remove_system)
        systems.ranking_asked.connect(self._ask_ranking)
        self.finished.connect(lambda _: presenter.closed())

    # What is shown

    def show_columns(self, state: CompareState) -> None:
        """Show the query and every column; while an answer is on its way the last one stays."""
        self._query = state.asked.sound
        self._asked.set_whole(state.asked.text)
        self._play.setIcon(theme.icon("play", theme.shown().query))
        self._play.setVisible(self._query is not None)
        self._other.setVisible(state.other is not None)
        if state.other is not None:
            self._other.setText(f"Ask {_short(state.other.text)} instead")
        self._labels.setText(f"Labels: {_short(state.labels)}" if state.labels else "Labels…")
        self._labels.setToolTip("A table of classes (CSV): shared ones are marked, and AP@15 stands above each column")
        self._no_labels.setVisible(bool(state.labels))
        self.systems.show_lines(state.lines)
        self._editor.setFixedHeight(min(_EDITOR_PX, 16 + self.systems.sizeHint().height()))
        self._rate.setEnabled(state.can_rate)
        if state.remark or (state.is_busy and not state.columns):
            self._advice.tell(state.remark or "Asking every system", [])
            self._pages.setCurrentWidget(self._advice)
            if not state.systems or state.remark:
                self._editor.setVisible(bool(state.lines))
        elif not state.is_busy:
            self._show_results(state)
        is_marked = any(result.n_columns > 1 for column in state.columns for result in column.results)
        self._said.setText(state.verdict or ("Dots: how many columns have the sound." if is_marked else ""))

    def _show_results(self, state: CompareState) -> None:
        has_shared = any(result.shared for column in state.columns for result in column.results)
        was_shown = self._pages.currentWidget() is self.results
        self.results.show_columns(state.columns, has_shared=has_shared)
        self._pages.setCurrentWidget(self.results)
        if not was_shown and not self.systems.isAncestorOf(self.focusWidget()):
            self.results.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_job(self, job: JobState | None, complaint: str) -> None:
        """Show what goes on, or what went wrong."""
        self._bar.setValue(round(1000 * (job.share or 0.0)) if job else 0)
        if job is not None:
            self._said.setText(job.text)
        self._complaint.setText(complaint)
        self._complaint.setVisible(bool(complaint))
        if job is None and self._cancel.isVisible():
            self.results.setFocus(Qt.FocusReason.OtherFocusReason)
        self._cancel.setVisible(job is not None)
        self._rate.setVisible(job is None)

    def reject(self) -> None:
        """Escape: what sounds stops, then the window closes."""
        if not self._presenter.stop():
            super().reject()

    def _play_query(self) -> None:
        if self._query is not None:
            self._presenter.play(self._query)

    def _fold(self) -> None:
        self._editor.setVisible(self._editor.isHidden())

    def _ask_labels(self) -> None:
        path = dialogs.ask_for_file(self, "Choose a table of classes", _LABELS)
        if path is not None:
            self._presenter.choose_labels(path)

    def _ask_ranking(self) -> None:
        path = dialogs.ask_for_file(self, "Add a file of rankings", _RANKINGS)
        if path is not None:
            self._presenter.add_ranking(path)


class CompareFace:
    """What the presenter sees of the window: the dialog, made when it is first asked for.

    Parameters
    ----------
    window : MainWindow
    """

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        self.dialog: SideBySideDialog | None = None
        self._presenter: ComparePresenter | None = None

    def connect(self, presenter: ComparePresenter) -> None:
        """Tell it what people do."""
        self._presenter = presenter

    def open(self) -> None:
        """Ask about the sound at hand, or the words that are typed: those that have the focus."""
        assert self._presenter is not None
        paths = self._window.chosen_paths()
        typed = self._window.search
        is_asked = self._presenter.open(
            paths[0] if paths else None, typed.text(), prefers_words=typed.hasFocus() and bool(typed.text().strip())
        )
        if not is_asked:
            return
        if self.dialog is None:
            self.dialog = SideBySideDialog(self._presenter, self._window)
        self.dialog.show()
        self.dialog.activateWindow()

    def close(self) -> None:
        """Close the dialog."""
        if self.dialog is not None:
            self.dialog.close()

    def show_columns(self, state: CompareState) -> None:
        """Show the query and every column."""
        if self.dialog is not None:
            self.dialog.show_columns(state)

    def show_compare_job(self, job: JobState | None, complaint: str) -> None:
        """Show what goes on, or what went wrong."""
        if self.dialog is not None:
            self.dialog.show_job(job, complaint)

    def show_heard(self, path: Path | None) -> None:
        """Mark the sound that is heard, or none."""
        if self.dialog is not None:
            self.dialog.results.show_heard(path)

    def complain(self, sentence: str) -> None:
        """Say in the window below what went wrong."""
        self._window.complain(sentence)


def _short(text: str) -> str:
    return text if len(text) <= 28 else f"{text[:13]}…{text[-13:]}"
