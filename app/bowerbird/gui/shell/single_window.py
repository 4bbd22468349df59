"""One window for each library: a second start hands its folders to the first window, which comes to the front."""

import getpass
import hashlib
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from PySide6.QtCore import QObject, Qt
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from PySide6.QtWidgets import QWidget

_WAIT_MS: Final = 2000
_SHOWN: Final = b"shown\n"
_MAX_BYTES: Final = 2**20


def hand_over(library: Path, folders: Sequence[Path]) -> bool:
    """Hand folders to the window that is open on a library; return whether there is one, and it has answered."""
    socket = QLocalSocket()
    socket.connectToServer(_name(library))
    if not socket.waitForConnected(_WAIT_MS):
        return False
    socket.write(json.dumps([str(folder) for folder in folders]).encode() + b"\n")
    socket.waitForBytesWritten(_WAIT_MS)
    while not socket.canReadLine():
        if not socket.waitForReadyRead(_WAIT_MS):
            return False
    return bytes(socket.readLine().data()) == _SHOWN


class Doorbell(QObject):
    """Waits for further starts on the same library. Without it, they would open windows of their own.

    Parameters
    ----------
    library : Path
        Folder of the library.
    window : QWidget
        Comes to the front when somebody starts the program again.
    add : callable
        Receives the folders that the other start was given, if there are any.
    """

    def __init__(self, library: Path, window: QWidget, add: Callable[[Sequence[Path]], object]) -> None:
        super().__init__(window)
        self._window = window
        self._add = add
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._answer)
        name = _name(library)
        if not self._server.listen(name):  # nobody answered there: a window that was killed has left its socket
            QLocalServer.removeServer(name)
            self._server.listen(name)

    @property
    def is_waiting(self) -> bool:
        """Whether further starts can reach the window."""
        return self._server.isListening()

    def _answer(self) -> None:
        while (socket := self._server.nextPendingConnection()) is not None:
            socket.readyRead.connect(lambda socket=socket: self._read(socket))
            socket.disconnected.connect(socket.deleteLater)
            self._read(socket)

    def _read(self, socket: QLocalSocket) -> None:
        if not socket.canReadLine():
            if socket.bytesAvailable() > _MAX_BYTES:
                socket.abort()
            return
        folders = _folders(bytes(socket.readLine().data()))
        socket.write(_SHOWN)
        socket.flush()
        self._window.setWindowState(self._window.windowState() & ~Qt.WindowState.WindowMinimized)
        self._window.show()
        self._window.raise_()
        self._window.activateWindow()
        if folders:
            self._add(folders)


def _folders(line: bytes) -> list[Path]:
    """Return the folders of a message; none if it cannot be read."""
    try:
        paths = json.loads(line)
    except (ValueError, RecursionError):
        return []
    return [Path(path) for path in paths if isinstance(path, str)] if isinstance(paths, list) else []


def _name(library: Path) -> str:
    """Return the name that windows on a library are reached by; it says whose it is."""
    key = f"{getpass.getuser()}:{library.expanduser().absolute()}"
    return f"bowerbird-{hashlib.blake2b(key.encode(errors='surrogatepass'), digest_size=10).hexdigest()}"
