"""The row below the waveform: play button, current sound, position, switches and volume."""

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSlider, QToolButton, QWidget

from bowerbird.base.text import channels_text, duration_text, position_text, printable, rate_text
from bowerbird.catalogue.records import SoundDetails, SoundRow
from bowerbird.gui.browse.playing_presenter import MAX_DB, MIN_DB
from bowerbird.gui.shell import theme
from bowerbird.gui.shell.styled import ElidedLabel, label
from bowerbird.gui.shell.theme import Tokens


class Transport(QWidget):
    """Shows the current sound and how it is played.

    Signals
    -------
    volume_chosen : float
        In dB.
    """

    volume_chosen = Signal(float)

    def __init__(self, actions: dict[str, QAction], colours: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._play = _button(actions["play"])
        self._loop = _button(actions["loop"])
        self._auto_play = _button(actions["auto_play"])
        self._similar = _button(actions["similar"])
        self._name = ElidedLabel("now")
        self._properties = ElidedLabel("small")
        self._device = ElidedLabel("warning", Qt.TextElideMode.ElideRight)
        self._time = label("", "muted")
        self._time.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._time.setFixedWidth(self.fontMetrics().horizontalAdvance("0:00:00.00 / 00:00.00"))
        self._volume_icon = QLabel()
        self._volume = QSlider(Qt.Orientation.Horizontal)
        self._volume.setRange(round(MIN_DB), round(MAX_DB))
        self._volume.setFixedWidth(96)
        self._volume.setAccessibleName(self.tr("Volume"))
        self._volume.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._decibels = label("", "muted")
        self._decibels.setFixedWidth(self.fontMetrics().horizontalAdvance("−60 dB "))
        self._decibels.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._volume.valueChanged.connect(self._volume_moved)
        self._duration_s = 0.0
        self._lay_out()
        self.recolour(colours)
        self.show_device(None)

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 4, 12, 8)
        layout.setSpacing(8)
        layout.addWidget(self._play)
        layout.addWidget(self._name, 3)
        layout.addWidget(self._properties, 4)
        layout.addWidget(self._device, 7)
        layout.addWidget(self._time)
        layout.addWidget(self._similar)
        layout.addWidget(self._loop)
        layout.addWidget(self._auto_play)
        layout.addSpacing(8)
        layout.addWidget(self._volume_icon)
        layout.addWidget(self._volume)
        layout.addWidget(self._decibels)

    def recolour(self, colours: Tokens) -> None:
        """Use the colours of another theme."""
        self._volume_icon.setPixmap(theme.icon("volume", colours.muted).pixmap(QSize(16, 16)))

    def show_sound(self, sound: SoundRow | None, details: SoundDetails | None) -> None:
        """Show another sound, or none."""
        self._duration_s = (sound.duration_s or 0.0) if sound else 0.0
        if sound is None:
            self._name.set_text("")
            self._properties.set_text("")
        else:
            self._name.set_text(printable(sound.name))
            encoding = [sound.format, sound.encoding if sound.encoding != sound.format else None]
            properties = [
                duration_text(sound.duration_s),
                channels_text(sound.n_channels),
                rate_text(sound.rate_hz),
                " ".join(part for part in encoding if part),
                f"{details.lufs:.1f} LUFS" if details and details.lufs is not None else "",
            ]
            self._properties.set_text(" · ".join(text for text in properties if text))
        self.show_position(None)

    def show_position(self, position_s: float | None) -> None:
        """Show the playback position."""
        if not self._duration_s:
            self._time.setText("")
        else:
            self._time.setText(f"{position_text(position_s or 0.0)} / {position_text(self._duration_s)}")

    def show_device(self, sentence: str | None) -> None:
        """Show a problem of the sound device in place of the properties."""
        self._device.set_text(sentence or "")
        self._device.setVisible(sentence is not None)
        self._properties.setVisible(sentence is None)

    def show_volume(self, volume_db: float) -> None:
        """Show the volume."""
        self._volume.setValue(round(volume_db))
        self._volume_moved(round(volume_db))

    def _volume_moved(self, volume_db: int) -> None:
        self._decibels.setText(f"{'−' if volume_db < 0 else '+' if volume_db else ''}{abs(volume_db)} dB")
        self.volume_chosen.emit(float(volume_db))

    def fit(self, width_px: int) -> None:
        """Hide the less important parts in a narrow window."""
        is_narrow = width_px < 640
        for widget in (self._volume_icon, self._decibels, self._time):
            widget.setVisible(not is_narrow)
        self._volume.setVisible(width_px >= 440)
        self._properties.setVisible(not is_narrow and not self._device.isVisibleTo(self))


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setIconSize(QSize(16, 16))
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
