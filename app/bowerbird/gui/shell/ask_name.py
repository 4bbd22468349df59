"""A small dialog that asks for a name."""

from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from bowerbird.gui.shell.styled import button, label, styled

_WIDTH_PX = 360


class NameDialog(QDialog):
    """Asks for a name; Enter accepts it.

    Parameters
    ----------
    parent : QWidget
    title : str
    name : str
        What is in the field at first, selected.
    verb : str
        On the button that accepts it.
    """

    def __init__(self, parent: QWidget, title: str, name: str, *, verb: str) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.field = styled(QLineEdit(name), "field")
        self.field.setAccessibleName(title)
        self.field.selectAll()
        self._accept = button(verb, "primary", self.accept)
        self._accept.setDefault(True)
        cancel = button(self.tr("Cancel"), "", self.reject)
        cancel.setAutoDefault(False)
        self.field.textChanged.connect(lambda text: self._accept.setEnabled(bool(text.strip())))
        self._accept.setEnabled(bool(name.strip()))
        foot = QHBoxLayout()
        foot.setSpacing(8)
        foot.addStretch(1)
        foot.addWidget(cancel)
        foot.addWidget(self._accept)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 16)
        layout.setSpacing(16)
        layout.addWidget(label(title, "heading"))
        layout.addWidget(self.field)
        layout.addLayout(foot)
        self.setFixedWidth(_WIDTH_PX)


def ask_for_name(parent: QWidget, title: str, name: str = "", *, verb: str) -> str | None:
    """Ask for a name; None when cancelled."""
    dialog = NameDialog(parent, title, name, verb=verb)
    try:
        return dialog.field.text() if dialog.exec() == QDialog.DialogCode.Accepted else None
    finally:
        dialog.deleteLater()
