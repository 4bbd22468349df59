"""The row below the waveform: how the current sound is played, what it is, its position and the volume.

Every control has a fixed place: texts that change have a fixed width or the width that is left.
"""

from typing import Final

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QFont, QKeyEvent, QWheelEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QSlider, QToolButton, QWidget

from bowerbird.base.text import channels_text, duration_text, position_text, printable, rate_text
from bowerbird.catalogue.records import SoundDetails, SoundRow
from bowerbird.gui.browse.playing_presenter import MAX_DB, MIN_DB
from bowerbird.gui.shell import theme
from bowerbird.gui.shell.styled import ElidedLabel, Menu, label
from bowerbird.gui.shell.theme import Tokens
from bowerbird.gui.translation import translate
from bowerbird.playback.request import UNTREATED, Treatment

MAX_SOLO_CHANNELS: Final = 16
_SHORT_S: Final = 1.0
"""The position in a shorter sound is shown in milliseconds."""

_NOTCH: Final = 120
"""Of a mouse wheel, in eighths of a degree."""

_SHOWS_VOLUME_PX: Final = 560
_SHOWS_TIME_PX: Final = 640
_SHOWS_PROPERTIES_PX: Final = 900
_SHOWS_SPEED_PX: Final = 760


class Transport(QWidget):
    """Shows the current sound and how it is played.

    Signals
    -------
    volume_chosen : float
        In dB.
    pitch_stepped, speed_stepped : int
        Number of steps up or down.
    pitch_reset, speed_reset : ()
    channel_chosen : int or None
        The only channel to be played.
    """

    volume_chosen = Signal(float)
    pitch_stepped = Signal(int)
    pitch_reset = Signal()
    speed_stepped = Signal(int)
    speed_reset = Signal()
    channel_chosen = Signal(object)

    def __init__(self, actions: dict[str, QAction], colours: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._colours = colours
        self._treatment = UNTREATED
        self._n_channels = 0
        self._facts: list[str] = []
        self._current = ""
        self._other: str | None = None
        self._music_note = ""
        self._play = _button(actions["play"])
        self._loop = _button(actions["loop"])
        self._reverse = _button(actions["reverse"])
        self._even = _button(actions["even"])
        self._auto_play = _button(actions["auto_play"])
        self._tempo_and_key = _button(actions["tempo_and_key"])
        self._similar = _button(actions["similar"])
        self._name = ElidedLabel("now")
        self._properties = ElidedLabel("small")
        self._device = ElidedLabel("warning", Qt.TextElideMode.ElideRight)
        self._time = label("", "muted")
        self._time.setFont(_tabular(self._time.font()))
        self._time.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._pitch = _Readout("−24 st", self.tr("Pitch: click resets, the wheel changes it by a semitone"))
        self._pitch.stepped.connect(self.pitch_stepped)
        self._pitch.clicked.connect(lambda _=False: self.pitch_reset.emit())
        self._speed = _Readout("1600 %", self.tr("Speed: click resets, the wheel changes it by 5 %"))
        self._speed.stepped.connect(self.speed_stepped)
        self._speed.clicked.connect(lambda _=False: self.speed_reset.emit())
        self._channel = QToolButton()
        self._channel.setObjectName("readout")
        self._channel.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._channel.setToolTip(self.tr("Channels"))
        self._channel.setAccessibleName(self.tr("Channels"))
        self._channel.clicked.connect(self._choose_channel)
        self._make_volume()
        self._duration_s = 0.0
        self._width_px = 10_000
        self._lay_out()
        self._fit_texts()
        self.recolour(colours)
        self.show_device(None)
        self.show_treatment(UNTREATED)
        self._show_channels(0)

    def _make_volume(self) -> None:
        self._volume_icon = QLabel()
        self._volume = QSlider(Qt.Orientation.Horizontal)
        self._volume.setRange(round(MIN_DB), round(MAX_DB))
        self._volume.setFixedWidth(96)
        self._volume.setAccessibleName(self.tr("Volume"))
        self._volume.setToolTip(self.tr("Volume: a double click returns to 0 dB"))
        self._volume.installEventFilter(self)
        self._volume.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._decibels = label("", "muted")
        self._decibels.setFont(_tabular(self._decibels.font()))
        self._decibels.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self._volume.valueChanged.connect(self._volume_moved)

    def _lay_out(self) -> None:
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 4, 12, 8)
        layout.setSpacing(4)
        for button in (
            self._play,
            self._loop,
            self._reverse,
            self._even,
            self._auto_play,
            self._tempo_and_key,
        ):
            layout.addWidget(button)
        layout.addSpacing(4)
        layout.addWidget(self._name, 3)
        layout.addWidget(self._properties, 4)
        layout.addWidget(self._device, 7)
        layout.addSpacing(4)
        layout.addWidget(self._time)
        layout.addSpacing(4)
        layout.addWidget(self._pitch)
        layout.addWidget(self._speed)
        layout.addWidget(self._channel)
        layout.addWidget(self._similar)
        layout.addSpacing(4)
        layout.addWidget(self._volume_icon)
        layout.addWidget(self._volume)
        layout.addWidget(self._decibels)

    def _fit_texts(self) -> None:
        """Keep the width of texts that change, whatever their size."""
        for widget in (self._time, self._decibels, self._channel, self._pitch, self._speed):
            widget.ensurePolished()
        self._time.setFixedWidth(self._time.fontMetrics().horizontalAdvance("0:00:00.00 / 00:00.00") + 2)
        self._decibels.setFixedWidth(self._decibels.fontMetrics().horizontalAdvance("−60 dB "))
        self._channel.setFixedWidth(self._channel.fontMetrics().horizontalAdvance(self.tr("Right")) + 20)
        for readout in (self._pitch, self._speed):
            readout.fit()

    def changeEvent(self, event: QEvent) -> None:
        """Fit the texts to another text size."""
        super().changeEvent(event)
        if event.type() in {QEvent.Type.FontChange, QEvent.Type.StyleChange} and hasattr(self, "_speed"):
            self._fit_texts()

    def recolour(self, colours: Tokens) -> None:
        """Use the colours of another theme."""
        self._colours = colours
        self._volume_icon.setPixmap(theme.icon("volume", colours.muted).pixmap(QSize(16, 16)))

    def show_sound(self, sound: SoundRow | None, details: SoundDetails | None) -> None:
        """Show another sound, or none."""
        self._duration_s = (sound.duration_s or 0.0) if sound else 0.0
        self._show_channels((sound.n_channels or 0) if sound else 0)
        if sound is None:
            self._current = ""
            self._facts = []
        else:
            self._current = printable(sound.name)
            encoding = [sound.format, sound.encoding if sound.encoding != sound.format else None]
            properties = [
                duration_text(sound.duration_s),
                channels_text(sound.n_channels),
                rate_text(sound.rate_hz),
                " ".join(part for part in encoding if part),
                f"{details.lufs:.1f} LUFS".replace("-", "−") if details and details.lufs is not None else "",
            ]
            self._facts = [text for text in properties if text]
        self._show_name()
        self._show_properties()
        self.show_position(None)

    def show_other(self, name: str | None) -> None:
        """Show the name of a sound that plays and is not the current one; None when it has ended."""
        self._other = name
        self._show_name()

    def _show_name(self) -> None:
        playing = self.tr("Playing {name}").format(name=self._other) if self._other is not None else self._current
        self._name.set_text(playing)

    def show_music_note(self, note: str) -> None:
        """Show that the tempo or key of the current sound is not known; "" for nothing."""
        self._music_note = note
        self._show_properties()

    def _show_properties(self) -> None:
        self._properties.set_text(" · ".join(part for part in (self._music_note, *self._facts) if part))

    def show_position(self, position_s: float | None) -> None:
        """Show the playback position."""
        if not self._duration_s:
            self._time.setText("")
        else:
            n_decimals = 2 if self._duration_s >= _SHORT_S else 3
            texts = (position_text(second, n_decimals=n_decimals) for second in (position_s or 0.0, self._duration_s))
            self._time.setText(" / ".join(texts))

    def show_treatment(self, treatment: Treatment) -> None:
        """Show how the current sound is played; what is changed has the accent colour."""
        self._treatment = treatment
        self._pitch.show_value(_semitones_text(treatment.semitones), is_changed=treatment.semitones != 0)
        pace = treatment.pace
        self._speed.show_value(f"{100 * pace:.0f} %", is_changed=pace != 1.0)
        self._show_channels(self._n_channels)

    def _show_channels(self, n_channels: int) -> None:
        self._n_channels = n_channels
        channel = self._treatment.channel
        is_solo = channel is not None and channel < n_channels
        self._channel.setEnabled(n_channels > 1)
        self._channel.setText(_channel_text(channel, n_channels) if is_solo else self.tr("All"))
        _set_changed(self._channel, is_changed=is_solo)

    def show_device(self, sentence: str | None) -> None:
        """Show a problem of the sound device in place of the properties."""
        self._device.set_text(sentence or "")
        self._device.setVisible(sentence is not None)
        self._fit_properties()

    def change_volume(self, n_steps: int) -> None:
        """Make everything louder or quieter, by steps of 1 dB."""
        self._volume.setValue(self._volume.value() + n_steps)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Return to 0 dB with a double click on the volume."""
        if watched is self._volume and event.type() == QEvent.Type.MouseButtonDblClick:
            self._volume.setValue(0)
            return True
        return super().eventFilter(watched, event)

    def show_volume(self, volume_db: float) -> None:
        """Show the volume."""
        self._volume.setValue(round(volume_db))
        self._volume_moved(round(volume_db))

    def _volume_moved(self, volume_db: int) -> None:
        self._decibels.setText(f"{'−' if volume_db < 0 else '+' if volume_db else ''}{abs(volume_db)} dB")
        self.volume_chosen.emit(float(volume_db))

    def _choose_channel(self) -> None:
        menu = self.channel_menu()
        menu.exec(self._channel.mapToGlobal(QPoint(0, -menu.sizeHint().height())))
        menu.deleteLater()

    def channel_menu(self) -> QMenu:
        """Return the menu of the channels."""
        menu = Menu(self)
        chosen = self._treatment.channel
        for channel in (None, *range(min(self._n_channels, MAX_SOLO_CHANNELS))):
            text = self.tr("All channels") if channel is None else _channel_text(channel, self._n_channels)
            action = menu.addAction(text)
            action.setCheckable(True)
            action.setChecked(channel == chosen)
            action.triggered.connect(lambda _=False, channel=channel: self.channel_chosen.emit(channel))
        return menu

    def fit(self, width_px: int) -> None:
        """Hide the less important parts in a narrow window."""
        self._width_px = width_px
        for widget, from_px in (
            (self._volume_icon, _SHOWS_VOLUME_PX),
            (self._volume, _SHOWS_VOLUME_PX),
            (self._decibels, _SHOWS_TIME_PX),
            (self._time, _SHOWS_TIME_PX),
            (self._speed, _SHOWS_SPEED_PX),
            (self._channel, _SHOWS_SPEED_PX),
            (self._similar, _SHOWS_VOLUME_PX),
            (self._tempo_and_key, _SHOWS_VOLUME_PX),
        ):
            widget.setVisible(width_px >= from_px)
        self._fit_properties()

    def _fit_properties(self) -> None:
        has_device = self._device.isVisibleTo(self)
        self._properties.setVisible(self._width_px >= _SHOWS_PROPERTIES_PX and not has_device)
        self._name.setVisible(self._width_px >= _SHOWS_TIME_PX or not has_device)


class _Readout(QToolButton):
    """A value that a click resets, and that the wheel or the arrow keys change.

    Signals
    -------
    stepped : int
    """

    stepped = Signal(int)

    def __init__(self, widest: str, meaning: str) -> None:
        super().__init__()
        self._turned = 0
        self.setObjectName("readout")
        self.setFont(_tabular(self.font()))
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setToolTip(meaning)
        self.setAccessibleName(meaning)
        self._widest = widest

    def fit(self) -> None:
        """Keep the width of the widest value."""
        self.setFixedWidth(self.fontMetrics().horizontalAdvance(self._widest) + 14)

    def show_value(self, text: str, *, is_changed: bool) -> None:
        """Show a value."""
        self.setText(text)
        _set_changed(self, is_changed=is_changed)

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Step once per notch; touchpads send parts of one."""
        self._turned += event.angleDelta().y()
        n_steps = int(self._turned / _NOTCH)
        self._turned -= n_steps * _NOTCH
        if n_steps:
            self.stepped.emit(n_steps)
        event.accept()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Step with the arrow keys."""
        step = {Qt.Key.Key_Up: 1, Qt.Key.Key_Down: -1}.get(Qt.Key(event.key()))
        if step is None:
            super().keyPressEvent(event)
        else:
            self.stepped.emit(step)


def _semitones_text(semitones: float) -> str:
    sign = "−" if semitones < 0 else "+" if semitones > 0 else ""
    return f"{sign}{abs(semitones):g} st"


def _channel_text(channel: int | None, n_channels: int) -> str:
    """Return the name of a channel: "Left", "Right" or its number."""
    if channel is None:
        return ""
    if n_channels == 2:
        return translate("Transport", "Left") if channel == 0 else translate("Transport", "Right")
    return translate("Transport", "Ch {number}").format(number=channel + 1)


def _set_changed(button: QToolButton, *, is_changed: bool) -> None:
    """Let the style sheet show that a value is not the default."""
    if button.property("changed") is not is_changed:
        button.setProperty("changed", is_changed)
        button.style().unpolish(button)
        button.style().polish(button)


def _tabular(font: QFont) -> QFont:
    """Return a font whose digits are equally wide, so that a text does not move while it counts."""
    made = QFont(font)
    if hasattr(made, "setFeature"):  # since Qt 6.7
        made.setFeature(QFont.Tag("tnum"), 1)
    return made


def _button(action: QAction) -> QToolButton:
    button = QToolButton()
    button.setDefaultAction(action)
    button.setIconSize(QSize(16, 16))
    button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    return button
