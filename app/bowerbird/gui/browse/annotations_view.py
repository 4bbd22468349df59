"""Stars, favourite, note and collections of the current sound, as parts of the inspector."""

from collections.abc import Sequence
from functools import partial

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QMenu, QPlainTextEdit, QToolButton, QWidget

from bowerbird.base.text import count_text
from bowerbird.gui.browse.annotations_presenter import AnnotationState, CollectionState
from bowerbird.gui.shell import theme
from bowerbird.gui.shell.styled import FlowLayout, Menu, button, clear_layout, icon_button, styled
from bowerbird.gui.shell.theme import Tokens

_N_STARS = 5
_NOTE_PX = 56


class RatingRow(QWidget):
    """Five stars and a heart.

    Signals
    -------
    rated : int
        1 to 5; the current number again removes the stars.
    favourite_toggled : ()
    """

    rated = Signal(int)
    favourite_toggled = Signal()

    def __init__(self, colours: Tokens) -> None:
        super().__init__()
        self._colours = colours
        self._state = AnnotationState()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        self.stars = [self._made(self._star_name(n), partial(self.rated.emit, n)) for n in range(1, _N_STARS + 1)]
        self.heart = self._made(self.tr("Favourite (F)"), self.favourite_toggled.emit)
        for star in self.stars:
            layout.addWidget(star)
        layout.addSpacing(8)
        layout.addWidget(self.heart)
        layout.addStretch(1)
        self.show_state(self._state)

    def _star_name(self, n: int) -> str:
        return f"{count_text(n, self.tr('star'), self.tr('stars'))} ({n})"

    def _made(self, name: str, act: object) -> QToolButton:
        made = icon_button(theme.icon("star", self._colours.faint), name, act)  # type: ignore[arg-type]
        made.setIconSize(QSize(14, 14))
        made.setFixedSize(22, 22)
        made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return made

    def show_state(self, state: AnnotationState) -> None:
        """Show stars and favourite."""
        self._state = state
        for n, star in enumerate(self.stars, start=1):
            is_on = n <= state.stars
            tone = self._colours.accent if is_on else self._colours.faint
            star.setIcon(theme.icon("star_full" if is_on else "star", tone))
        name, tone = ("heart_full", self._colours.unlike) if state.is_favourite else ("heart", self._colours.faint)
        self.heart.setIcon(theme.icon(name, tone))

    def recolour(self, colours: Tokens) -> None:
        """Use the colours of another theme."""
        self._colours = colours
        self.show_state(self._state)


class NoteField(QPlainTextEdit):
    """A note; it is saved when the field is left.

    Signals
    -------
    written : str
    left : ()
        The field was left with Escape.
    """

    written = Signal(str)
    left = Signal()

    def __init__(self) -> None:
        super().__init__()
        styled(self, "lines")
        self.setPlaceholderText(self.tr("Add a note"))
        self.setAccessibleName(self.tr("Note"))
        self.setTabChangesFocus(True)
        self.setFixedHeight(_NOTE_PX)
        self._shown = ""

    def show_note(self, note: str) -> None:
        """Show a note, unless another is being written."""
        if note != self._shown and not self.hasFocus():
            self.setPlainText(note)
        self._shown = note

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Save the note."""
        super().focusOutEvent(event)
        self.save()

    def save(self) -> None:
        """Save what was written, if it has changed."""
        if self.toPlainText().strip() != self._shown:
            self._shown = self.toPlainText().strip()
            self.written.emit(self._shown)

    def event(self, event: QEvent) -> bool:
        """Keep Escape for the field: it does not stop playback or clear the search."""
        is_key = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride
        if is_key and event.key() == Qt.Key.Key_Escape:  # type: ignore[attr-defined] # it is a key event
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Save with Ctrl+Enter, leave with Escape."""
        is_enter = event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}
        if event.key() == Qt.Key.Key_Escape or (is_enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier):
            self.save()
            self.left.emit()
        else:
            super().keyPressEvent(event)


class CollectionRow(QWidget):
    """The collections that the current sound is in, and a menu to change them.

    Signals
    -------
    toggled : CollectionState
    new_asked : ()
    """

    toggled = Signal(object)
    new_asked = Signal()

    def __init__(self) -> None:
        super().__init__()
        self._all: Sequence[CollectionState] = ()
        self._shown: tuple[str, ...] | None = None
        self._flow = FlowLayout(self, gap_px=4)
        self.show_collections(())

    def show_collections(self, collections: Sequence[CollectionState]) -> None:
        """Show collections."""
        self._all = collections
        names = tuple(entry.collection.name for entry in collections if entry.is_member)
        if names == self._shown:
            return
        self._shown = names
        clear_layout(self._flow)
        for entry in collections:
            if entry.is_member:
                made = button(entry.collection.name.replace("&", "&&"), "tag", partial(self.toggled.emit, entry))
                made.setToolTip(self.tr("Remove from “{name}”").format(name=entry.collection.name))
                self._flow.addWidget(made)
                made.show()
        add = button(self.tr("Add to a collection…"), "link", self._open_menu)
        self._flow.addWidget(add)
        add.show()

    def _open_menu(self) -> None:
        if not self._all:
            self.new_asked.emit()
            return
        menu = Menu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fill_menu(menu)
        menu.popup(self.mapToGlobal(self.rect().bottomLeft()))

    def fill_menu(self, menu: QMenu) -> None:
        """Add an entry for each collection, and one for a new collection."""
        for entry in self._all:
            action = menu.addAction(entry.collection.name.replace("&", "&&"), partial(self.toggled.emit, entry))
            action.setCheckable(True)
            action.setChecked(entry.is_member)
        menu.addSeparator()
        menu.addAction(self.tr("New collection…"), self.new_asked.emit)
