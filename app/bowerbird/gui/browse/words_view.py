"""The words of the current sound in the inspector: suggested and given words as chips, and a field for more."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QPushButton, QToolButton, QWidget

from bowerbird.gui.browse.words_presenter import WordState
from bowerbird.gui.shell import theme
from bowerbird.gui.shell.styled import ElidedLabel, FlowLayout, icon_button, label, styled
from bowerbird.gui.shell.theme import Tokens

_CHIP_PX: Final = 24
_CROSS_PX: Final = 18
_GAP_PX: Final = 6
_FIELD_PX: Final = 200

_STALE_MS: Final = 150
"""How long the words of the last sound stay: results mostly arrive sooner, so nothing flickers."""

_MAX_LETTERS: Final = 60


class WordSection(QWidget):
    """Shows words as chips, each with a remove button, and a field to add one.

    Attributes
    ----------
    tab_after : QWidget or None
        The control that the chips follow in the order of Tab; None leaves them at the end.

    Signals
    -------
    searched, denied : WordState
    add_asked : ()
    given : str
    left : ()
        The field was left by the keyboard.
    visibility_changed : bool
    """

    searched = Signal(object)
    denied = Signal(object)
    add_asked = Signal()
    given = Signal(str)
    left = Signal()
    visibility_changed = Signal(bool)

    def __init__(self, colours: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colours = colours
        self._is_adding = False
        self._shown: tuple[WordState, ...] = ()
        self._chips: list[_Chip] = []
        self._stale = QTimer(self, singleShot=True, interval=_STALE_MS)
        self._stale.timeout.connect(lambda: self._show(()))
        self._add = icon_button(theme.icon("plus", colours.muted), self.tr("Add a word (W)"), self.add_asked.emit)
        self._add.setObjectName("add_word")
        self._add.setAccessibleName(self.tr("Add a word"))
        self._add.setIconSize(QSize(12, 12))
        self._add.setFixedSize(_CHIP_PX, _CHIP_PX)
        self._add.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._add.hide()
        self.tab_after: QWidget | None = None
        self._field = _WordField()
        self._field.setFixedWidth(_FIELD_PX)
        self._field.committed.connect(self._commit)
        self._field.escaped.connect(partial(self._leave, by_keyboard=True))
        self._field.abandoned.connect(partial(self._leave, by_keyboard=False))
        self._flow = FlowLayout(self, gap_px=_GAP_PX)
        for widget in (self._add, self._field):
            self._flow.addWidget(widget)

    # Content

    def show_words(self, chips: Sequence[WordState] | None, *, has_sound: bool) -> None:
        """Show the words of a sound; with None they follow, and those of the last sound are cleared shortly after."""
        self._add.setVisible(has_sound and not self._is_adding)
        if chips is not None:
            self._stale.stop()
            self._show(tuple(chips))
        elif not self._stale.isActive():
            self._stale.start()

    def _show(self, chips: tuple[WordState, ...]) -> None:
        if chips == self._shown:
            return
        focused = next((number for number, chip in enumerate(self._chips) if chip.has_focus()), None)
        self._shown = chips
        self._make_chips()
        if focused is not None:  # keep the keyboard focus
            shown = [chip.word for chip in self._chips]
            (shown[min(focused, len(shown) - 1)] if shown else self._add).setFocus(Qt.FocusReason.OtherFocusReason)

    def _make_chips(self) -> None:
        while self._flow.takeAt(0) is not None:
            pass
        for old in self._chips:
            old.hide()
            old.deleteLater()
        self._chips = [
            _Chip(
                chip,
                self._colours,
                search=partial(self.searched.emit, chip),
                deny=partial(self.denied.emit, chip),
            )
            for chip in self._shown
        ]
        before = self.tab_after
        for chip in self._chips:
            self._flow.addWidget(chip)
            chip.show()
            for widget in (chip.word, chip.cross):
                if before is not None:
                    QWidget.setTabOrder(before, widget)
                before = widget
        for control in (self._add, self._field):
            self._flow.addWidget(control)
            if before is not None:
                QWidget.setTabOrder(before, control)
            before = control
        self.updateGeometry()

    def recolour(self, colours: Tokens) -> None:
        """Use the colours of another theme."""
        self._colours = colours
        self._add.setIcon(theme.icon("plus", colours.muted))
        self._make_chips()

    # Adding a word

    def begin(self, placeholder: str) -> None:
        """Show the field for a new word."""
        self._is_adding = True
        self._add.hide()
        self._field.clear()
        self._field.setPlaceholderText(placeholder)
        self._field.setAccessibleName(placeholder)
        self._field.show()
        self._field.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def _commit(self, word: str) -> None:
        self._leave(by_keyboard=True)
        if word.strip():
            self.given.emit(word)

    def _leave(self, *, by_keyboard: bool) -> None:
        if not self._is_adding:
            return
        self._is_adding = False
        if by_keyboard:
            self.left.emit()
        self._field.hide()
        self._add.show()

    def showEvent(self, event: QShowEvent) -> None:
        """Emit that the words are visible."""
        super().showEvent(event)
        self.visibility_changed.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Emit that the words are hidden."""
        super().hideEvent(event)
        self.visibility_changed.emit(False)


