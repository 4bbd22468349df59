"""The header row with Back, Forward and the search box; below it the chips of examples and filters, and the count."""

import re
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QEvent, QSize, Qt, Signal
from PySide6.QtGui import QAction, QFocusEvent, QKeyEvent, QKeySequence, QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QLineEdit, QMenu, QToolButton, QWidget

from bowerbird.base.text import count_text, printable
from bowerbird.catalogue.records import EventKind
from bowerbird.domain.names import plain
from bowerbird.domain.query import Example, Filter
from bowerbird.gui.browse.browsing_presenter import ListState, example_name
from bowerbird.gui.browse.filter_form import chip_text
from bowerbird.gui.shell import theme
from bowerbird.gui.shell.styled import ElidedLabel, Menu, button, icon_button
from bowerbird.gui.shell.theme import Tokens
from bowerbird.gui.translation import translate

_RECORD_FROM_PX: Final = 440
_SURPRISE_FROM_PX: Final = 520
_ICON_PX: Final = 28
_BUTTON_PX: Final = 32
_CHIP_PX: Final = 24
_CHIP_TEXT_PX: Final = 280
_GAP_PX: Final = 8
_COUNT_PX: Final = 96
"""Kept for the count, however many chips there are."""

_OWN_KEYS: Final = (
    QKeySequence.StandardKey.Copy,
    QKeySequence.StandardKey.Cut,
    QKeySequence.StandardKey.Paste,
    QKeySequence.StandardKey.Undo,
    QKeySequence.StandardKey.Redo,
    QKeySequence.StandardKey.SelectAll,
)
"""Keys that edit the text of the search box even where the window has an action for them."""

_WORD: Final = re.compile(r"[^\W_]+")

WEIGHTS: Final = ((2.0, "×2"), (1.0, ""), (0.5, "×½"))
"""How much an example can count, and how its chip says so."""


