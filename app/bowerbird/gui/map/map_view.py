"""The map with its controls and its legend."""

from collections.abc import Callable, Sequence
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QColor, QLinearGradient, QPainter, QPaintEvent, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QProgressBar,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from bowerbird.gui.map.map_canvas import MapCanvas
from bowerbird.gui.map.map_painting import Palette, palette
from bowerbird.gui.map.map_presenter import ASPECT, ColourBy, MapMessage
from bowerbird.gui.map.map_state import NO_COLOURS, OTHER, Colouring, Ids, MapPoints
from bowerbird.gui.shell import theme
from bowerbird.gui.shell.styled import ComboBox, ElidedLabel, FlowLayout, clear_layout, label, styled
from bowerbird.gui.shell.theme import Tokens

_SWATCH_PX: Final = 8
_GRADIENT_PX: Final = QSize(96, 8)
_COLOUR_LETTERS: Final = 9
_WIDE_PX: Final = 420
"""In a narrower map the choice of colours has no label, and its tool tip says what it is."""


class MapView(QWidget):
    """Shows the sounds of the list among all others; see `MapCanvas` for what mouse and keys do.

    Parameters
    ----------
    colours : Tokens
    name_of : callable
        Returns the name of a sound by its id.
    complain : callable
        Receives the sentence of an error.

    Signals
    -------
    sound_chosen : (int)
    sounds_selected : (list of int)
    hovered : (int or None)
        A sound is to be played because the pointer rests on it, or to be stopped.
    colour_chosen : (str)
    drag_wanted : ()
        The selected sounds are being dragged.
    """

    sound_chosen = Signal(int)
    sounds_selected = Signal(list)
    hovered = Signal(object)
    colour_chosen = Signal(str)
    drag_wanted = Signal()

    def __init__(
        self,
        colours: Tokens,
        *,
        name_of: Callable[[int], str] = str,
        complain: Callable[[str], object] = lambda _: None,
    ) -> None:
        super().__init__()
        self._complain = complain
        self._colours = colours
        self._colouring = NO_COLOURS
        styled(self, "sheet")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.canvas = MapCanvas(colours, name_of)
        self.canvas.sound_chosen.connect(self.sound_chosen)
        self.canvas.sounds_selected.connect(self.sounds_selected)
        self.canvas.hovered.connect(self._hovered)
        self.canvas.drag_wanted.connect(self.drag_wanted)
        self.colour = ComboBox()
        self.colour.setAccessibleName(self.tr("Colour by"))
        self.colour.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.colour.setMinimumContentsLength(_COLOUR_LETTERS)
        self.colour.setToolTip(self.tr("What the colours of the sounds show"))
        self.colour.activated.connect(lambda _: self.colour_chosen.emit(self.colour.currentData()))
        self.hover = self._switch(self.tr("Play on hover"))
        self.hover.setChecked(True)
        self.outline = self._switch(self.tr("Select with an outline (Shift and drag)"))
        self.outline.toggled.connect(self._set_outlining)
        self._summary = ElidedLabel("small", Qt.TextElideMode.ElideRight)
        self._message = label("", "muted", wraps=True)
        self._message.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self._progress = QProgressBar(textVisible=False)
        self._progress.setFixedWidth(200)
        self._legend = QWidget()
        self._legend_flow = FlowLayout(self._legend, gap_px=12)
        self._lay_out()
        self.recolour(colours)

    def _switch(self, meaning: str) -> QToolButton:
        made = QToolButton()
        made.setCheckable(True)
        made.setToolTip(meaning)
        made.setAccessibleName(meaning)
        return made

    def _lay_out(self) -> None:
        self._bar = QWidget()
        bar = QHBoxLayout(self._bar)
        bar.setContentsMargins(12, 4, 8, 4)
        bar.setSpacing(8)
        self._colour_label = label(self.tr("Colour by"), "small")
        bar.addWidget(self._colour_label)
        bar.addWidget(self.colour)
        bar.addWidget(self._summary, 1)
        bar.addWidget(self.outline)
        bar.addWidget(self.hover)
        empty = QWidget()
        empty.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        empty.setAccessibleName(self.tr("Map of sounds"))
        column = QVBoxLayout(empty)
        column.setContentsMargins(24, 24, 24, 24)
        column.setSpacing(12)
        column.addStretch(1)
        column.addWidget(self._message)
        column.addWidget(self._progress, 0, Qt.AlignmentFlag.AlignHCenter)
        column.addStretch(1)
        self._empty = empty
        self._pages = QStackedWidget()
        self._pages.addWidget(self.canvas)
        self._pages.addWidget(empty)
        self._legend_flow.setContentsMargins(12, 6, 12, 8)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self._bar)
        layout.addWidget(self._pages, 1)
        layout.addWidget(self._legend)
        self.setFocusProxy(self.canvas)

    @property
    def surfaces(self) -> tuple[QWidget, QWidget]:
        """What takes the keys of the map: its points, or the sentence instead of them."""
        return self.canvas, self._empty

    def _show_page(self, page: QWidget) -> None:
        """Show points or a sentence; the other had the focus if one of them had."""
        has_focus = any(surface.hasFocus() for surface in self.surfaces)
        self._pages.setCurrentWidget(page)
        self.setFocusProxy(page)
        if has_focus:
            page.setFocus()

    def recolour(self, colours: Tokens) -> None:
        """Use the colours of another theme."""
        self._colours = colours
        self.canvas.recolour(colours)
        self.hover.setIcon(theme.icon("volume", colours.muted, checked=colours.accent))
        self.outline.setIcon(theme.icon("lasso", colours.muted, checked=colours.accent))
        self._fill_legend()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide a label in a narrow map."""
        super().resizeEvent(event)
        self._colour_label.setVisible(self.width() >= _WIDE_PX)

    # Shown by the presenter

    def show_points(self, points: MapPoints, colouring: Colouring, *, example_ids: Sequence[int]) -> None:
        """Show points."""
        self._show_page(self.canvas)
        self._bar.show()
        self.canvas.show_points(points, colouring, example_ids=example_ids)
        former, self._colouring = self._colouring, colouring
        if _legend_of(former) != _legend_of(colouring):
            self._fill_legend()
        self._legend.setVisible(bool(len(points) and colouring.labels))

    def show_message(self, message: MapMessage) -> None:
        """Show a sentence instead of points."""
        self._message.setText(message.sentence)
        self._progress.setVisible(message.share is not None)
        self._progress.setRange(0, 1000)
        self._progress.setValue(round(1000 * (message.share or 0.0)))
        self._show_page(self._empty)
        self._bar.hide()
        self._legend.hide()

    def show_summary(self, text: str) -> None:
        """Show the number of sounds."""
        self._summary.set_text(text)

    def show_colours(self, choices: Sequence[ColourBy], chosen: ColourBy) -> None:
        """Show by what points can be coloured, and by what they are."""
        names = {
            "similarity": self.tr("Similarity"),
            "folder": self.tr("Folder"),
            "category": self.tr("Category"),
            "tag": self.tr("Tag"),
            "length": self.tr("Length"),
            "loudness": self.tr("Loudness"),
        }
        if [self.colour.itemData(number) for number in range(self.colour.count())] != list(choices):
            self.colour.clear()
            for choice in choices:
                aspect = self.tr("Similarity in {aspect}").format(aspect=choice.removeprefix(ASPECT))
                self.colour.addItem(names.get(choice, aspect), choice)
        self.colour.setCurrentIndex(choices.index(chosen))

    def complain(self, sentence: str) -> None:
        """Show an error."""
        self._complain(sentence)

    # Shown by the window

    def mark_playing(self, sound_id: int | None) -> None:
        """Show which sound plays."""
        self.canvas.mark_playing(sound_id)

    def select(self, ids: Ids | Sequence[int]) -> None:
        """Show which sounds are selected, the current one last."""
        self.canvas.select(ids)

    @property
    def selected_ids(self) -> list[int]:
        """The selected sounds, the current one last."""
        return self.canvas.selected_ids

    def _hovered(self, sound_id: int | None) -> None:
        if self.hover.isChecked():
            self.hovered.emit(sound_id)

    def _set_outlining(self, is_outlining: bool) -> None:
        self.canvas.is_outlining = is_outlining

    def _fill_legend(self) -> None:
        clear_layout(self._legend_flow)
        colouring = self._colouring
        tones = palette(colouring, self._colours)
        if colouring.kind == "ramp" and colouring.labels:
            self._legend_flow.addWidget(_Gradient(colouring.labels, tones))
        for level, name in enumerate(colouring.labels if colouring.kind == "groups" else ()):
            is_other = colouring.has_other and level == len(colouring.labels) - 1
            self._legend_flow.addWidget(_Swatch(name, QColor.fromRgb(int(tones[OTHER if is_other else level]))))
        self._legend.updateGeometry()


def _legend_of(colouring: Colouring) -> tuple[str, tuple[str, ...], bool]:
    return colouring.kind, colouring.labels, colouring.has_other


class _Swatch(QWidget):
    """A dot and the name of a group."""

    def __init__(self, name: str, tone: QColor) -> None:
        super().__init__()
        self._tone = tone
        row = QHBoxLayout(self)
        row.setContentsMargins(_SWATCH_PX + 5, 0, 0, 0)
        self._name = label(name, "small")
        row.addWidget(self._name)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the dot."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._tone)
        painter.drawEllipse(QRectF(0, (self.height() - _SWATCH_PX) / 2, _SWATCH_PX, _SWATCH_PX))
        painter.end()


class _Gradient(QWidget):
    """The colours of a ramp between the names of its ends."""

    def __init__(self, labels: Sequence[str], tones: Palette) -> None:
        super().__init__()
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(8)
        row.addWidget(label(labels[0], "small"))
        row.addWidget(_GradientBar(tones))
        row.addWidget(label(labels[1], "small"))


class _GradientBar(QWidget):
    def __init__(self, tones: Palette) -> None:
        super().__init__()
        self._tones = tones
        self.setFixedSize(_GRADIENT_PX)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ramp."""
        painter = QPainter(self)
        gradient = QLinearGradient(0, 0, self.width(), 0)
        for level in range(0, 256, 17):
            gradient.setColorAt(level / 255, QColor.fromRgb(int(self._tones[level])))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(gradient)
        painter.drawRoundedRect(QRectF(self.rect()), 4, 4)
        painter.end()
