"""The quiet strip of words below the waveform: what the sound at hand may be called, and a place to say better."""

from collections.abc import Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QHideEvent, QKeyEvent, QResizeEvent, QShowEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLineEdit, QMenu, QPushButton, QToolButton, QWidget

from bowerbird.gui.browse.words_presenter import WordChip
from bowerbird.gui.shell import theme
from bowerbird.gui.shell.styled import ElidedLabel, button, icon_button, label, styled
from bowerbird.gui.shell.theme import Tokens

_LOW_PX: Final = 480
"""Below, sounds need the room."""

_CHIP_PX: Final = 24
_CROSS_PX: Final = 18
_EDGE_PX: Final = 12
_GAP_PX: Final = 8
_LEAST_PX: Final = 84
"""A chip that is narrower than this, and than its word asks for, says nothing."""

_FIELD_PX: Final = 200
_BARE_PX: Final = 520
"""Below, the plus stands without its words."""

_STALE_MS: Final = 150
"""So long the words of the last sound may stand: answers are mostly sooner, and nothing blinks."""

_MAX_LETTERS: Final = 60


class WordStrip(QWidget):
    """Shows words as chips, each with a cross, and a field for one more.

    Signals
    -------
    searched, denied : WordChip
    add_asked : ()
    given : str
    left : ()
        The field was left by the keyboard.
    seen : bool
        The strip came into sight, or went out of it.
    """

    searched = Signal(object)
    denied = Signal(object)
    add_asked = Signal()
    given = Signal(str)
    left = Signal()
    seen = Signal(bool)

    def __init__(self, colours: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colours = colours
        self._is_on = True
        self._is_adding = False
        self._shown: tuple[WordChip, ...] = ()
        self._chips: list[_Chip] = []
        self._stale = QTimer(self, singleShot=True, interval=_STALE_MS)
        self._stale.timeout.connect(lambda: self._show(()))
        self._more = button("", "link", self._open_menu)
        self._more.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._more.hide()
        self._add = icon_button(theme.icon("plus", colours.muted), "Add a word (W)", self.add_asked.emit)
        self._add.setObjectName("add_word")
        self._add.setText("Add a word")
        self._add.setAccessibleName("Add a word")
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

    # What is shown

    def show_words(self, chips: Sequence[WordChip] | None, *, has_sound: bool) -> None:
        """Show the words of a sound; None where they are on their way: those of the last one go if that takes long."""
        self._add.setVisible(has_sound and not self._is_adding)
        if chips is not None:
            self._stale.stop()
            self._show(tuple(chips))
        elif not self._stale.isActive():
            self._stale.start()

    def _show(self, chips: tuple[WordChip, ...]) -> None:
        if chips == self._shown:
            return
        focused = next((place for place, one in enumerate(self._chips) if one.has_focus()), None)
        self._shown = chips
        self._make_chips()
        if focused is not None:  # the keyboard stays where it was
            shown = [one.word for one in self._chips if not one.isHidden()]
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
        for place, made in enumerate(self._chips):
            self._layout.insertWidget(place, made)
            for stop in (made.word, made.cross):
                if before is not None:
                    QWidget.setTabOrder(before, stop)
                before = stop
        if before is not None:
            QWidget.setTabOrder(before, self._more)
            QWidget.setTabOrder(self._more, self._add)
        self._fit()

    def recolour(self, colours: Tokens) -> None:
        """Take up another theme."""
        self._colours = colours
        self._add.setIcon(theme.icon("plus", colours.muted))
        self._make_chips()

    # What there is room for

    def fit(self, height_px: int, *, is_on: bool) -> None:
        """Leave the strip out where nobody wants it, and of a window so low that sounds need the room."""
        self._is_on = is_on and height_px >= _LOW_PX
        self._appear()

    def _appear(self) -> None:
        self.setVisible(self._is_on or self._is_adding)

    def minimumSizeHint(self) -> QSize:
        """Chips are cut rather than the window made wider."""
        return QSize(0, _CHIP_PX + 4)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut words where there is less room."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        """Where room is short, the shares go first, then the ends of words, then the last words."""
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
            self._more.setText(f"{len(natural)} more")
            widths = fitted(natural, room_px - self._more.sizeHint().width() - _GAP_PX)
            self._more.setText(f"{len(natural) - len(widths)} more")
        self._more.setVisible(len(widths) < len(natural))
        for place, chip in enumerate(self._chips):
            chip.setVisible(place < len(widths))
            if place < len(widths):
                chip.fit(widths[place], has_share=has_shares)

    def _open_menu(self) -> None:
        menu = QMenu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for chip in self.left_out:
            one = menu.addMenu(" ".join([chip.word.replace("&", "&&"), chip.share]).strip())
            one.addAction("Search for it", partial(self.searched.emit, chip))
            one.addAction("Not this", partial(self.denied.emit, chip))
        menu.popup(self._more.mapToGlobal(self._more.rect().topLeft()))

    @property
    def left_out(self) -> list[WordChip]:
        """The words that have no room."""
        return [chip for chip, made in zip(self._shown, self._chips, strict=True) if made.isHidden()]

    # A word of one's own

    def begin(self, invitation: str) -> None:
        """Let a word be typed, though the strip be hidden otherwise."""
        self._is_adding = True
        self._appear()
        self._add.hide()
        self._field.clear()
        self._field.setPlaceholderText(invitation)
        self._field.setAccessibleName(invitation)
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
        self._appear()

    def showEvent(self, event: QShowEvent) -> None:
        """Words are wanted from now on."""
        super().showEvent(event)
        self.seen.emit(True)

    def hideEvent(self, event: QHideEvent) -> None:
        """Words are wanted no more."""
        super().hideEvent(event)
        self.seen.emit(False)


def fitted(natural_px: Sequence[int], room_px: int) -> list[int]:
    """Return the widths of as many chips as have room, the first first: the widest give way before others go."""
    n = len(natural_px)
    while n > 1 and sum(min(px, _LEAST_PX) for px in natural_px[:n]) + _GAP_PX * (n - 1) > room_px:
        n -= 1
    left_px, widths = room_px - _GAP_PX * (n - 1), [0] * n
    for n_left, place in zip(range(n, 0, -1), sorted(range(n), key=lambda one: natural_px[one]), strict=True):
        widths[place] = max(0, min(natural_px[place], left_px // n_left))
        left_px -= widths[place]
    return widths


class _Chip(QFrame):
    """A word to press, how much it is believed, and a cross."""

    def __init__(self, chip: WordChip, colours: Tokens, *, search: partial[None], deny: partial[None]) -> None:
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
        """The width that the whole word asks for."""
        return self.word.natural_px(has_share=has_share) + _CROSS_PX + 4

    def fit(self, width_px: int, *, has_share: bool) -> None:
        """Make do with a width."""
        self.word.show_share(has_share=has_share)
        self.setFixedWidth(width_px)

    def has_focus(self) -> bool:
        """Whether the keyboard is here."""
        return self.word.hasFocus() or self.cross.hasFocus()


class _WordButton(QPushButton):
    """A word and its share; Delete says that it is wrong."""

    denied = Signal()

    def __init__(self, chip: WordChip) -> None:
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
        word.set_whole(chip.word)
        word.setToolTip("")
        for one in (word, share):
            one.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            one.ensurePolished()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(10, 0, 4, 0)
        layout.setSpacing(6)
        layout.addWidget(word, 1)
        layout.addWidget(share)
        self.show_share(has_share=True)

    def natural_px(self, *, has_share: bool) -> int:
        """The width that the whole word asks for."""
        share_px = self._share.sizeHint().width() + 6 if has_share and self._share_text else 0
        return 16 + self._word.fontMetrics().horizontalAdvance(self._text) + share_px

    def show_share(self, *, has_share: bool) -> None:
        """Show how much the word is believed, where it is a matter of belief and there is room."""
        self._share.setVisible(has_share and bool(self._share_text))

    def minimumSizeHint(self) -> QSize:
        """It can be as narrow as need be."""
        return QSize(0, _CHIP_PX)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter presses as Space does."""
        if event.key() in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace}:
            self.denied.emit()
        elif event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.click()
        else:
            super().keyPressEvent(event)


class _WordField(QLineEdit):
    """A field for one word: Enter commits it, Escape and going elsewhere leave it.

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
        """Escape is meant for the field, and stops or clears nothing else."""
        is_key = isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride
        if is_key and event.key() == Qt.Key.Key_Escape:  # type: ignore[attr-defined] # a key, as was just asked
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Commit or leave."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.committed.emit(self.text())
        elif event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        else:
            super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Another window or a menu in front is no leaving."""
        super().focusOutEvent(event)
        if event.reason() not in {Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason}:
            self.abandoned.emit()
