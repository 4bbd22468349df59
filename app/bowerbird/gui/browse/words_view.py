"""The strip of words below the waveform: suggested and given words of the current sound, and a field for more."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QMenu, QPushButton, QToolButton, QWidget

from bowerbird.gui.browse.words_presenter import WordState
from bowerbird.gui.shell import theme
from bowerbird.gui.shell.styled import ElidedLabel, button, icon_button, label, styled
from bowerbird.gui.shell.theme import Tokens

_LOW_PX: Final = 480
"""In a lower window the strip is hidden."""

_CHIP_PX: Final = 24
_CROSS_PX: Final = 18
_EDGE_PX: Final = 12
_GAP_PX: Final = 8
_LEAST_PX: Final = 84
"""Chips are not cut to less than this."""

_FIELD_PX: Final = 200
_BARE_PX: Final = 520
"""In a narrower window the add button has no text."""

_STALE_MS: Final = 150
"""How long the words of the last sound stay: results mostly arrive sooner, so nothing flickers."""

_MAX_LETTERS: Final = 60


class WordStrip(QWidget):
    """Shows words as chips, each with a remove button, and a field to add one.

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
        self._is_on = True
        self._is_adding = False
        self._shown: tuple[WordState, ...] = ()
        self._chips: list[_Chip] = []
        self._stale = QTimer(self, singleShot=True, interval=_STALE_MS)
        self._stale.timeout.connect(lambda: self._show(()))
        self._more = button("", "link", self._open_menu)
        self._more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._more.hide()
        self._add = icon_button(theme.icon("plus", colours.muted), self.tr("Add a word (W)"), self.add_asked.emit)
        self._add.setObjectName("add_word")
        self._add.setText(self.tr("Add a word"))
        self._add.setAccessibleName(self.tr("Add a word"))
        self._add.setIconSize(QSize(12, 12))
        self._add.setFixedHeight(_CHIP_PX)
        self._add.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._add.hide()
        self._field = _WordField()
        self._field.committed.connect(self._commit)
        self._field.escaped.connect(partial(self._leave, by_keyboard=True))
        self._field.abandoned.connect(partial(self._leave, by_keyboard=False))
        self._layout = QHBoxLayout(self)
        self._layout.setContentsMargins(_EDGE_PX, 2, _EDGE_PX, 2)
        self._layout.setSpacing(_GAP_PX)
        for widget in (self._more, self._add, self._field):
            self._layout.addWidget(widget)
        self._layout.addStretch(1)
        self.setFixedHeight(_CHIP_PX + 4)

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
            shown = [chip.word for chip in self._chips if not chip.isHidden()]
            (shown[min(focused, len(shown) - 1)] if shown else self._add).setFocus(Qt.FocusReason.OtherFocusReason)

    def _make_chips(self) -> None:
        for old in self._chips:
            self._layout.removeWidget(old)
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
        before: QWidget | None = None
        for number, chip in enumerate(self._chips):
            self._layout.insertWidget(number, chip)
            for widget in (chip.word, chip.cross):
                if before is not None:
                    QWidget.setTabOrder(before, widget)
                before = widget
        if before is not None:
            QWidget.setTabOrder(before, self._more)
            QWidget.setTabOrder(self._more, self._add)
        self._fit()

    def recolour(self, colours: Tokens) -> None:
        """Use the colours of another theme."""
        self._colours = colours
        self._add.setIcon(theme.icon("plus", colours.muted))
        self._make_chips()

    # Layout

    def fit(self, height_px: int, *, is_on: bool) -> None:
        """Hide the strip where it is switched off, and in low windows."""
        self._is_on = is_on and height_px >= _LOW_PX
        self._update_visibility()

    def _update_visibility(self) -> None:
        self.setVisible(self._is_on or self._is_adding)

    def minimumSizeHint(self) -> QSize:
        """Return no width: chips are cut rather than the window widened."""
        return QSize(0, _CHIP_PX + 4)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fit the chips to the new width."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Where space is short, drop the confidences first, then the ends of words, then the last words."""
        is_bare = self.width() < _BARE_PX
        style = Qt.ToolButtonStyle.ToolButtonIconOnly if is_bare else Qt.ToolButtonStyle.ToolButtonTextBesideIcon
        self._add.setToolButtonStyle(style)
        self._field.setFixedWidth(min(_FIELD_PX, max(_LEAST_PX, self.width() // 2)))
        last_px = self._field.width() if self._is_adding else self._add.sizeHint().width()
        room_px = self.width() - 2 * _EDGE_PX - _GAP_PX - last_px
        natural = [chip.natural_px(has_share=True) for chip in self._chips]
        has_shares = sum(natural) + _GAP_PX * (len(natural) - 1) <= room_px
        if not has_shares:
            natural = [chip.natural_px(has_share=False) for chip in self._chips]
        widths = fitted(natural, room_px)
        if len(widths) < len(natural):
            self._more.setText(self.tr("{n} more").format(n=len(natural)))
            widths = fitted(natural, room_px - self._more.sizeHint().width() - _GAP_PX)
            self._more.setText(self.tr("{n} more").format(n=len(natural) - len(widths)))
        self._more.setVisible(len(widths) < len(natural))
        for number, chip in enumerate(self._chips):
            chip.setVisible(number < len(widths))
            if number < len(widths):
                chip.fit(widths[number], has_share=has_shares)

    def _open_menu(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for word in self.left_out:
            submenu = menu.addMenu(" ".join([word.word.replace("&", "&&"), word.share]).strip())
            submenu.addAction(self.tr("Search for it"), partial(self.searched.emit, word))
            submenu.addAction(self.tr("Remove"), partial(self.denied.emit, word))
        menu.popup(self._more.mapToGlobal(self._more.rect().topLeft()))

    @property
    def left_out(self) -> list[WordState]:
        """The words that do not fit."""
        return [word for word, chip in zip(self._shown, self._chips, strict=True) if chip.isHidden()]

    # Adding a word

    def begin(self, placeholder: str) -> None:
        """Show the field for a new word, even where the strip is hidden."""
        self._is_adding = True
        self._update_visibility()
        self._add.hide()
        self._field.clear()
        self._field.setPlaceholderText(placeholder)
        self._field.setAccessibleName(placeholder)
        self._field.show()
        self._fit()
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
        self._fit()
        self._update_visibility()

    def showEvent(self, event: QShowEvent) -> None:
        """Emit that the strip is visible."""
        super().showEvent(event)
        self.visibility_changed.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Emit that the strip is hidden."""
        super().hideEvent(event)
        self.visibility_changed.emit(False)


def fitted(natural_px: Sequence[int], room_px: int) -> list[int]:
    """Return the widths of the chips that fit, in order: the widest are cut before others are left out."""
    n = len(natural_px)
    while n > 1 and sum(min(px, _LEAST_PX) for px in natural_px[:n]) + _GAP_PX * (n - 1) > room_px:
        n -= 1
    left_px, widths = room_px - _GAP_PX * (n - 1), [0] * n
    for n_left, index in zip(range(n, 0, -1), sorted(range(n), key=natural_px.__getitem__), strict=True):
        widths[index] = max(0, min(natural_px[index], left_px // n_left))
        left_px -= widths[index]
    return widths


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

    def natural_px(self, *, has_share: bool) -> int:
        """Return the width that the whole word needs."""
        return self.word.natural_px(has_share=has_share) + _CROSS_PX + 4

    def fit(self, width_px: int, *, has_share: bool) -> None:
        """Fit the chip to a width."""
        self.word.show_share(has_share=has_share)
        self.setFixedWidth(width_px)

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
        self.show_share(has_share=True)

    def natural_px(self, *, has_share: bool) -> int:
        """Return the width that the whole word needs."""
        share_px = self._share.sizeHint().width() + 6 if has_share and self._share_text else 0
        return 16 + self._word.fontMetrics().horizontalAdvance(self._text) + share_px

    def show_share(self, *, has_share: bool) -> None:
        """Show the confidence, if the word has one."""
        self._share.setVisible(has_share and bool(self._share_text))

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
