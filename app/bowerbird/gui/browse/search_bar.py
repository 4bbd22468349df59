"""The search box, and below it the chips of examples and filters, the count, the progress line and notices."""

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
from bowerbird.domain.query import Example
from bowerbird.gui.browse.browsing_presenter import ListState, example_name
from bowerbird.gui.browse.indexing_presenter import IndexingState
from bowerbird.gui.shell import theme
from bowerbird.gui.shell.styled import ElidedLabel, button, icon_button, label
from bowerbird.gui.shell.theme import Tokens
from bowerbird.gui.translation import translate


class SearchField(QLineEdit):
    """The search box; Down and Enter move the focus to the list, Escape clears.

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
        self.set_placeholder(has_text_encoder=False)
        self.setAccessibleName(self.tr("Search"))
        self.setAcceptDrops(False)  # the window takes dropped files as examples, here too
        self._magnifier = self.addAction(theme.icon("search", colours.muted), QLineEdit.ActionPosition.LeadingPosition)
        self._cross = self.addAction(theme.icon("close", colours.muted), QLineEdit.ActionPosition.TrailingPosition)
        self._cross.setToolTip(self.tr("Clear"))
        self._cross.setVisible(False)
        self._cross.triggered.connect(self.clear)
        self.textChanged.connect(lambda text: self._cross.setVisible(bool(text)))

    def set_placeholder(self, *, has_text_encoder: bool) -> None:
        """Show what can be typed: names, and descriptions too where an encoder understands them."""
        names = self.tr("Search names, folders and metadata: kick duration<0.5")
        descriptions = self.tr("Describe a sound, or search names: metallic impact with a long tail -voice")
        self.setPlaceholderText(descriptions if has_text_encoder else names)

    def recolour(self, colours: Tokens) -> None:
        """Use the colours of another theme."""
        self._magnifier.setIcon(theme.icon("search", colours.muted))
        self._cross.setIcon(theme.icon("close", colours.muted))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Pass on the keys that act outside the search box."""
        if event.key() in {Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.left.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        else:
            super().keyPressEvent(event)


class Chip(QFrame):
    """An example or a filter, with a remove button."""

    def __init__(
        self, text: str, colours: Tokens, remove: Callable[[], object], *, width_px: int, role: str = ""
    ) -> None:
        super().__init__()
        self.setObjectName("chip")
        self.setProperty("role", role)
        words = QLabel(self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, width_px))
        words.setTextFormat(Qt.TextFormat.PlainText)
        words.setToolTip(text)
        cross = icon_button(theme.icon("close", colours.muted), self.tr("Remove {text}").format(text=text), remove)
        cross.setIconSize(QSize(12, 12))
        cross.setFixedSize(16, 16)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 2, 6, 2)
        layout.setSpacing(6)
        layout.addWidget(words)
        layout.addWidget(cross)


def _example_text(example: Example) -> str:
    name = printable(example_name(example))
    text = translate("Search", "Unlike {name}") if example.is_unlike else translate("Search", "Like {name}")
    return text.format(name=name)


def restriction_chips(
    state: ListState,
    colours: Tokens,
    *,
    without_example: Callable[[object], object],
    without_filter: Callable[[object], object],
    width_px: int,
) -> list[Chip]:
    """Return a chip for every example and every filter of a list."""
    chips = [
        Chip(
            _example_text(example),
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
    """Chips on the left, then the count; a link to rejected sounds on the right.

    Signals
    -------
    rejected_clicked : ()
    """

    rejected_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chips = QHBoxLayout()
        self._chips.setSpacing(8)
        self._summary = label("", "muted")
        self._summary.setMinimumWidth(1)  # a long summary does not widen the window
        self.rejected_link = button("", "link", self.rejected_clicked.emit)
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
        """Show chips and the count."""
        while (item := self._chips.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for chip in chips:
            self._chips.addWidget(chip)
        self._summary.setText(summary)

    def show_rejected(self, n: int) -> None:
        """Show the link to rejected sounds, if there are any."""
        self.rejected_link.setVisible(n > 0)
        self.rejected_link.setText(self.tr("{n} rejected").format(n=f"{n:,}"))


class ProgressLine(QWidget):
    """A thin progress bar with a text, and Pause and Cancel.

    Signals
    -------
    pause_clicked, cancel_clicked : ()
    """

    pause_clicked = Signal()
    cancel_clicked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ElidedLabel("muted", Qt.TextElideMode.ElideRight)
        self._pause = button(self.tr("Pause"), "link", self.pause_clicked.emit)
        self._cancel = button(self.tr("Cancel"), "link", self.cancel_clicked.emit)
        self._bar = QProgressBar()
        self._bar.setMaximum(1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(self.tr("Indexing"))
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
        """Show the progress of indexing, or nothing."""
        if state is None:
            self.hide()
            return
        text = self.tr("Paused") + f" · {state.text}" if state.is_paused else state.text
        self._text.setMaximumWidth(self._text.fontMetrics().horizontalAdvance(text) + 4)  # Pause is right beside it
        self._text.set_text(text)
        self._pause.setText(self.tr("Resume") if state.is_paused else self.tr("Pause"))
        share = 0.0 if state.share is None else state.share
        self._bar.setValue(round(share * 1000))
        self.show()


class Notice(QWidget):
    """A sentence that stays until it is dismissed or replaced."""

    def __init__(self, colours: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = label("", "warning", wraps=True)
        self._cross = icon_button(theme.icon("close", colours.muted), self.tr("Dismiss"), self.hide)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 8, 0)
        layout.addWidget(self._label, 1)
        layout.addWidget(self._cross)
        self.hide()

    def show_sentence(self, sentence: str) -> None:
        """Show a sentence."""
        self._label.setText(sentence)
        self.show()
