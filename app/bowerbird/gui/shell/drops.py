"""Files that are dragged out, and files and folders that are dropped: their paths, and a hint where they land."""

import os
import socket
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote_to_bytes

from PySide6.QtCore import QMimeData, QPoint, QRect, Qt, QUrl
from PySide6.QtGui import QColor, QDrag, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from bowerbird.gui.shell import theme

_RADIUS_PX = 6
_INSET_PX = 4


def dropped_paths(data: QMimeData) -> list[Path]:
    """Return the local files and folders of a drag, each once."""
    paths = [path for url in data.urls() if (path := local_path(url)) is not None]
    return list(dict.fromkeys(paths))


def files_of(paths: Sequence[Path]) -> QMimeData:
    """Return files as they are dragged and copied."""
    data = QMimeData()
    data.setUrls([QUrl(path.as_uri()) for path in paths])
    return data


def drag_files(source: QWidget, files: QMimeData) -> bool:
    """Drag files out of a widget; return whether another program has taken them."""
    if not files.urls():
        return False
    drag = QDrag(source)
    drag.setMimeData(files)
    return drag.exec(Qt.DropAction.CopyAction) is not Qt.DropAction.IgnoreAction


def local_path(url: QUrl) -> Path | None:
    """Return the path of a local file; None for other addresses.

    Some programs name this computer in the address, such as ``file://localhost/sounds/kick.wav`` (RFC 8089). Names that
    are not Unicode are kept as they are.
    """
    if not url.isLocalFile():
        return None
    host = url.host()
    if host and host.lower() not in {"localhost", socket.gethostname().lower()}:
        return Path(url.toLocalFile())  # a share of another computer
    if os.name == "nt":
        here = QUrl(url)
        here.setHost("")
        return Path(here.toLocalFile())
    encoded = bytes(url.toEncoded(QUrl.ComponentFormattingOption.FullyEncoded).data())
    beginning = b"file://" + host.encode()
    return Path(os.fsdecode(unquote_to_bytes(encoded[len(beginning) :])))


class DropHint(QWidget):
    """Covers the part of the window that a drop would land on, and says what it does."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.text = ""
        self.hide()

    def show_over(self, targets: Sequence[QWidget], text: str) -> None:
        """Cover parts of the window."""
        area, window = QRect(), self.window()
        for target in targets:
            corner = target.mapTo(window, QPoint(0, 0))
            area = area.united(QRect(corner, target.size()))
        self.text = text
        self.setGeometry(area)
        self.raise_()
        self.show()
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the hint."""
        colours = theme.shown()
        ground, line = QColor(colours.ground), QColor(colours.query)
        ground.setAlpha(215)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(ground)
        painter.setPen(QPen(line, 1.5))
        painter.drawRoundedRect(
            self.rect().adjusted(_INSET_PX, _INSET_PX, -_INSET_PX, -_INSET_PX), _RADIUS_PX, _RADIUS_PX
        )
        painter.setPen(line)
        flags = int(Qt.AlignmentFlag.AlignCenter) | int(Qt.TextFlag.TextWordWrap)
        painter.drawText(self.rect().adjusted(16, 16, -16, -16), flags, self.text)
        painter.end()
