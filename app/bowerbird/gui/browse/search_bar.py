"""The one search box, and below it what restricts the list: chips, the count, the progress line, a notice."""

from collections.abc import Callable, Sequence
from functools import partial

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from bowerbird.base.text import printable
from bowerbird.gui.browse.browsing_presenter import ListState, example_name
from bowerbird.gui.browse.indexing_presenter import IndexingState
from bowerbird.gui.shell import theme
from bowerbird.gui.shell.styled import ElidedLabel, button, icon_button, label
from bowerbird.gui.shell.theme import Tokens


class SearchField(QLineEdit):
    """A line to type in; Down and Enter leave it into the list, Escape asks to clear.

    Signals
    -------
    left : ()
    escaped : ()
    """

    left = Signal()
    escaped = Signal()

    def __init__(self, colours: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("search")
        self.invite(is_meant=False)
        self.setAccessibleName("Search")
        self.setAcceptDrops(False)  # a file that is dropped is a query, here too, and not its name
        self._magnifier = self.addAction(theme.icon("search", colours.muted), QLineEdit.ActionPosition.LeadingPosition)
        self._cross = self.addAction(theme.icon("close", colours.muted), QLineEdit.ActionPosition.TrailingPosition)
        self._cross.setToolTip("Clear")
        self._cross.setVisible(False)
        self._cross.triggered.connect(self.clear)
        self.textChanged.connect(lambda text: self._cross.setVisible(bool(text)))

    def invite(self, *, is_meant: bool) -> None:
        """Say what may be typed: names, or descriptions too where words are understood."""
        names = "Search names, folders and metadata: kick duration<0.5"
        meant = "Describe a sound, or search names: metallic impact with a long tail -voice"
        self.setPlaceholderText(meant if is_meant else names)

    def recolour(self, colours: Tokens) -> None:
        """Take up another theme."""
        self._magnifier.setIcon(theme.icon("search", colours.muted))
        self._cross.setIcon(theme.icon("close", colours.muted))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Release the keys that mean something outside."""
        if event.key() in {Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.left.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        else:
            super().keyPressEvent(event)


class Chip(QFrame):
    """One restriction, with a cross to take it away."""

    def __init__(
        self, text: str, colours: Tokens, remove: Callable[[], object], *, width_px: int, role: str = ""
    ) -> None:
        super().__init__()
        self.setObjectName("chip")
        self.setProperty("role", role)
        words = QLabel(self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, width_px))
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setToolTip(text)
        cross = icon_button(theme.icon("close", colours.muted), f"Remove {text}", remove)
        cross.setIconSize(QSize(12, 12))
        cross.setFixedSize(16, 16)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 2, 6, 2)
        layout.setSpacing(6)
        layout.addWidget(words)
        layout.addWidget(cross)


def restriction_chips(
    state: ListState,
    colours: Tokens,
    *,
    without_example: Callable[[object], object],
    without_filter: Callable[[object], object],
    width_px: int,
) -> list[Chip]:
    """Make a chip for every example and every filter of a list."""
    chips = [
        Chip(
            f"{'Unlike' if example.is_unlike else 'Like'} {printable(example_name(example))}",
            colours,
            partial(without_example, example),
            width_px=width_px,
            role="unlike" if example.is_unlike else "query",
        )
        for example in state.examples
    ]
    chips += [
        Chip(str(condition), colours, partial(without_filter, condition), width_px=width_px)
        for condition in state.filters
    ]
    return chips


class ChipStrip(QWidget):
    """Chips on the left, the count behind them, a link to rejected sounds on the right.

    Signals
    -------
    rejected_asked : ()
    """

    rejected_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chips = QHBoxLayout()
        self._chips.setSpacing(8)
        self._summary = label("", "muted")
        self._summary.setMinimumWidth(1)  # many misspelt words do not widen the window
        self.rejected_link = button("", "link", self.rejected_asked.emit)
        self.rejected_link.setCursor(Qt.CursorShape.PointingHandCursor)
        self.rejected_link.hide()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 8, 0)
        layout.setSpacing(8)
        layout.addLayout(self._chips)
        layout.addWidget(self._summary)
        layout.addStretch(1)
        layout.addWidget(self.rejected_link)
        self.setFixedHeight(28)

    def show_chips(self, chips: Sequence[Chip], summary: str) -> None:
        """Show other chips and the count."""
        while (item := self._chips.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for chip in chips:
            self._chips.addWidget(chip)
        self._summary.setText(summary)

    def show_rejected(self, n: int) -> None:
        """Offer the list of rejected sounds, when there are any."""
        self.rejected_link.setVisible(n > 0)
        self.rejected_link.setText(f"{n:,} rejected")


class ProgressLine(QWidget):
    """One thin line with words: how far, how fast, how long, pause, cancel.

    Signals
    -------
    pause_clicked, cancel_clicked : ()
    """

    pause_clicked = Signal()
    cancel_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ElidedLabel("muted", Qt.TextElideMode.ElideRight)
        self._pause = button("Pause", "link", self.pause_clicked.emit)
        self._cancel = button("Cancel", "link", self.cancel_clicked.emit)
        self._bar = QProgressBar()
        self._bar.setMaximum(1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Indexing")
        words = QHBoxLayout()
        words.setContentsMargins(12, 0, 8, 0)
        words.setSpacing(4)
        words.addWidget(self._text, 1)
        words.addWidget(self._pause)
        words.addWidget(self._cancel)
        words.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addLayout(words)
        layout.addWidget(self._bar)
        self.hide()

    def show_state(self, state: IndexingState | None) -> None:
        """Show how far indexing is, or nothing."""
        if state is None:
            self.hide()
            return
        text = f"Paused · {state.text}" if state.is_paused else state.text
        self._text.setMaximumWidth(self._text.fontMetrics().horizontalAdvance(text) + 4)  # Pause stands beside it
        self._text.set_whole(text)
        self._pause.setText("Resume" if state.is_paused else "Pause")
        share = 0.0 if state.share is None else state.share
        self._bar.setValue(round(share * 1000))
        self.show()


class Notice(QWidget):
    """One sentence that stays until it is read or replaced."""

    def __init__(self, colours: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = label("", "warning", wraps=True)
        self._cross = icon_button(theme.icon("close", colours.muted), "Dismiss", self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 8, 0)
        layout.addWidget(self._label, 1)
        layout.addWidget(self._cross)
        self.hide()

    def tell(self, sentence: str) -> None:
        """Show a sentence."""
        self._label.setText(sentence)
        self.show()
