"""One window for each library: a second start hands its folders to the first window, which comes to the front."""

import getpass
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Literal, TypeAlias

from PySide6.QtCore import QObject, Qt
from PySide6.QtNetwork import QLocalServer, QLocalSocket
from PySide6.QtWidgets import QWidget

_WAIT_MS: Final = 5000
"""How long an answer is waited for: the other window may just be starting."""

_SHOWN: Final = b"shown\n"
_MAX_BYTES: Final = 2**20

Answer: TypeAlias = Literal["shown", "silent", "absent"]


def hand_over(library: Path, folders: Sequence[Path]) -> Answer:
    """Hand folders to the window that is open on a library.

    Returns
    -------
    {"shown", "silent", "absent"}
        shown: it has come to the front. silent: it does not answer. absent: there is none.
    """
    socket = QLocalSocket()
    socket.connectToServer(_name(library))
    if not socket.waitForConnected(_WAIT_MS):
        return "absent"
    socket.write(json.dumps([str(folder) for folder in folders]).encode() + b"\n")
    socket.waitForBytesWritten(_WAIT_MS)
    while not socket.canReadLine():
        if not socket.waitForReadyRead(_WAIT_MS):
            return "silent"
    return "shown" if bytes(socket.readLine().data()) == _SHOWN else "silent"


class StartListener(QObject):
    """Listens for further starts of the program on the same library, from its creation on.

    Those that come before `attach` wait for it.

    Parameters
    ----------
    library : Path
        Folder of the library.
    """

    def __init__(self, library: Path) -> None:
        super().__init__()
        self._window: QWidget | None = None
        self._add: Callable[[Sequence[Path]], object] = lambda _: None
        self._server = QLocalServer(self)
        self._server.setSocketOptions(QLocalServer.SocketOption.UserAccessOption)
        self._server.newConnection.connect(self._answer)
        self._is_listening = self._server.listen(_name(library))

    @property
    def is_listening(self) -> bool:
        """Whether further starts can reach the window; if not, somebody else listens, or did until it was killed."""
        return self._is_listening

    def attach(self, window: QWidget, add: Callable[[Sequence[Path]], object]) -> None:
        """Answer from now on: show a window, and hand over the folders that the other start was given."""
        self._window, self._add = window, add
        self._answer()

    def close(self) -> None:
        """Listen no longer."""
        self._server.close()

    def _answer(self) -> None:
        while self._window is not None and (socket := self._server.nextPendingConnection()) is not None:
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
        window = self._window
        assert window is not None
        window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
        window.show()
        window.raise_()
        window.activateWindow()
        if folders:
            self._add(folders)


def listener_or_answer(library: Path, folders: Sequence[Path]) -> StartListener | Answer:
    """Listen for further starts, or hand folders to the window that is open already.

    Returns
    -------
    StartListener or {"shown", "silent"}
        The answer where another window listens.
    """
    for _ in range(2):
        answer = hand_over(library, folders)
        if answer != "absent":
            return answer
        listener = StartListener(library)
        if listener.is_listening:
            return listener
    # Nobody can be reached, but the name is taken: a window that was killed has left its socket.
    QLocalServer.removeServer(_name(library))
    listener = StartListener(library)
    return listener if listener.is_listening else "silent"


def _folders(line: bytes) -> list[Path]:
    """Return the folders of a message; none if it cannot be read."""
    try:
        paths = json.loads(line)
    except (ValueError, RecursionError):
        return []
    return [Path(path) for path in paths if isinstance(path, str)] if isinstance(paths, list) else []


def _name(library: Path) -> str:
    """Return the name that windows on a library are reached by; it is another for every user."""
    user = str(os.getuid()) if hasattr(os, "getuid") else getpass.getuser()
    key = f"{user}:{os.path.realpath(library.expanduser())}"
    return f"bowerbird-{hashlib.blake2b(key.encode(errors='surrogatepass'), digest_size=10).hexdigest()}"
