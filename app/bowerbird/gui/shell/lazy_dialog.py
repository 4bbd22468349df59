"""Dialogs that are made when they are first opened."""

from collections.abc import Callable
from typing import Generic, TypeVar

from PySide6.QtWidgets import QDialog

_D = TypeVar("_D", bound=QDialog)


class LazyDialog(Generic[_D]):
    """A dialog that is made when it is first opened, and kept when it is closed.

    Parameters
    ----------
    make : callable
        Makes the dialog.
    """

    def __init__(self, make: Callable[[], _D]) -> None:
        self._make = make
        self.dialog: _D | None = None

    def show(self) -> _D:
        """Bring the dialog to the front."""
        if self.dialog is None:
            self.dialog = self._make()
        self.dialog.show()
        self.dialog.activateWindow()
        return self.dialog

    def close(self) -> None:
        """Close the dialog."""
        if self.dialog is not None:
            self.dialog.close()

    def update(self, change: Callable[[_D], object]) -> None:
        """Change the dialog; nothing happens before it is made, since opening it shows everything."""
        if self.dialog is not None:
            change(self.dialog)
