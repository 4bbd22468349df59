"""The sheet of keyboard shortcuts, where they can be changed."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QHideEvent, QKeyEvent, QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QLabel, QPushButton, QSizePolicy, QVBoxLayout, QWidget

from bowerbird.gui.shell.actions import ACTIONS, ActionSpec, plain_text, shown_key
from bowerbird.gui.shell.keys import KeyMap, Refused, Taken
from bowerbird.gui.shell.styled import button, clear_layout, label, resize_within_screen, scrolled_rows
from bowerbird.gui.translation import QT_TRANSLATE_NOOP, translate

_SIZE_PX: Final = (760, 720)
_COLUMNS_FROM_PX: Final = 640
_ENTER: Final = frozenset({Qt.Key.Key_Return, Qt.Key.Key_Enter})
_MODIFIERS: Final = frozenset({Qt.Key.Key_Control, Qt.Key.Key_Shift, Qt.Key.Key_Alt, Qt.Key.Key_Meta, Qt.Key.Key_AltGr})

FIXED_KEYS: Final = (
    (QT_TRANSLATE_NOOP("Keys", "Up, Down"), QT_TRANSLATE_NOOP("Keys", "Move and play")),
    (QT_TRANSLATE_NOOP("Keys", "Home, End"), QT_TRANSLATE_NOOP("Keys", "First, last sound")),
    (QT_TRANSLATE_NOOP("Keys", "Tab"), QT_TRANSLATE_NOOP("Keys", "Next pane or control")),
    (QT_TRANSLATE_NOOP("Keys", "Down, in the search box"), QT_TRANSLATE_NOOP("Keys", "Go to the results")),
)
"""Keys that cannot be changed, and what they do."""


class KeyButton(QPushButton):
    """Shows the keys of an action; pressed, it takes the next key.

    Signals
    -------
    pressed_key : str
        As Qt's portable text.
    cleared : ()
        Delete or Backspace was pressed: the action is to have no key.
    """

    pressed_key = Signal(str)
    cleared = Signal()

    def __init__(self, text: str, meaning: str) -> None:
        super().__init__(text)
        self._text = text
        self.is_listening = False
        self.setObjectName("key_button")
        self.setAutoDefault(False)
        self.setAccessibleName(meaning)
        self.setToolTip(self.tr("Click, then press a key. Delete removes the key."))
        self.clicked.connect(self._listen)

    def _listen(self) -> None:
        self.is_listening = True
        self.setText(self.tr("Press a key…"))

    def _stop(self) -> None:
        self.is_listening = False
        self.setText(self._text)

    def event(self, event: QEvent) -> bool:
        """Keep every key while one is waited for: none runs an action."""
        if self.is_listening and event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        if self.is_listening and event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent):
            self._take(event)
            return True
        if event.type() == QEvent.Type.KeyPress and isinstance(event, QKeyEvent) and event.key() in _ENTER:
            self.click()
            return True
        return super().event(event)

    def _take(self, event: QKeyEvent) -> None:
        if event.key() in _MODIFIERS:
            return
        self._stop()
        if event.key() == Qt.Key.Key_Escape:
            return
        if event.key() in {Qt.Key.Key_Delete, Qt.Key.Key_Backspace} and not event.modifiers():
            self.cleared.emit()
            return
        self.pressed_key.emit(key_text(event))

    def focusOutEvent(self, event: object) -> None:
        """Stop waiting for a key."""
        self._stop()
        super().focusOutEvent(event)  # type: ignore[arg-type] # Qt's own event


def key_text(event: QKeyEvent) -> str:
    """Return a key as Qt's portable text; a character that needs Shift is written as that character."""
    key = Qt.Key(event.key())
    modifiers = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    is_symbol = len(event.text()) == 1 and event.text().isprintable() and not event.text().isalnum()
    if is_symbol and key is not Qt.Key.Key_Space:
        modifiers &= ~Qt.KeyboardModifier.ShiftModifier
    return QKeySequence(modifiers.value | key.value).toString(QKeySequence.SequenceFormat.PortableText)


