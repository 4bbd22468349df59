"""Small widgets of the rating window: a playback line, a button with its key, a slider and a flow layout."""

from collections.abc import Callable
from typing import Final

from PySide6.QtCore import QPoint, QPointF, QRect, QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFont, QFontMetrics, QMouseEvent, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLayout, QLayoutItem, QPushButton, QSizePolicy, QWidget

from bowerbird.gui.listening.rating_state import SoundState
from bowerbird.gui.shell import theme
from bowerbird.gui.shell.styled import ElidedLabel, label, styled

_CAP_PX: Final = 24
_SMALL_PX: Final = 11

_KEY_WORDS: Final = {"enter": "Enter", "space": "Space", "escape": "Esc"}


def set_state(widget: QWidget, name: str, value: object) -> None:
    """Set a property that the style sheet selects by."""
    if widget.property(name) == value:
        return
    widget.setProperty(name, value)
    for child in (widget, *widget.findChildren(QWidget)):
        child.style().unpolish(child)
        child.style().polish(child)


def keep_space(widget: QWidget) -> None:
    """Let a widget keep its space while it is hidden, so that the layout does not jump."""
    policy = widget.sizePolicy()
    policy.setRetainSizeWhenHidden(True)
    widget.setSizePolicy(policy)


def key_cap(key: str) -> QLabel:
    """Return a label that looks like a key."""
    made = label(_KEY_WORDS.get(key, key.upper() if len(key) == 1 else key), "key")
    made.setAlignment(Qt.AlignmentFlag.AlignCenter)
    made.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
    return made


class KeyButton(QPushButton):
    """A button that shows its key before its text. It takes no focus, since its key always works."""

    def __init__(self, key: str, text: str, role: str, run: Callable[[], object], *, is_elided: bool = False) -> None:
        super().__init__()
        styled(self, role)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._cap = key_cap(key)
        keep_space(self._cap)
        self._label = ElidedLabel("words", Qt.TextElideMode.ElideRight) if is_elided else label(text, "words")
        self._label.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._is_elided = is_elided
        self._layout = QHBoxLayout(self)
        if is_elided:
            self._layout.setContentsMargins(6, 4, 6, 4)
        else:
            self._layout.setContentsMargins(11 if role == "side" else 8, 4, 12, 4)
        self._layout.setSpacing(6 if is_elided else 8)
        self._layout.addWidget(self._cap)
        self._layout.addWidget(self._label, 1)
        if is_elided:
            # The text is centred, whether the key is shown or not.
            self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
            self._cap.setFixedWidth(_CAP_PX)
            self._label.setAlignment(Qt.AlignmentFlag.AlignCenter)
            self._counterweight = QWidget()
            self._counterweight.setFixedWidth(_CAP_PX)
            self._counterweight.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
            self._layout.addWidget(self._counterweight)
        self.clicked.connect(lambda _=False: run())
        self.set_text(text)

    def set_text(self, text: str) -> None:
        """Show another text."""
        self._text = text
        if isinstance(self._label, ElidedLabel):
            self._label.set_text(text)
        else:
            self._label.setText(text)
        self.setAccessibleName(text)
        self.updateGeometry()

    def show_key(self, *, is_shown: bool) -> None:
        """Show the key, or keep its space."""
        self._cap.setVisible(is_shown)

    @property
    def natural_px(self) -> int:
        """The width with centred bold text, so that nothing moves when the button is chosen."""
        return self.min_px + _CAP_PX + 6

    @property
    def min_px(self) -> int:
        """The width when the text is not centred."""
        font = QFont(self.font())
        font.setWeight(QFont.Weight.DemiBold)
        if self.property("small"):
            font.setPixelSize(_SMALL_PX)
        return QFontMetrics(font).horizontalAdvance(self._text) + _CAP_PX + 22

    def centre(self, *, is_centred: bool) -> None:
        """Keep the width of the key free on the other side of the text, or not."""
        self._counterweight.setVisible(is_centred)

    def sizeHint(self) -> QSize:
        """Return the width of text and key."""
        hint = self._layout.sizeHint()
        return QSize(self.natural_px if self._is_elided else hint.width(), max(28, hint.height()))

    def minimumSizeHint(self) -> QSize:
        """Allow elided text to be cut."""
        return QSize(56, self.sizeHint().height()) if self._is_elided else self.sizeHint()