class SearchField(QLineEdit):
    """The search box; Down and Enter move the focus to the list, Escape clears.

    Signals
    -------
    left : ()
    escaped : ()
    finished : ()
        The box was left.
    """

    left = Signal()
    escaped = Signal()
    finished = Signal()

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
        self._unknown: frozenset[str] = frozenset()
        self._cross.triggered.connect(self.clear)
        self.textChanged.connect(lambda text: self._cross.setVisible(bool(text)))

    def set_placeholder(self, *, has_text_encoder: bool) -> None:
        """Show what can be typed: names, and descriptions too where an encoder understands them."""
        names = self.tr("Search names, folders and metadata: kick duration<0.5")
        descriptions = self.tr("Describe a sound, or search names: metallic impact with a long tail -voice")
        self.setPlaceholderText(descriptions if has_text_encoder else names)

    def show_unknown(self, words: Sequence[str]) -> None:
        """Underline the words that mean nothing to the encoder; a word that is being typed is not underlined yet."""
        self._unknown = frozenset(map(plain, words))
        listed = ", ".join(f"“{word}”" for word in words)
        self.setToolTip(self.tr("Searched by name only: {words}").format(words=listed) if words else "")
        self.update()

    @property
    def underlined(self) -> list[tuple[int, int]]:
        """Where the underlined words begin and end in the text."""
        cursor = self.cursorPosition() if self.hasFocus() else -1
        words = (word.span() for word in _WORD.finditer(self.text()) if plain(word[0]) in self._unknown)
        return [(start, stop) for start, stop in words if not start <= cursor <= stop]

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the text, and dots below the words that are searched by name only."""
        super().paintEvent(event)
        spans = self.underlined
        if not spans:
            return
        metrics, text, cursor = self.fontMetrics(), self.text(), self.cursorRect()
        left_px = cursor.center().x() - metrics.horizontalAdvance(text[: self.cursorPosition()])
        painter = QPainter(self)
        painter.setClipRect(self.rect().adjusted(_ICON_PX, 0, -_ICON_PX, 0))
        painter.setPen(QPen(theme.shown().colour("muted"), 1.5, Qt.PenStyle.DotLine))
        y = self.rect().center().y() + metrics.height() // 2
        for start, stop in spans:
            at_px, to_px = (left_px + metrics.horizontalAdvance(text[:position]) for position in (start, stop))
            painter.drawLine(at_px, y, to_px, y)

    def recolour(self, colours: Tokens) -> None:
        """Use the colours of another theme."""
        self._magnifier.setIcon(theme.icon("search", colours.muted))
        self._cross.setIcon(theme.icon("close", colours.muted))

    def event(self, event: QEvent) -> bool:
        """Let keys of the window that are no letters pass: fields take Ctrl+E and others for moves of the cursor."""
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.ShortcutOverride and self._is_of_window(event):
            event.ignore()
            return True
        return super().event(event)

    def _is_of_window(self, event: QKeyEvent) -> bool:
        is_text = event.modifiers() in {Qt.KeyboardModifier.NoModifier, Qt.KeyboardModifier.ShiftModifier}
        if is_text or any(event.matches(key) for key in _OWN_KEYS):
            return False
        pressed = QKeySequence(event.keyCombination())
        return any(pressed in action.shortcuts() for action in self.window().actions())

    def focusOutEvent(self, event: QFocusEvent) -> None:
        """Emit that the box was left, unless only another window or a menu came to the front."""
        super().focusOutEvent(event)
        if event.reason() not in {Qt.FocusReason.ActiveWindowFocusReason, Qt.FocusReason.PopupFocusReason}:
            self.finished.emit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Pass on the keys that act outside the search box."""
        if event.key() in {Qt.Key.Key_Down, Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.finished.emit()
            self.left.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.escaped.emit()
        else:
            super().keyPressEvent(event)


class Header(QWidget):
    """Back, Forward, the search box, and buttons for the map, filters, a recording and a surprise.

    Parameters
    ----------
    field : SearchField
    actions : dict of str to QAction
        "back", "forward", "map", "filters", "record" and "surprise" become buttons.
    menus : QMenu
        All menus, for a window that is too narrow for a menu bar.
    """

    def __init__(self, field: SearchField, actions: dict[str, QAction], menus: QMenu) -> None:
        super().__init__()
        self.menu = QToolButton()
        self.menu.setToolTip(self.tr("Menu"))
        self.menu.setAccessibleName(self.tr("Menu"))
        self.menu.setFixedSize(_BUTTON_PX, _BUTTON_PX)
        self.menu.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.menu.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.menu.setMenu(menus)
        self._back = _tool_button(actions["back"])
        self._forward = _tool_button(actions["forward"])
        self.record = _tool_button(actions["record"])
        self.surprise = _tool_button(actions["surprise"])
        self.filters = _tool_button(actions["filters"])
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 4, 12, 0)
        layout.setSpacing(2)
        layout.addWidget(self.menu)
        layout.addWidget(self._back)
        layout.addWidget(self._forward)
        layout.addSpacing(6)
        layout.addWidget(field, 1)
        layout.addSpacing(6)
        layout.addWidget(_tool_button(actions["map"]))
        layout.addWidget(self.filters)
        layout.addWidget(self.record)
        layout.addWidget(self.surprise)

    def recolour(self, colours: Tokens) -> None:
        """Use the colours of another theme."""
        self.menu.setIcon(theme.icon("menu", colours.text))

    def fit(self, width_px: int, *, has_menu_bar: bool) -> None:
        """Hide the less important buttons in a narrow window; their actions are in the menus."""
        self.menu.setVisible(not has_menu_bar)
        self.record.setVisible(width_px >= _RECORD_FROM_PX)
        self.surprise.setVisible(width_px >= _SURPRISE_FROM_PX)


def _tool_button(action: QAction) -> QToolButton:
    made = QToolButton()
    made.setDefaultAction(action)
    made.setIconSize(QSize(16, 16))
    made.setFixedSize(_BUTTON_PX, _BUTTON_PX)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return made


class Chip(QFrame):
    """An example or a filter, with a remove button; a chip with a menu opens it when it is pressed.

    Its tool tip is the whole text, or `tip`.
    """

    def __init__(
        self,
        text: str,
        colours: Tokens,
        remove: Callable[[], object],
        *,
        role: str = "",
        menu: Callable[[], QMenu] | None = None,
        tip: str = "",
        width_px: int = _CHIP_TEXT_PX,
    ) -> None:
        super().__init__()
        self.setObjectName("chip")
        self.setProperty("role", role)
        self._menu = menu
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12 if menu is None else 4, 0, 6, 0)
        layout.setSpacing(4)
        elided = self.fontMetrics().elidedText(text, Qt.TextElideMode.ElideMiddle, width_px)
        if menu is None:
            words = QLabel(elided)
            words.setTextFormat(Qt.TextFormat.PlainText)
            words.setToolTip(tip or text)
            layout.addWidget(words)
        else:
            layout.addWidget(self._menu_button(f"{elided.replace('&', '&&')}\u00a0", text, colours))
        self.cross = icon_button(theme.icon("close", colours.muted), self.tr("Remove {text}").format(text=text), remove)
        self.cross.setIconSize(QSize(12, 12))
        self.cross.setFixedSize(16, 16)
        self.cross.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        layout.addWidget(self.cross)
        self.setFixedHeight(_CHIP_PX)

    def _menu_button(self, elided: str, text: str, colours: Tokens) -> QWidget:
        made = button(elided, "chip_text", self._open_menu)
        made.setIcon(theme.icon("down", colours.muted))
        made.setIconSize(QSize(10, 10))
        made.setLayoutDirection(Qt.LayoutDirection.RightToLeft)  # the arrow is behind the text
        made.setToolTip(text)
        made.setAccessibleName(text)
        made.setFixedHeight(_CHIP_PX)
        return made

    def _open_menu(self) -> None:
        assert self._menu is not None
        menu = self._menu()
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(self.mapToGlobal(self.rect().bottomLeft()))


