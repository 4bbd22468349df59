"""What is shown instead of rows: an empty library, no results, the list of rejected sounds."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from bowerbird.base.text import count_text, printable
from bowerbird.catalogue.records import RejectedSound
from bowerbird.gui.shell.styled import button, label
from bowerbird.gui.translation import translate
from bowerbird.library.search.browsing import Relaxation


def relaxation_text(relaxation: Relaxation, *, is_filtered: bool) -> str:
    """Return what a less restrictive query would find."""
    words = f"“{relaxation.query.typed}”" if relaxation.query.terms else translate("Results", "everything")
    is_unfiltered = is_filtered and not relaxation.query.filters
    text = translate("Results", "Show {n} results for {words}")
    if is_unfiltered:
        text = translate("Results", "Show {n} results for {words} without filters")
    return text.format(n=f"{relaxation.n_found:,}", words=words)


class EmptyState(QWidget):
    """A sentence and its actions, shown where there are no rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentence = label("", "heading", wraps=True)
        self._sentence.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._actions = QVBoxLayout()
        self._actions.setSpacing(8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(16)
        layout.addStretch(2)
        layout.addWidget(self._sentence)
        layout.addLayout(self._actions)
        layout.addStretch(3)

    def show_sentence(self, sentence: str, actions: Sequence[tuple[str, Callable[[], object]]]) -> None:
        """Show a sentence and its actions; the first one is the default."""
        self._sentence.setText(sentence)
        while (item := self._actions.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        for number, (text, act) in enumerate(actions):
            made = button(text, "primary" if number == 0 else "", act)
            self._actions.addWidget(made, 0, Qt.AlignmentFlag.AlignHCenter)


class RejectedList(QWidget):
    """The sounds that cannot be used, with reasons."""

    def __init__(self, back: Callable[[], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._heading = label("", "heading")
        self._list = QListWidget()
        self._list.setWordWrap(True)
        self._list.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self._list.setSpacing(4)
        self._list.setAccessibleName(self.tr("Rejected sounds"))
        top = QHBoxLayout()
        top.addWidget(self._heading, 1)
        top.addWidget(button(self.tr("Back to sounds"), "", back))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 0)
        layout.addLayout(top)
        layout.addWidget(self._list, 1)

    def show_rejected(self, rejected: Sequence[RejectedSound]) -> None:
        """Show sounds and reasons."""
        self._heading.setText(self.tr("{sounds} cannot be used").format(sounds=count_text(len(rejected))))
        self._list.clear()
        for sound in rejected:
            item = QListWidgetItem(f"{sound.reason}\n{printable(str(sound.path.parent))}")
            item.setToolTip(printable(str(sound.path)))
            self._list.addItem(item)
