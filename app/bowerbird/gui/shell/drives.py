"""What kind of drive a path is on."""

from pathlib import Path
from typing import Final

from PySide6.QtCore import QStorageInfo

_REMOTE: Final = frozenset(
    {"9p", "afpfs", "cifs", "davfs", "fuse.rclone", "fuse.sshfs", "nfs", "nfs4", "smb3", "smbfs", "webdav"}
)


def is_local(path: Path) -> bool:
    """Return whether a path is on a drive of this computer: others do not report changes of their files.

    This asks the system, which may take a while.
    """
    drive = QStorageInfo(str(path))
    kind = bytes(drive.fileSystemType().data()).decode("ascii", "replace").lower()
    is_share = str(path).startswith("\\\\") or bytes(drive.device().data()).startswith(b"//")
    return kind not in _REMOTE and not is_share
