"""The theme: colours from one file, a style sheet and icons in these colours."""

import re
import tomllib
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Final

from PySide6.QtCore import QByteArray, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontDatabase, QFontInfo, QIcon, QPainter, QPalette, QPixmap
from PySide6.QtSvg import QSvgRenderer
from PySide6.QtWidgets import QApplication

from bowerbird.base.paths import resources_path

BASE_PX: Final = 13
_MAX_BASE_PX: Final = 24
_FONT_SIZE: Final = re.compile(r"font-size: (\d+)px")


@dataclass(frozen=True, slots=True)
class Tokens:
    """The colours of a theme; see `resources/styles/tokens.toml`."""

    ground: str
    panel: str
    raised: str
    line: str
    text: str
    muted: str
    faint: str
    accent: str
    query: str
    wave: str
    like: str
    unlike: str

    def colour(self, name: str) -> QColor:
        """Return a token as a Qt colour."""
        return QColor(getattr(self, name))


@lru_cache(maxsize=2)
def tokens(theme: str) -> Tokens:
    """Return the tokens of the dark or the light theme."""
    with (resources_path() / "styles" / "tokens.toml").open("rb") as file:
        return Tokens(**tomllib.load(file)[theme])


def resolve(theme: str) -> str:
    """Return dark or light; for "system" the system's choice, dark where it has none."""
    if theme in {"dark", "light"}:
        return theme
    scheme = QApplication.styleHints().colorScheme()
    return "light" if scheme == Qt.ColorScheme.Light else "dark"


def base_px(text_size_px: int) -> int:
    """Return the size of ordinary text: the system's, not below 13 pixels, plus an offset."""
    system_px = QFontInfo(QFontDatabase.systemFont(QFontDatabase.SystemFont.GeneralFont)).pixelSize()
    return max(BASE_PX - 2, min(_MAX_BASE_PX, max(BASE_PX, system_px) + text_size_px))


def apply(application: QApplication, theme: str, *, text_size_px: int = 0) -> Tokens:
    """Apply a theme and a text size to the whole program; return the theme's tokens."""
    chosen = tokens(resolve(theme))
    size_px = base_px(text_size_px)
    font = QFont(application.font())
    font.setPixelSize(size_px)
    application.setFont(font)
    application.setPalette(_palette(chosen))
    sheet = (resources_path() / "styles" / "window.qss").read_text(encoding="utf-8")
    for field in fields(chosen):
        sheet = sheet.replace(f"{{{field.name}}}", getattr(chosen, field.name))
    sheet = _FONT_SIZE.sub(lambda size: f"font-size: {round(int(size[1]) * size_px / BASE_PX)}px", sheet)
    application.setStyleSheet(sheet)
    return chosen


def shown() -> Tokens:
    """Return the tokens of the current theme, for widgets that paint themselves."""
    ground = QApplication.palette().color(QPalette.ColorRole.Window)
    return tokens("light" if ground == tokens("light").colour("ground") else "dark")


def _palette(chosen: Tokens) -> QPalette:
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: chosen.ground,
        QPalette.ColorRole.WindowText: chosen.text,
        QPalette.ColorRole.Base: chosen.panel,
        QPalette.ColorRole.AlternateBase: chosen.panel,
        QPalette.ColorRole.Text: chosen.text,
        QPalette.ColorRole.Button: chosen.raised,
        QPalette.ColorRole.ButtonText: chosen.text,
        QPalette.ColorRole.ToolTipBase: chosen.raised,
        QPalette.ColorRole.ToolTipText: chosen.text,
        QPalette.ColorRole.Highlight: chosen.raised,
        QPalette.ColorRole.HighlightedText: chosen.text,
        QPalette.ColorRole.PlaceholderText: chosen.faint,
        QPalette.ColorRole.Link: chosen.query,
        QPalette.ColorRole.Accent: chosen.accent,
    }
    for role, colour in roles.items():
        palette.setColor(role, QColor(colour))
    for role in (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor(chosen.faint))
    return palette


def icon(name: str, colour: str, *, checked: str | None = None) -> QIcon:
    """Return an icon in a colour, and in another colour for its checked state."""
    made = QIcon()
    for state, tone in ((QIcon.State.Off, colour), (QIcon.State.On, checked or colour)):
        for scale in (1, 2, 3):
            made.addPixmap(_pixmap(name, tone, 16 * scale), QIcon.Mode.Normal, state)
    return made


@lru_cache(maxsize=128)
def _pixmap(name: str, colour: str, size: int) -> QPixmap:
    drawing = (resources_path() / "icons" / f"{name}.svg").read_text(encoding="utf-8")
    renderer = QSvgRenderer(QByteArray(drawing.replace("currentColor", colour).encode()))
    pixmap = QPixmap(size, size)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    renderer.render(painter, QRectF(0, 0, size, size))
    painter.end()
    return pixmap