class PlayedRangeBar(QWidget):
    """A line that shows how far a sound was played and the required part, without a waveform."""

    def __init__(self) -> None:
        super().__init__()
        self._sound: SoundState | None = None
        self._mark = 0.0
        self.setFixedHeight(16)
        self.setMinimumWidth(32)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)

    def show_sound(self, sound: SoundState, *, mark: float) -> None:
        """Show the playback state; a mark of 0 or 1 is not drawn."""
        if (sound, mark) != (self._sound, self._mark):
            self._sound, self._mark = sound, mark
            percent = self.tr("{} % played").format(round(100 * sound.listened_share))
            self.setAccessibleName(self.tr("played") if sound.is_listened else percent)
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line, the played part and the mark."""
        if self._sound is None:
            return
        colours = theme.shown()
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        middle, width, height = self.height() / 2, float(self.width()), 4.0 if self._sound.is_playing else 2.0
        tone = colours.accent if self._sound.is_playing else colours.muted if self._sound.is_listened else colours.faint

        def bar(share: float, colour: str) -> None:
            painter.setBrush(QColor(colour))
            painter.drawRoundedRect(QRectF(0, middle - height / 2, width * share, height), height / 2, height / 2)

        bar(1.0, colours.line)
        if self._sound.listened_share > 0:
            bar(self._sound.listened_share, tone)
        if 0.0 < self._mark < 1.0:
            x = round(width * self._mark)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, on=False)
            painter.fillRect(
                QRect(x, round(middle) - 4, 1, 8), QColor(tone if self._sound.is_listened else colours.faint)
            )


class SliderLine(QWidget):
    """A slider from 0 to 100 without a default position.

    Signals
    -------
    placed : float
        The value when the mouse is released.
    """

    placed = Signal(float)

    def __init__(self, ends: tuple[str, str]) -> None:
        super().__init__()
        self._value: float | None = None
        self._dragged: float | None = None
        self._line = _Groove(self)
        self._number = label("", "small")
        self._number.setFixedWidth(28)
        self._number.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(label(ends[0], "small"))
        layout.addWidget(self._line, 1)
        layout.addWidget(label(ends[1], "small"))
        layout.addWidget(self._number)

    @property
    def shown(self) -> float | None:
        """The value that is shown."""
        return self._value if self._dragged is None else self._dragged

    def show_value(self, value: float | None) -> None:
        """Show a value, or none."""
        self._value = value
        self._show()

    def drag(self, value: float, *, is_last: bool = False) -> None:
        """Follow the mouse; the last value is emitted."""
        self._dragged = None if is_last else value
        if is_last:
            self.placed.emit(value)
        self._show()

    def _show(self) -> None:
        self._number.setText("" if self.shown is None else f"{self.shown:.0f}")
        self._line.update()


class _Groove(QWidget):
    """The groove of the slider."""

    def __init__(self, slide: SliderLine) -> None:
        super().__init__()
        self._slide = slide
        self.setFixedHeight(24)
        self.setMinimumWidth(48)
        self.setCursor(Qt.CursorShape.PointingHandCursor)

    def _value_at(self, event: QMouseEvent) -> float:
        share = (event.position().x() - 6) / max(1, self.width() - 12)
        return 100.0 * min(1.0, max(0.0, share))

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Start dragging."""
        self._slide.drag(self._value_at(event))

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        """Drag."""
        self._slide.drag(self._value_at(event))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        """End dragging."""
        self._slide.drag(self._value_at(event), is_last=True)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the groove, its ends, and the handle if there is a value."""
        colours = theme.shown()
        painter = QPainter(self)
        middle = self.height() // 2
        painter.setPen(QPen(QColor(colours.faint), 1))
        painter.drawLine(QPoint(6, middle), QPoint(self.width() - 6, middle))
        for x in (6, self.width() - 6):
            painter.drawLine(QPoint(x, middle - 4), QPoint(x, middle + 4))
        if self._slide.shown is not None:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(QColor(colours.text))
            x_px = 6 + (self.width() - 12) * self._slide.shown / 100.0
            painter.drawEllipse(QPointF(x_px, middle + 0.5), 5.0, 5.0)


class FlowLayout(QLayout):
    """Places widgets side by side, and wraps them to further lines."""

    def __init__(self, parent: QWidget | None = None, *, spacing: int = 4) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setSpacing(spacing)
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        """Add an item."""
        self._items.append(item)

    def count(self) -> int:
        """Return the number of items."""
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        """Return an item."""
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        """Remove and return an item."""
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        """Return no direction."""
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        """Return True: the number of lines depends on the width."""
        return True

    def heightForWidth(self, width: int) -> int:
        """Return the height at a width."""
        return self._arrange(QRect(0, 0, width, 0), is_dry_run=True)

    def setGeometry(self, rect: QRect) -> None:
        """Place all items."""
        super().setGeometry(rect)
        self._arrange(rect, is_dry_run=False)

    def sizeHint(self) -> QSize:
        """Return the size of a single line."""
        hints = [item.sizeHint() for item in self._shown()]
        width = sum(hint.width() for hint in hints) + self.spacing() * max(0, len(hints) - 1)
        return QSize(width, max((hint.height() for hint in hints), default=0))

    def minimumSize(self) -> QSize:
        """Return the size with an item per line."""
        hints = [item.minimumSize() for item in self._shown()]
        return QSize(max((hint.width() for hint in hints), default=0), max((h.height() for h in hints), default=0))

    def _shown(self) -> list[QLayoutItem]:
        return [item for item in self._items if not item.isEmpty()]

    def _arrange(self, whole: QRect, *, is_dry_run: bool) -> int:
        rect = whole.marginsRemoved(self.contentsMargins())
        x, y, line_px = rect.x(), rect.y(), 0
        for item in self._shown():
            hint = item.sizeHint()
            if x > rect.x() and x + hint.width() > rect.x() + rect.width():
                x, y, line_px = rect.x(), y + line_px + self.spacing(), 0
            if not is_dry_run:
                item.setGeometry(QRect(QPoint(x, y), hint))
            x += hint.width() + self.spacing()
            line_px = max(line_px, hint.height())
        return y + line_px - rect.y()
