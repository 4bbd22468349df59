"""Every action of the window with its keys: menus, the context menu and the list of keys are built from these."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu, QWidget

from bowerbird.gui.shell import theme
from bowerbird.gui.shell.keys import KeyMap
from bowerbird.gui.shell.styled import Menu
from bowerbird.gui.shell.theme import Tokens
from bowerbird.gui.translation import QT_TRANSLATE_NOOP, translate

Scope: TypeAlias = Literal["window", "panes", "list"]


@dataclass(frozen=True, slots=True)
class ActionSpec:
    """The definition of an action.

    Attributes
    ----------
    name : str
        In code.
    menu, text : str
    keys : tuple of str
        The first is shown in the menu.
    icon : str or None
    is_switch : bool
        Whether it is switched on and off.
    scope : {"window", "panes", "list"}
        Where its keys work. panes: wherever no text is typed and nothing is chosen from a drop-down list; trees lose
        their search by these letters. list: only in the list and on the map: they mean something else elsewhere.
    """

    name: str
    menu: str
    text: str
    keys: tuple[str, ...] = ()
    icon: str | None = None
    is_switch: bool = False
    scope: Scope = "window"


# A letter that is a key of the list is the mnemonic of no other entry: Qt runs the key even from an open menu.
ACTIONS: Final = (
    ActionSpec(
        "add_folder", QT_TRANSLATE_NOOP("Actions", "&File"), QT_TRANSLATE_NOOP("Actions", "A&dd folder…"), ("Ctrl+O",)
    ),
    ActionSpec("add_demo", QT_TRANSLATE_NOOP("Actions", "&File"), QT_TRANSLATE_NOOP("Actions", "Add dem&o sounds")),
    ActionSpec(
        "remove_folder",
        QT_TRANSLATE_NOOP("Actions", "&File"),
        QT_TRANSLATE_NOOP("Actions", "Remove selected folder from the li&brary"),
    ),
    ActionSpec(
        "rescan", QT_TRANSLATE_NOOP("Actions", "&File"), QT_TRANSLATE_NOOP("Actions", "Resca&n folders"), ("F5",)
    ),
    ActionSpec(
        "rescan_folder",
        QT_TRANSLATE_NOOP("Actions", "&File"),
        QT_TRANSLATE_NOOP("Actions", "Rescan &just the selected folder"),
    ),
    ActionSpec(
        "watch_folder",
        QT_TRANSLATE_NOOP("Actions", "&File"),
        QT_TRANSLATE_NOOP("Actions", "Watc&h selected folder for changes"),
        is_switch=True,
    ),
    ActionSpec(
        "locate_folder",
        QT_TRANSLATE_NOOP("Actions", "&File"),
        QT_TRANSLATE_NOOP("Actions", "Locate mo&ved folder…"),
    ),
    ActionSpec(
        "forget_missing",
        QT_TRANSLATE_NOOP("Actions", "&File"),
        QT_TRANSLATE_NOOP("Actions", "Forget missing so&unds"),
    ),
    ActionSpec(
        "reveal_folder",
        QT_TRANSLATE_NOOP("Actions", "&File"),
        QT_TRANSLATE_NOOP("Actions", "Show selected folder on dis&k"),
    ),
    ActionSpec(
        "pause", QT_TRANSLATE_NOOP("Actions", "&File"), QT_TRANSLATE_NOOP("Actions", "&Pause analysis"), ("Ctrl+P",)
    ),
    ActionSpec("cancel", QT_TRANSLATE_NOOP("Actions", "&File"), QT_TRANSLATE_NOOP("Actions", "&Cancel analysis")),
    ActionSpec(
        "models", QT_TRANSLATE_NOOP("Actions", "&File"), QT_TRANSLATE_NOOP("Actions", "Encoder&s…"), ("Ctrl+Shift+E",)
    ),
    ActionSpec(
        "settings", QT_TRANSLATE_NOOP("Actions", "&File"), QT_TRANSLATE_NOOP("Actions", "Sett&ings…"), ("Ctrl+,",)
    ),
    ActionSpec("quit", QT_TRANSLATE_NOOP("Actions", "&File"), QT_TRANSLATE_NOOP("Actions", "&Quit"), ("Ctrl+Q",)),
    ActionSpec("undo", QT_TRANSLATE_NOOP("Actions", "&Edit"), QT_TRANSLATE_NOOP("Actions", "&Undo"), ("Ctrl+Z",)),
    ActionSpec("redo", QT_TRANSLATE_NOOP("Actions", "&Edit"), QT_TRANSLATE_NOOP("Actions", "Red&o"), ("Ctrl+Shift+Z",)),
    ActionSpec(
        "back",
        QT_TRANSLATE_NOOP("Actions", "&Edit"),
        QT_TRANSLATE_NOOP("Actions", "&Back"),
        ("Alt+Left",),
        icon="back",
    ),
    ActionSpec(
        "forward",
        QT_TRANSLATE_NOOP("Actions", "&Edit"),
        QT_TRANSLATE_NOOP("Actions", "Forwar&d"),
        ("Alt+Right",),
        icon="forward",
    ),
    ActionSpec(
        "search", QT_TRANSLATE_NOOP("Actions", "&Edit"), QT_TRANSLATE_NOOP("Actions", "&Search"), ("Ctrl+F", "/")
    ),
    ActionSpec(
        "filters",
        QT_TRANSLATE_NOOP("Actions", "&Edit"),
        QT_TRANSLATE_NOOP("Actions", "F&ilters"),
        ("Ctrl+Shift+F",),
        icon="filter",
        is_switch=True,
    ),
    ActionSpec(
        "record",
        QT_TRANSLATE_NOOP("Actions", "&Edit"),
        QT_TRANSLATE_NOOP("Actions", "Record a&n example…"),
        ("Ctrl+R",),
        icon="microphone",
    ),
    ActionSpec(
        "surprise",
        QT_TRANSLATE_NOOP("Actions", "&Edit"),
        QT_TRANSLATE_NOOP("Actions", "Sur&prise me"),
        ("Ctrl+U",),
        icon="surprise",
    ),
    ActionSpec(
        "clear", QT_TRANSLATE_NOOP("Actions", "&Edit"), QT_TRANSLATE_NOOP("Actions", "Stop, then &clear"), ("Esc",)
    ),
    ActionSpec(
        "copy_path",
        QT_TRANSLATE_NOOP("Actions", "&Edit"),
        QT_TRANSLATE_NOOP("Actions", "Cop&y files and paths"),
        ("Ctrl+C",),
        scope="list",
    ),
    ActionSpec(
        "locate",
        QT_TRANSLATE_NOOP("Actions", "&Edit"),
        QT_TRANSLATE_NOOP("Actions", "S&how in file manager"),
        ("Ctrl+L",),
    ),
    ActionSpec(
        "play",
        QT_TRANSLATE_NOOP("Actions", "&Sound"),
        QT_TRANSLATE_NOOP("Actions", "&Play or stop"),
        ("Space",),
        icon="play",
        scope="list",
    ),
    ActionSpec(
        "replay",
        QT_TRANSLATE_NOOP("Actions", "&Sound"),
        QT_TRANSLATE_NOOP("Actions", "Play from the &beginning"),
        ("Right",),
        scope="list",
    ),
    ActionSpec(
        "stop",
        QT_TRANSLATE_NOOP("Actions", "&Sound"),
        QT_TRANSLATE_NOOP("Actions", "&Stop"),
        ("Left",),
        scope="list",
    ),
    ActionSpec(
        "similar",
        QT_TRANSLATE_NOOP("Actions", "&Sound"),
        QT_TRANSLATE_NOOP("Actions", "Fi&nd similar"),
        ("Return", "Enter"),
        icon="similar",
        scope="list",
    ),
    ActionSpec(
        "similar_speeds",
        QT_TRANSLATE_NOOP("Actions", "&Sound"),
        QT_TRANSLATE_NOOP("Actions", "Find similar at ot&her speeds"),
        ("Shift+Return", "Shift+Enter"),
        scope="list",
    ),
    ActionSpec(
        "more_like",
        QT_TRANSLATE_NOOP("Actions", "&Sound"),
        QT_TRANSLATE_NOOP("Actions", "M&ore like this"),
        ("+", "="),
        scope="list",
    ),
    ActionSpec(
        "less_like",
        QT_TRANSLATE_NOOP("Actions", "&Sound"),
        QT_TRANSLATE_NOOP("Actions", "Less li&ke this"),
        ("-",),
        scope="list",
    ),
    ActionSpec(
        "loop",
        QT_TRANSLATE_NOOP("Actions", "&Sound"),
        QT_TRANSLATE_NOOP("Actions", "&Loop"),
        ("L",),
        icon="loop",
        is_switch=True,
        scope="panes",
    ),
    ActionSpec(
        "reverse",
        QT_TRANSLATE_NOOP("Actions", "&Sound"),
        QT_TRANSLATE_NOOP("Actions", "&Reverse"),
        ("R",),
        icon="reverse",
        is_switch=True,
        scope="panes",
    ),
    ActionSpec(
        "even",
        QT_TRANSLATE_NOOP("Actions", "&Sound"),
        QT_TRANSLATE_NOOP("Actions", "E&ven loudness"),
        ("E",),
        icon="even",
        is_switch=True,
        scope="panes",
    ),
    ActionSpec("louder", QT_TRANSLATE_NOOP("Actions", "&Sound"), QT_TRANSLATE_NOOP("Actions", "Lou&der"), ("Alt+Up",)),
    ActionSpec(
        "quieter", QT_TRANSLATE_NOOP("Actions", "&Sound"), QT_TRANSLATE_NOOP("Actions", "&Quieter"), ("Alt+Down",)
    ),
    ActionSpec(
        "pitch_up",
        QT_TRANSLATE_NOOP("Actions", "&Sound"),
        QT_TRANSLATE_NOOP("Actions", "Ra&ise pitch"),
        ("]",),
        scope="panes",
    ),
    ActionSpec(
        "pitch_down",
        QT_TRANSLATE_NOOP("Actions", "&Sound"),
        QT_TRANSLATE_NOOP("Actions", "Lower pit&ch"),
        ("[",),
        scope="panes",
    ),
    ActionSpec(
        "reset_treatment",
        QT_TRANSLATE_NOOP("Actions", "&Sound"),
        QT_TRANSLATE_NOOP("Actions", "Play &unchanged"),
        ("0",),
        scope="panes",
    ),
    ActionSpec(
        "auto_play",
        QT_TRANSLATE_NOOP("Actions", "&Sound"),
        QT_TRANSLATE_NOOP("Actions", "&Auto-play"),
        ("A",),
        icon="autoplay",
        is_switch=True,
        scope="panes",
    ),
    ActionSpec(
        "tempo_and_key",
        QT_TRANSLATE_NOOP("Actions", "&Sound"),
        QT_TRANSLATE_NOOP("Actions", "Tempo and ke&y…"),
        ("T",),
        icon="tempo",
        is_switch=True,
        scope="panes",
    ),
    ActionSpec(
        "favourite",
        QT_TRANSLATE_NOOP("Actions", "Or&ganise"),
        QT_TRANSLATE_NOOP("Actions", "&Favourite"),
        ("F",),
        scope="panes",
    ),
    *(
        ActionSpec(f"star_{n}", QT_TRANSLATE_NOOP("Actions", "Or&ganise"), text, (str(n),), scope="panes")
        for n, text in enumerate(
            (
                QT_TRANSLATE_NOOP("Actions", "&1 star"),
                QT_TRANSLATE_NOOP("Actions", "&2 stars"),
                QT_TRANSLATE_NOOP("Actions", "&3 stars"),
                QT_TRANSLATE_NOOP("Actions", "&4 stars"),
                QT_TRANSLATE_NOOP("Actions", "&5 stars"),
            ),
            start=1,
        )
    ),
    ActionSpec(
        "add_word",
        QT_TRANSLATE_NOOP("Actions", "Or&ganise"),
        QT_TRANSLATE_NOOP("Actions", "A&dd a tag…"),
        ("W",),
        scope="panes",
    ),
    ActionSpec(
        "collect",
        QT_TRANSLATE_NOOP("Actions", "Or&ganise"),
        QT_TRANSLATE_NOOP("Actions", "New &collection from selection…"),
        ("Ctrl+Shift+N",),
    ),
    ActionSpec(
        "save_search",
        QT_TRANSLATE_NOOP("Actions", "Or&ganise"),
        QT_TRANSLATE_NOOP("Actions", "&Save search…"),
        ("Ctrl+S",),
    ),
    ActionSpec(
        "clear_history",
        QT_TRANSLATE_NOOP("Actions", "Or&ganise"),
        QT_TRANSLATE_NOOP("Actions", "Clear &history"),
    ),
    ActionSpec(
        "folders",
        QT_TRANSLATE_NOOP("Actions", "&View"),
        QT_TRANSLATE_NOOP("Actions", "Fol&ders"),
        ("Ctrl+B",),
        is_switch=True,
    ),
    ActionSpec(
        "inspector",
        QT_TRANSLATE_NOOP("Actions", "&View"),
        QT_TRANSLATE_NOOP("Actions", "&Inspector"),
        ("Ctrl+I",),
        icon="inspector",
        is_switch=True,
    ),
    ActionSpec(
        "fold_copies",
        QT_TRANSLATE_NOOP("Actions", "&View"),
        QT_TRANSLATE_NOOP("Actions", "Fold &copies"),
        is_switch=True,
    ),
    ActionSpec(
        "one_per_folder",
        QT_TRANSLATE_NOOP("Actions", "&View"),
        QT_TRANSLATE_NOOP("Actions", "O&ne sound per folder"),
        is_switch=True,
    ),
    ActionSpec(
        "show_folded",
        QT_TRANSLATE_NOOP("Actions", "&View"),
        QT_TRANSLATE_NOOP("Actions", "S&how or fold copies of this sound"),
        ("Shift+Right",),
        scope="list",
    ),
    ActionSpec(
        "rejected", QT_TRANSLATE_NOOP("Actions", "&View"), QT_TRANSLATE_NOOP("Actions", "Re&jected sounds"), ("Ctrl+E",)
    ),
    ActionSpec(
        "map",
        QT_TRANSLATE_NOOP("Actions", "&View"),
        QT_TRANSLATE_NOOP("Actions", "&Map"),
        ("M",),
        icon="map",
        is_switch=True,
        scope="panes",
    ),
    ActionSpec(
        "seek_back",
        QT_TRANSLATE_NOOP("Actions", "&Waveform"),
        QT_TRANSLATE_NOOP("Actions", "Skip &back"),
        (",",),
        scope="panes",
    ),
    ActionSpec(
        "seek_forward",
        QT_TRANSLATE_NOOP("Actions", "&Waveform"),
        QT_TRANSLATE_NOOP("Actions", "Skip forwar&d"),
        (".",),
        scope="panes",
    ),
    ActionSpec(
        "mark_start",
        QT_TRANSLATE_NOOP("Actions", "&Waveform"),
        QT_TRANSLATE_NOOP("Actions", "&Start the region here"),
        ("Shift+I",),
        scope="panes",
    ),
    ActionSpec(
        "mark_end",
        QT_TRANSLATE_NOOP("Actions", "&Waveform"),
        QT_TRANSLATE_NOOP("Actions", "E&nd the region here"),
        ("Shift+O",),
        scope="panes",
    ),
    ActionSpec(
        "spectrogram",
        QT_TRANSLATE_NOOP("Actions", "&Waveform"),
        QT_TRANSLATE_NOOP("Actions", "Spectro&gram"),
        ("G",),
        is_switch=True,
        scope="panes",
    ),
    ActionSpec(
        "lanes",
        QT_TRANSLATE_NOOP("Actions", "&Waveform"),
        QT_TRANSLATE_NOOP("Actions", "Separate &channels"),
        is_switch=True,
    ),
    ActionSpec(
        "zoom_in",
        QT_TRANSLATE_NOOP("Actions", "&Waveform"),
        QT_TRANSLATE_NOOP("Actions", "&Zoom in"),
        ("Ctrl++", "Ctrl+="),
    ),
    ActionSpec(
        "zoom_out", QT_TRANSLATE_NOOP("Actions", "&Waveform"), QT_TRANSLATE_NOOP("Actions", "Zoom o&ut"), ("Ctrl+-",)
    ),
    ActionSpec(
        "zoom_whole",
        QT_TRANSLATE_NOOP("Actions", "&Waveform"),
        QT_TRANSLATE_NOOP("Actions", "Wh&ole sound"),
        ("Ctrl+0",),
    ),
    ActionSpec(
        "studies",
        QT_TRANSLATE_NOOP("Actions", "&Listening tests"),
        QT_TRANSLATE_NOOP("Actions", "&Studies…"),
        ("Ctrl+T",),
    ),
    ActionSpec(
        "new_study",
        QT_TRANSLATE_NOOP("Actions", "&Listening tests"),
        QT_TRANSLATE_NOOP("Actions", "&New study…"),
        ("Ctrl+N",),
    ),
    ActionSpec(
        "compare",
        QT_TRANSLATE_NOOP("Actions", "&Listening tests"),
        QT_TRANSLATE_NOOP("Actions", "&Compare systems…"),
        ("Ctrl+D",),
    ),
    ActionSpec(
        "keys", QT_TRANSLATE_NOOP("Actions", "&Help"), QT_TRANSLATE_NOOP("Actions", "&Keyboard shortcuts…"), ("?", "F1")
    ),
    ActionSpec("about", QT_TRANSLATE_NOOP("Actions", "&Help"), QT_TRANSLATE_NOOP("Actions", "A&bout Bowerbird")),
)

_FIRST_OF_GROUPS: Final = frozenset(
    {
        "rescan",
        "pause",
        "models",
        "quit",
        "search",
        "clear",
        "copy_path",
        "similar",
        "back",
        "add_word",
        "save_search",
        "mark_start",
        "loop",
        "tempo_and_key",
        "fold_copies",
        "rejected",
        "map",
        "spectrogram",
        "zoom_in",
        "compare",
    }
)
_NOT_ON_MAP: Final = frozenset({"replay", "stop", "show_folded"})
CONTEXT_MENU: Final = ("play", "similar", "more_like", "less_like", "copy_path", "locate")


def make_actions(window: QMainWindow, panes: QWidget, table: QWidget, keys: KeyMap) -> dict[str, QAction]:
    """Return every action, added to where its keys work: the window, its panes, or only the list."""
    actions: dict[str, QAction] = {}
    for spec in ACTIONS:
        action = QAction(translate("Actions", spec.text), window)
        action.setCheckable(spec.is_switch)
        surfaces = {"window": window, "panes": panes, "list": table}
        if spec.scope != "window":  # text fields take the keys that are typed
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        surfaces[spec.scope].addAction(action)
        actions[spec.name] = action
    show_keys(actions, keys)
    return actions


def add_to_map(actions: dict[str, QAction], surface: QWidget) -> None:
    """Let the keys of the list work on the map as well, except for arrow keys, which lead from sound to sound there."""
    for spec in ACTIONS:
        if spec.scope == "list" and spec.name not in _NOT_ON_MAP:
            surface.addAction(actions[spec.name])


def show_keys(actions: dict[str, QAction], keys: KeyMap) -> None:
    """Set the keys of all actions, and name them in their tool tips."""
    for name, action in actions.items():
        action.setShortcuts([QKeySequence(key) for key in keys.keys_of(name)])
        action.setToolTip(tool_tip(action))


def recolour(actions: dict[str, QAction], colours: Tokens) -> None:
    """Draw the icons in the colours of a theme; a switch that is on has the accent colour."""
    for spec in ACTIONS:
        if spec.icon:
            tone = colours.muted if spec.is_switch else colours.text
            actions[spec.name].setIcon(theme.icon(spec.icon, tone, checked=colours.accent))


def fill_menus(window: QMainWindow, collected: QMenu, actions: dict[str, QAction]) -> None:
    """Add every action to its menu, and every menu to the menu bar and to a menu of menus."""
    menus: dict[str, QMenu] = {}
    for spec in ACTIONS:
        if spec.menu not in menus:
            menus[spec.menu] = Menu(translate("Actions", spec.menu), window)
            window.menuBar().addMenu(menus[spec.menu])
            collected.addMenu(menus[spec.menu])
        menu = menus[spec.menu]
        if spec.name in _FIRST_OF_GROUPS:
            menu.addSeparator()
        action = actions[spec.name]
        menu.addAction(action)
        action.setIconVisibleInMenu(False)


def tool_tip(action: QAction) -> str:
    """Return the text of an action with its key."""
    plain = plain_text(action.text())
    keys = action.shortcuts()
    return f"{plain} ({shown_key(keys[0].toString())})" if keys else plain


def plain_text(text: str) -> str:
    """Return the text of an action without its mnemonic and its ellipsis."""
    return text.replace("&", "").rstrip("…")


def shown_key(key: str) -> str:
    """Return a key as this system writes it."""
    return QKeySequence(key).toString(QKeySequence.SequenceFormat.NativeText)


def connect(actions: dict[str, QAction], handlers: dict[str, Callable[[], object]]) -> None:
    """Connect every action to its handler.

    Raises
    ------
    KeyError
        When an action has no handler.
    """
    for name, action in actions.items():
        handler = handlers[name]
        action.triggered.connect(lambda _=False, handler=handler: handler())