class KeySheet(QDialog):
    """Every key in groups; a click on a key changes it.

    Parameters
    ----------
    parent : QWidget
    keys : KeyMap
        Changed in place.
    changed : callable
        Called after each change.
    """

    def __init__(self, parent: QWidget, keys: KeyMap, changed: Callable[[], object]) -> None:
        super().__init__(parent)
        self._keys = keys
        self._changed = changed
        self._waiting: tuple[str, str] | None = None
        self._buttons: dict[str, KeyButton] = {}
        self.setWindowTitle(self.tr("Keyboard shortcuts"))
        area, self._rows = scrolled_rows()
        area.setAccessibleName(self.windowTitle())
        self._message = label("", "muted", wraps=True)
        self._replace = button(self.tr("Replace"), "", self._replace_key)
        self._replace.setAutoDefault(True)
        self._replace.hide()
        self._reset = button(self.tr("Reset all"), "link", self._reset_all)
        self._reset.setAutoDefault(False)
        foot = QHBoxLayout()
        foot.setContentsMargins(16, 8, 16, 12)
        foot.setSpacing(12)
        foot.addWidget(self._message, 1)
        foot.addWidget(self._replace)
        foot.addWidget(self._reset)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(area, 1)
        layout.addLayout(foot)
        self.setMinimumSize(300, 320)
        resize_within_screen(self, *_SIZE_PX)
        self._fill()

    @property
    def buttons(self) -> Mapping[str, KeyButton]:
        """The buttons by the name of their action."""
        return self._buttons

    @property
    def message(self) -> str:
        """What is said about the last key."""
        return self._message.text()

    def _fill(self) -> None:
        focused = next((name for name, made in self._buttons.items() if made.hasFocus()), None)
        clear_layout(self._rows)
        self._buttons = {}
        columns = QHBoxLayout()
        columns.setContentsMargins(16, 16, 16, 16)
        columns.setSpacing(32)
        groups = self._groups()
        is_wide = self.width() >= _COLUMNS_FROM_PX
        for part in (groups[::2], groups[1::2]) if is_wide else (groups,):
            column = QVBoxLayout()
            column.setSpacing(16)
            for title, specs in part:
                column.addLayout(self._group(title, specs))
            column.addStretch(1)
            columns.addLayout(column, 1)
        self._rows.addLayout(columns)
        self._say(self.tr("Click a key to change it."))
        self._reset.setEnabled(bool(self._keys.changed))
        if focused in self._buttons:
            self._buttons[focused].setFocus(Qt.FocusReason.OtherFocusReason)

    def _groups(self) -> list[tuple[str, list[ActionSpec]]]:
        menus = dict.fromkeys(spec.menu for spec in ACTIONS)
        return [(menu, [spec for spec in ACTIONS if spec.menu == menu]) for menu in menus]

    def _group(self, title: str, specs: list[ActionSpec]) -> QGridLayout:
        grid = QGridLayout()
        grid.setHorizontalSpacing(12)
        grid.setVerticalSpacing(4)
        grid.setColumnStretch(0, 1)
        grid.addWidget(label(plain_text(translate("Actions", title)), "section"), 0, 0, 1, 2)
        row = 1
        if "search" in {spec.name for spec in specs}:
            for keys, text in FIXED_KEYS:
                grid.addWidget(QLabel(translate("Keys", text)), row, 0)
                grid.addWidget(label(translate("Keys", keys), "muted"), row, 1, Qt.AlignmentFlag.AlignRight)
                row += 1
        for spec in specs:
            text = plain_text(translate("Actions", spec.text))
            grid.addWidget(label(text, "", wraps=True), row, 0)
            grid.addWidget(self._made_button(spec, text), row, 1, Qt.AlignmentFlag.AlignRight)
            row += 1
        return grid

    def _made_button(self, spec: ActionSpec, text: str) -> KeyButton:
        keys = self._keys.keys_of(spec.name)
        shown = self.tr(" or ").join(shown_key(key) for key in keys) or "–"
        made = KeyButton(shown, self.tr("{action}: {key}").format(action=text, key=shown))
        made.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        made.setProperty("changed", not self._keys.is_default(spec.name))
        made.clicked.connect(lambda _=False: self._say(self.tr("Press a key, or Esc to keep the current one.")))
        made.pressed_key.connect(partial(self._offer, spec.name))
        made.cleared.connect(partial(self._assign, spec.name, None))
        self._buttons[spec.name] = made
        return made

    def _offer(self, name: str, key: str) -> None:
        """Assign a key, unless it cannot be used or belongs to another action."""
        match self._keys.problem(name, key):
            case Refused(reason="typed"):
                text = self.tr("{key} is typed in the search box. Use it together with Ctrl or Alt.")
                self._say(text.format(key=shown_key(key)))
            case Refused():
                self._say(self.tr("{key} moves through lists. Use another key.").format(key=shown_key(key)))
            case Taken(name=owner):
                self._waiting = (name, key)
                spec = next(spec for spec in ACTIONS if spec.name == owner)
                text = self.tr("{key} belongs to “{action}”. Use it here instead?")
                action = plain_text(translate("Actions", spec.text))
                self._say(text.format(key=shown_key(key), action=action), can_replace=True)
            case None:
                self._assign(name, key)

    def _assign(self, name: str, key: str | None) -> None:
        self._keys.assign(name, key)
        self._after_change()

    def _replace_key(self) -> None:
        if self._waiting is not None:
            self._assign(*self._waiting)

    def _reset_all(self) -> None:
        self._keys.reset()
        self._after_change()

    def _after_change(self) -> None:
        self._changed()
        self._fill()

    def _say(self, text: str, *, can_replace: bool = False) -> None:
        if not can_replace:
            self._waiting = None
        self._message.setText(text)
        self._replace.setVisible(can_replace)
        if can_replace:
            self._replace.setFocus(Qt.FocusReason.OtherFocusReason)

    def hideEvent(self, event: QHideEvent) -> None:
        """Forget a question that was not answered."""
        super().hideEvent(event)
        self._say(self.tr("Click a key to change it."))

    def resizeEvent(self, event: object) -> None:
        """Lay out one column or two."""
        was_wide = bool(self._buttons) and event.oldSize().width() >= _COLUMNS_FROM_PX  # type: ignore[attr-defined]
        super().resizeEvent(event)  # type: ignore[arg-type] # Qt's own event
        if bool(self._buttons) and was_wide != (self.width() >= _COLUMNS_FROM_PX):
            self._fill()
