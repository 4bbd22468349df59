"""What is shown instead of rows: an empty library, or no results."""

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from bowerbird.gui.shell.styled import button, label
from bowerbird.gui.translation import translate
from bowerbird.library.search.browsing import Relaxation

_COLUMN_PX: Final = 480


def relaxation_text(relaxation: Relaxation, *, is_filtered: bool) -> str:
    """Return what a less restrictive query would find."""
    words = f"“{relaxation.query.typed}”" if relaxation.query.terms else translate("Results", "everything")
    is_unfiltered = is_filtered and not relaxation.query.filters
    text = translate("Results", "Show {n} results for {words}")
    if is_unfiltered:
        text = translate("Results", "Show {n} results for {words} without filters")
    return text.format(n=f"{relaxation.n_found:,}", words=words)


class EmptyState(QWidget):
    """A sentence, what else there is to say, and the actions that lead on, shown where there are no rows."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._sentence = label("", "heading", wraps=True)
        self._details = label("", "muted", wraps=True)
        self._hint = label(self.tr("or drop a folder here"), "small")
        for text in (self._sentence, self._details, self._hint):
            text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._actions = QVBoxLayout()
        self._actions.setSpacing(8)
        column = QWidget()
        self._column = column
        column.setMaximumWidth(_COLUMN_PX)
        inner = QVBoxLayout(column)
        inner.setContentsMargins(0, 0, 0, 0)
        inner.setSpacing(16)
        inner.addWidget(self._sentence)
        inner.addWidget(self._details)
        inner.addLayout(self._actions)
        inner.addWidget(self._hint)
        middle = QHBoxLayout()
        middle.addStretch(1)
        middle.addWidget(column, 100)
        middle.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.addStretch(2)
        layout.addLayout(middle)
        layout.addStretch(3)

    def show_sentence(
        self,
        sentence: str,
        actions: Sequence[tuple[str, Callable[[], object]]],
        *,
        details: Sequence[str] = (),
        is_first_start: bool = False,
    ) -> None:
        """Show a sentence and its actions; the first one is the default.

        Parameters
        ----------
        sentence : str
        actions : sequence of (str, callable)
        details : sequence of str
            Further sentences.
        is_first_start : bool
            Whether to add that folders can be dropped, and to make the other actions quiet.
        """
        self._sentence.setText(sentence)
        self._details.setText("\n".join(details))
        self._details.setVisible(bool(details))
        self._hint.setVisible(is_first_start)
        while (item := self._actions.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        widest_px = _COLUMN_PX
        for number, (text, act) in enumerate(actions):
            role = "primary" if number == 0 else "link" if is_first_start else ""
            made = button(text, role, act)
            made.ensurePolished()
            widest_px = max(widest_px, made.sizeHint().width())
            self._actions.addWidget(made, 0, Qt.AlignmentFlag.AlignHCenter)
        self._column.setMaximumWidth(widest_px)  # no action is cut
