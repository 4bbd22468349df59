"""Every action of the window with its key: menus, the context menu and the key sheet are made of these."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QDialog, QGridLayout, QLabel, QMainWindow, QMenu, QVBoxLayout, QWidget

from bowerbird.gui.shell import theme
from bowerbird.gui.shell.styled import label
from bowerbird.gui.shell.theme import Tokens


@dataclass(frozen=True, slots=True)
class ActionCard:
    """An action as a value.

    Attributes
    ----------
    name : str
        What the program calls it.
    menu, text : str
    keys : tuple of str
        The first stands in the menu.
    icon : str
        Of the set, or "".
    is_switch : bool
        It is on or off.
    in_list_only : bool
        Its keys mean something else in text fields: they work while the list has the focus.
    """

    name: str
    menu: str
    text: str
    keys: tuple[str, ...] = ()
    icon: str = ""
    is_switch: bool = False
    in_list_only: bool = False


# A letter that is a key of the list is underlined in its own entry alone: Qt runs the key even from an open menu.
CARDS: Final = (
    ActionCard("add_folder", "&File", "Add &folder…", ("Ctrl+O",)),
    ActionCard("add_demo", "&File", "Add the &demo sounds"),
    ActionCard("remove_folder", "&File", "Remo&ve the chosen folder from the library"),
    ActionCard("rescan", "&File", "Look for c&hanges", ("F5",)),
    ActionCard("pause", "&File", "&Pause analysis", ("Ctrl+P",)),
    ActionCard("cancel", "&File", "&Cancel analysis"),
    ActionCard("models", "&File", "&Encoders…", ("Ctrl+Shift+E",)),
    ActionCard("quit", "&File", "&Quit", ("Ctrl+Q",)),
    ActionCard("search", "&Edit", "&Search", ("Ctrl+F", "/")),
    ActionCard("clear", "&Edit", "Stop, then &clear", ("Esc",)),
    ActionCard("copy_path", "&Edit", "Copy &path", ("Ctrl+C",), in_list_only=True),
    ActionCard("locate", "&Edit", "Sh&ow in the file manager", ("Ctrl+L",)),
    ActionCard("play", "&Sound", "&Play or stop", ("Space",), icon="play", in_list_only=True),
    ActionCard("replay", "&Sound", "Play from the &beginning", ("Right",), in_list_only=True),
    ActionCard("stop", "&Sound", "&Stop", ("Left",), in_list_only=True),
    ActionCard("similar", "&Sound", "&Find similar", ("Return", "Enter"), icon="similar", in_list_only=True),
    ActionCard("more_like", "&Sound", "&More like this", ("+", "="), in_list_only=True),
    ActionCard("less_like", "&Sound", "L&ess like this", ("-",), in_list_only=True),
    ActionCard("add_word", "&Sound", "Add a &word…", ("W",), in_list_only=True),
    ActionCard("loop", "&Sound", "&Loop", ("L",), icon="loop", is_switch=True, in_list_only=True),
    ActionCard("auto_play", "&Sound", "&Auto-play", ("A",), icon="autoplay", is_switch=True, in_list_only=True),
    ActionCard("folders", "&View", "&Folders", ("Ctrl+B",), is_switch=True),
    ActionCard("words", "&View", "S&uggested words", is_switch=True),
    ActionCard("rejected", "&View", "&Rejected sounds", ("Ctrl+E",)),
    ActionCard("theme_system", "&View", "Theme: as the &system", is_switch=True),
    ActionCard("theme_dark", "&View", "Theme: &dark", is_switch=True),
    ActionCard("theme_light", "&View", "Theme: li&ght", is_switch=True),
    ActionCard("studies", "&Listening tests", "&Studies…", ("Ctrl+T",)),
    ActionCard("new_study", "&Listening tests", "&New study…", ("Ctrl+N",)),
    ActionCard("compare", "&Listening tests", "&Compare systems…", ("Ctrl+D",)),
    ActionCard("keys", "&Help", "&Keys", ("?", "F1")),
    ActionCard("about", "&Help", "Abou&t Bowerbird"),
)

_FIRST_OF_GROUPS: Final = frozenset(
    {"rescan", "pause", "models", "quit", "copy_path", "similar", "add_word", "loop", "theme_system", "compare"}
)
CONTEXT_MENU: Final = ("play", "similar", "more_like", "less_like", "copy_path", "locate")


def make_actions(window: QMainWindow, table: QWidget) -> dict[str, QAction]:
    """Make every action and hang it where its keys work: the window, or the list alone."""
    actions: dict[str, QAction] = {}
    for card in CARDS:
        action = QAction(card.text, window)
        action.setShortcuts([QKeySequence(key) for key in card.keys])
        action.setCheckable(card.is_switch)
        plain = card.text.replace("&", "").rstrip("…")
        action.setToolTip(f"{plain} ({shown_key(card.keys[0])})" if card.keys else plain)
        if card.in_list_only:
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            table.addAction(action)
        else:
            window.addAction(action)
        actions[card.name] = action
    return actions


def recolour(actions: dict[str, QAction], colours: Tokens) -> None:
    """Draw the icons in the tones of a theme: a switch that is on has the accent."""
    for card in CARDS:
        if card.icon:
            tone = colours.muted if card.is_switch else colours.text
            actions[card.name].setIcon(theme.icon(card.icon, tone, checked=colours.accent))


def fill_menus(window: QMainWindow, actions: dict[str, QAction]) -> None:
    """Put every action into the menu of its card."""
    menus: dict[str, QMenu] = {}
    for card in CARDS:
        if card.menu not in menus:
            menus[card.menu] = window.menuBar().addMenu(card.menu)
        menu = menus[card.menu]
        if card.name in _FIRST_OF_GROUPS:
            menu.addSeparator()
        action = actions[card.name]
        menu.addAction(action)
        action.setIconVisibleInMenu(False)


def shown_key(key: str) -> str:
    """A key as this system writes it."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)


def connect(actions: dict[str, QAction], handlers: dict[str, Callable[[], object]]) -> None:
    """Give every action what it does.

    Raises
    ------
    KeyError
        When an action would do nothing: no dead entries in menus.
    """
    for name, action in actions.items():
        handler = handlers[name]
        action.triggered.connect(lambda _=False, handler=handler: handler())


class KeySheet(QDialog):
    """Every key, by menu."""

    def __init__(self, parent: QWidget, extra: Sequence[tuple[str, str]]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        grid = QGridLayout()
        grid.setHorizontalSpacing(24)
        grid.setVerticalSpacing(4)
        rows = [
            (" or ".join(shown_key(key) for key in card.keys), card.text.replace("&", "").rstrip("…"))
            for card in CARDS
            if card.keys
        ]
        every = [*extra, *rows]
        n_rows = -(-len(every) // 2)
        for place, (key, text) in enumerate(every):
            column, row = divmod(place, n_rows)
            grid.addWidget(label(key, "now"), row, 2 * column)
            grid.addWidget(QLabel(text), row, 2 * column + 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.addLayout(grid)
