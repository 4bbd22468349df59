"""What is shown instead of rows: an empty library, or no results."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

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
