"""One quiet line in the window: an offer, a piece of news, or work on weights that goes on."""

from functools import partial
from typing import Final, cast

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QProgressBar, QWidget

from bowerbird.gui.encoders.encoder_texts import Act, QuietLine
from bowerbird.gui.shell import theme
from bowerbird.gui.shell.styled import button, icon_button, label, styled
from bowerbird.gui.shell.theme import Tokens

_STACKED_PX: Final = 640
"""Below, what can be done stands under the sentence."""

_LOW_PX: Final = 480


class QuietLineView(QWidget):
    """Shows a sentence, what can be done about it, and a cross. It never takes the focus.

    Signals
    -------
    acted : Act
    dismissed : ()
    """

    acted = Signal(object)
    dismissed = Signal()

    def __init__(self, colours: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._line: QuietLine | None = None
        self._is_low = False
        self._text = label("", "quiet_text", wraps=True)
        self._cross = icon_button(theme.icon("close", colours.muted), "Dismiss", self.dismissed.emit)
        self._cross.setIconSize(QSize(12, 12))
        self._bar = QProgressBar()
        self._bar.setMaximum(1000)
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName("Work on weights")
        for one in (self._bar, self._cross):  # so that the rows below do not move by a pixel or two
            keeps_room = one.sizePolicy()
            keeps_room.setRetainSizeWhenHidden(True)
            one.setSizePolicy(keeps_room)
        self._acts = QWidget()
        acts = QHBoxLayout(self._acts)
        acts.setContentsMargins(0, 0, 0, 0)
        acts.setSpacing(16)
        acts.setAlignment(Qt.AlignmentFlag.AlignLeft)
        ground = styled(QFrame(), "quiet")
        self._grid = QGridLayout(ground)
        self._grid.setContentsMargins(12, 4, 4, 4)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnStretch(0, 1)
        self._grid.addWidget(self._text, 0, 0)
        self._grid.addWidget(self._acts, 0, 1)
        self._grid.addWidget(self._cross, 0, 2, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(self._bar, 2, 0, 1, 3)
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 0, 12, 0)
        layout.addWidget(ground)
        self.hide()

    def show_line(self, line: QuietLine | None) -> None:
        """Show a line, or none."""
        before, self._line = self._line, line
        if line is None:
            self.hide()
            return
        self._text.setText(line.job.text if line.job else line.text)
        self._bar.setVisible(line.job is not None)
        self._bar.setValue(round(1000 * (line.job.share or 0.0)) if line.job else 0)
        self._cross.setVisible(line.is_dismissable)
        if before is None or before.acts != line.acts:
            self._show_acts(line.acts)
        self.setVisible(not self._is_low)

    def _show_acts(self, acts: tuple[Act, ...]) -> None:
        layout = self._acts.layout()
        assert layout is not None
        while (item := layout.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        for act in acts:
            layout.addWidget(button(act.text, "link", partial(self.acted.emit, act)))
        self._acts.setVisible(bool(acts))

    def recolour(self, colours: Tokens) -> None:
        """Take up another theme."""
        self._cross.setIcon(theme.icon("close", colours.muted))

    def fit(self, height_px: int) -> None:
        """Leave the line out of a window that is so low that sounds need the room."""
        self._is_low = height_px < _LOW_PX
        self.setVisible(self._line is not None and not self._is_low)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put what can be done beside the sentence, or under it."""
        super().resizeEvent(event)
        place = (1, 0) if self.width() < _STACKED_PX else (0, 1)
        at = cast("tuple[int, ...]", self._grid.getItemPosition(self._grid.indexOf(self._acts)))
        if at[:2] != place:
            self._grid.removeWidget(self._acts)
            self._grid.addWidget(self._acts, *place)
