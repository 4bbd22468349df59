"""A dialog for the tempo and the key that sounds are played in."""

from typing import Final

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QShowEvent
from PySide6.QtWidgets import QDialog, QDoubleSpinBox, QFormLayout, QVBoxLayout, QWidget

from bowerbird.domain.musical_keys import NOTE_NAMES
from bowerbird.domain.tempo_and_key import Key
from bowerbird.gui.browse.playing_presenter import Music
from bowerbird.gui.shell.styled import ComboBox, label

_FASTEST_BPM: Final = 400.0


class TempoAndKeyDialog(QDialog):
    """Shows the choices and emits what is chosen at once. It does not block the window.

    Signals
    -------
    music_chosen : Music
    """

    music_chosen = Signal(object)

    def __init__(self, parent: QWidget, music: Music) -> None:
        super().__init__(parent)
        self.setWindowTitle(self.tr("Tempo and key"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._bpm = QDoubleSpinBox()
        self._bpm.setRange(0.0, _FASTEST_BPM)
        self._bpm.setDecimals(1)
        self._bpm.setSuffix(self.tr(" BPM"))
        self._bpm.setSpecialValueText(self.tr("The sound's own"))
        self._bpm.setValue(music.bpm or 0.0)
        self._bpm.lineEdit().setTextMargins(10, 0, 10, 0)
        self._key = ComboBox()
        self._key.addItem(self.tr("The sound's own"), None)
        for pitch_class, name in enumerate(NOTE_NAMES):
            relative = NOTE_NAMES[(pitch_class - 3) % 12]
            self._key.addItem(self.tr("{major} major or {minor} minor").format(major=name, minor=relative), pitch_class)
        if music.key is not None:
            self._key.setCurrentIndex(self._key.findData(music.key.relative_major))
        self._lay_out()
        self._bpm.setFocus(Qt.FocusReason.PopupFocusReason)
        self._bpm.valueChanged.connect(self._choose_music)
        self._key.activated.connect(self._choose_music)

    def _lay_out(self) -> None:
        form = QFormLayout()
        form.setHorizontalSpacing(16)
        form.setVerticalSpacing(8)
        for text, field in (
            (self.tr("Play in tempo"), self._bpm),
            (self.tr("Play in key"), self._key),
        ):
            field.setMinimumWidth(260)
            field.setAccessibleName(text)
            form.addRow(label(text, "muted"), field)
        note = label(
            self.tr("Sounds change only where their own tempo or key is known or can be estimated."),
            "small",
            wraps=True,
        )
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 24, 24, 24)
        layout.setSpacing(12)
        layout.addLayout(form)
        layout.addWidget(note)

    def showEvent(self, event: QShowEvent) -> None:
        """Select the tempo, so that a number can be typed at once."""
        super().showEvent(event)
        QTimer.singleShot(0, self._bpm.selectAll)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Close with Enter as with Escape: what was chosen is in use already."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self.close()
        else:
            super().keyPressEvent(event)

    def _choose_music(self) -> None:
        pitch_class = self._key.currentData()
        key = None if pitch_class is None else Key(int(pitch_class))
        self.music_chosen.emit(Music(self._bpm.value() or None, key))