class _Chip(QFrame):
    """A word to click, its confidence, and a remove button."""

    def __init__(self, chip: WordState, colours: Tokens, *, search: partial[None], deny: partial[None]) -> None:
        super().__init__()
        self.setObjectName("word_chip")
        self.setProperty("given", chip.is_given)
        self.word = _WordButton(chip)
        self.word.clicked.connect(lambda _=False: search())
        self.word.denied.connect(deny)
        self.cross: QToolButton = icon_button(theme.icon("close", colours.muted), chip.denial, deny)
        self.cross.setIconSize(QSize(10, 10))
        self.cross.setFixedSize(_CROSS_PX, _CROSS_PX)
        self.cross.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 4, 0)
        layout.setSpacing(0)
        layout.addWidget(self.word, 1)
        layout.addWidget(self.cross)
        self.setFixedHeight(_CHIP_PX)

    def has_focus(self) -> bool:
        """Return whether the chip has the keyboard focus."""
        return self.word.hasFocus() or self.cross.hasFocus()


class _WordButton(QPushButton):
    """A word and its confidence; the Delete key denies it."""

    denied = Signal()

    def __init__(self, chip: WordState) -> None:
        super().__init__()
        self.setObjectName("word")
        self.setToolTip(chip.meaning)
        self.setAccessibleName(chip.meaning)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setFixedHeight(_CHIP_PX)
        self.setMinimumWidth(0)
        self._text, self._share_text = chip.word, chip.share
        word, share = ElidedLabel("word_text", Qt.TextElideMode.ElideRight), label(chip.share, "small")
        self._word, self._share = word, share
        word.set_text(chip.word)
        word.setToolTip("")
        for part in (word, share):
            part.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            part.ensurePolished()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 0, 4, 0)
        layout.setSpacing(6)
        layout.addWidget(word, 1)
        layout.addWidget(share)
        share.setVisible(bool(chip.share))

    def sizeHint(self) -> QSize:
        """Return the width that the whole word needs."""
        share_px = self._share.sizeHint().width() + 6 if self._share_text else 0
        return QSize(16 + self._word.fontMetrics().horizontalAdvance(self._text) + share_px, _CHIP_PX)

    def minimumSizeHint(self) -> QSize:
        """Return no width: it can be cut."""
        return QSize(0, _CHIP_PX)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Click with Enter, deny with Delete."""
        if event.key() in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}:
            self.denied.emit()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.click()
        else:
            super().keyPressEvent(event)


class _WordField(QLineEdit):
    """A field for a word: Enter commits it, Escape or losing the focus leaves it.

    Signals
    -------
    committed : str
    escaped, abandoned : ()
    """

    committed = Signal(str)
    escaped = Signal()
    abandoned = Signal()

    def __init__(self) -> None:
        super().__init__()
        styled(self, "word_field")
        self.setMaxLength(_MAX_LETTERS)
        self.setFixedHeight(_CHIP_PX)
        self.hide()

    def event(self, event: QEvent) -> bool:
        """Keep Escape for the field: it does not stop playback or clear the search."""
        is_key = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride
        if is_key and event.key() == Qt.Key.Key_Escape:  # type: ignore[attr-defined] # it is a key event
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Commit on Enter, leave on Escape."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.committed.emit(self.text())
        elif event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Leave, unless another window or a menu comes to the front."""
        super().focusOutEvent(event)
        if event.reason() not in {Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason}:
            self.abandoned.emit()