def example_text(example: Example) -> str:
    """Return the text of an example's chip: "Like kick.wav ×2"."""
    name = printable(example_name(example))
    text = translate("Search", "Unlike {name}") if example.is_unlike else translate("Search", "Like {name}")
    weight = dict(WEIGHTS).get(example.weight, f"×{example.weight:g}")
    return " ".join(part for part in (text.format(name=name), weight) if part)


class ChipStrip(QWidget):
    """One line of chips, the count on the right, and a link to rejected sounds.

    Examples that do not fit are folded into one chip with a menu, and filters likewise.

    Signals
    -------
    example_removed, example_played, example_turned : Example
        `example_turned`: it is to switch between like and unlike.
    example_weighed : (Example, weight: float)
    examples_cleared : ()
    filter_removed : Filter
    filters_cleared : ()
    recent_left : ()
        The whole library is to be searched, not the history.
    rejected_clicked : ()
    """

    example_removed = Signal(object)
    example_played = Signal(object)
    example_turned = Signal(object)
    example_weighed = Signal(object, float)
    examples_cleared = Signal()
    filter_removed = Signal(object)
    filters_cleared = Signal()
    recent_left = Signal()
    rejected_clicked = Signal()

    def __init__(self, colours: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colours = colours
        self._examples: tuple[Example, ...] = ()
        self._filters: tuple[Filter, ...] = ()
        self._recent: EventKind | None = None
        self._made: list[Chip] = []
        self._count = ""
        self._n_selected = 0
        self._chips = QHBoxLayout()
        self._chips.setSpacing(_GAP_PX)
        self._summary = ElidedLabel("muted", Qt.TextElideMode.ElideRight)
        self._summary.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._summary.setMinimumWidth(1)  # a long summary does not widen the window
        self.rejected_link = button("", "link", self.rejected_clicked.emit)
        self.rejected_link.setCursor(Qt.CursorShape.PointingHandCursor)
        self.rejected_link.hide()
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 12, 0)
        layout.setSpacing(_GAP_PX)
        layout.addLayout(self._chips)
        layout.addWidget(self._summary, 1)
        layout.addWidget(self.rejected_link)
        self.setFixedHeight(28)

    def show_state(self, state: ListState) -> None:
        """Show the examples, the filters and the count of a list."""
        self._examples, self._filters, self._recent = state.examples, state.filters, state.recent
        self._count = state.summary
        self._show_summary()
        self._fit()

    def show_selected(self, n: int) -> None:
        """Show how many rows are selected, if more than one."""
        self._n_selected = n
        self._show_summary()

    def _show_summary(self) -> None:
        selected = self.tr("{n} selected").format(n=f"{self._n_selected:,}") if self._n_selected > 1 else ""
        self._summary.set_text(" · ".join(part for part in (selected, self._count) if part))

    def show_rejected(self, n: int) -> None:
        """Show the link to rejected sounds, if there are any."""
        self.rejected_link.setVisible(n > 0)
        self.rejected_link.setText(self.tr("{n} rejected").format(n=f"{n:,}"))

    def recolour(self, colours: Tokens) -> None:
        """Use the colours of another theme."""
        self._colours = colours
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Fold or unfold the chips."""
        super().resizeEvent(event)
        self._fit()

    def minimumSizeHint(self) -> QSize:
        """Return no width: chips are folded rather than the window widened."""
        return QSize(0, 28)

    def _fit(self) -> None:
        link_px = self.rejected_link.sizeHint().width() + _GAP_PX if not self.rejected_link.isHidden() else 0
        room_px = self.width() - 24 - _GAP_PX - _COUNT_PX - link_px
        history = self._history_chips()
        examples, filters = self._example_chips(), self._filter_chips()
        if len(examples) > 1 and _width_px([*history, *examples, *filters]) > room_px:
            _delete(examples)
            examples = [self._folded_examples()]
        if len(filters) > 1 and _width_px([*history, *examples, *filters]) > room_px:
            _delete(filters)
            filters = [self._folded_filters()]
        chips = [*history, *examples, *filters]
        if _width_px(chips) > room_px and chips:  # a narrow window: every chip is cut
            each_px = max(24, (room_px - _GAP_PX * (len(chips) - 1)) // len(chips) - 48)
            _delete(chips)
            examples = (
                [self._folded_examples(each_px)] if len(self._examples) > 1 else self._example_chips(width_px=each_px)
            )
            filters = [self._folded_filters(each_px)] if len(self._filters) > 1 else self._filter_chips(each_px)
            chips = [*self._history_chips(each_px), *examples, *filters]
        self._show(chips)

    def _history_chips(self, width_px: int = _CHIP_TEXT_PX) -> list[Chip]:
        names = {"played": self.tr("Recently played"), "dragged": self.tr("Recently dragged")}
        if self._recent not in names:
            return []
        return [Chip(names[self._recent], self._colours, self.recent_left.emit, width_px=width_px)]

    def _show(self, chips: list[Chip]) -> None:
        while self._chips.takeAt(0) is not None:
            pass
        _delete(self._made)
        self._made = chips
        for chip in chips:
            self._chips.addWidget(chip)
            chip.show()

    def _example_chips(self, *, width_px: int = _CHIP_TEXT_PX) -> list[Chip]:
        return [
            Chip(
                example_text(example),
                self._colours,
                partial(self.example_removed.emit, example),
                role="unlike" if example.is_unlike else "query",
                menu=partial(self._example_menu, example),
                width_px=width_px,
            )
            for example in self._examples
        ]

    def _filter_chips(self, width_px: int = _CHIP_TEXT_PX) -> list[Chip]:
        return [
            Chip(
                chip_text(condition),
                self._colours,
                partial(self.filter_removed.emit, condition),
                tip=str(condition),
                width_px=width_px,
            )
            for condition in self._filters
        ]

    def _folded_examples(self, width_px: int = _CHIP_TEXT_PX) -> Chip:
        n_unlike = sum(example.is_unlike for example in self._examples)
        n_like = len(self._examples) - n_unlike
        texts = []
        if n_like:
            texts.append(self.tr("Like {sounds}").format(sounds=count_text(n_like)))
        if n_unlike:
            texts.append(self.tr("Unlike {sounds}").format(sounds=count_text(n_unlike)))
        return Chip(
            " · ".join(texts),
            self._colours,
            self.examples_cleared.emit,
            role="query",
            menu=self._examples_menu,
            width_px=width_px,
        )

    def _folded_filters(self, width_px: int = _CHIP_TEXT_PX) -> Chip:
        return Chip(
            count_text(len(self._filters), self.tr("filter"), self.tr("filters")),
            self._colours,
            self.filters_cleared.emit,
            menu=self._filters_menu,
            width_px=width_px,
        )

    def _example_menu(self, example: Example) -> QMenu:
        menu = Menu(self)
        self._fill(menu, example)
        return menu

    def _fill(self, menu: QMenu, example: Example) -> None:
        menu.addAction(self.tr("Play"), partial(self.example_played.emit, example))
        turned = self.tr("Use as like") if example.is_unlike else self.tr("Use as unlike")
        menu.addAction(turned, partial(self.example_turned.emit, example))
        menu.addSeparator()
        names = (self.tr("Weight ×2"), self.tr("Weight ×1"), self.tr("Weight ×½"))
        for name, (weight, _) in zip(names, WEIGHTS, strict=True):
            action = menu.addAction(name, partial(self.example_weighed.emit, example, weight))
            action.setCheckable(True)
            action.setChecked(weight == example.weight)
        menu.addSeparator()
        menu.addAction(self.tr("Remove"), partial(self.example_removed.emit, example))

    def _examples_menu(self) -> QMenu:
        menu = Menu(self)
        for example in self._examples:
            self._fill(menu.addMenu(example_text(example).replace("&", "&&")), example)
        return menu

    def _filters_menu(self) -> QMenu:
        menu = Menu(self)
        for condition in self._filters:
            text = self.tr("Remove {text}").format(text=chip_text(condition)).replace("&", "&&")
            menu.addAction(text, partial(self.filter_removed.emit, condition))
        return menu


def _width_px(chips: Sequence[Chip]) -> int:
    for chip in chips:
        chip.ensurePolished()
    return sum(chip.sizeHint().width() for chip in chips) + _GAP_PX * max(0, len(chips) - 1)


def _delete(chips: Sequence[Chip]) -> None:
    for chip in chips:
        chip.hide()
        chip.deleteLater()
