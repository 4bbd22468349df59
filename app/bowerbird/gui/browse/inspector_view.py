"""The inspector on the right: why a sound matched, its words, and its properties."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Final

from PySide6.QtCore import QRectF, QSize, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from bowerbird.domain.matches import Match
from bowerbird.domain.metadata import MetadataGroup
from bowerbird.gui.browse.annotations_presenter import AnnotationState
from bowerbird.gui.browse.annotations_view import CollectionRow, NoteField, RatingRow
from bowerbird.gui.browse.cells import match_text, paint_share
from bowerbird.gui.browse.words_view import WordSection
from bowerbird.gui.shell import theme
from bowerbird.gui.shell.styled import ElidedLabel, button, clear_layout, icon_button, label, styled
from bowerbird.gui.shell.theme import Tokens

WIDTH_PX: Final = 260
_LABEL_PX: Final = 84
_N_GROUPS: Final = 6
"""Groups of metadata at most; the rest is left out."""

_STEPS: Final = 4
"""Steps of a weight from 0 to 1."""


class ShareBar(QWidget):
    """A bar that is filled up to a share."""

    def __init__(self, share: float, meaning: str) -> None:
        super().__init__()
        self.share = share
        self.setFixedHeight(12)
        self.setMinimumWidth(40)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(meaning)
        self.setAccessibleName(meaning)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the bar."""
        painter = QPainter(self)
        bar = QRectF(0, self.height() / 2 - 2, self.width(), 4)
        paint_share(painter, bar, self.share, ground=theme.shown().colour("raised"))
        painter.end()


class Section(QWidget):
    """A heading with something below it."""

    def __init__(self, title: str, *content: QWidget) -> None:
        super().__init__()
        self.heading = styled(label(title, "section"), "section")
        self._top = QHBoxLayout()
        self._top.setContentsMargins(0, 0, 0, 0)
        self._top.addWidget(self.heading, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        layout.addLayout(self._top)
        for widget in content:
            layout.addWidget(widget)

    def add_to_heading(self, widget: QWidget) -> None:
        """Add a control at the end of the heading."""
        self._top.addWidget(widget)


class Facts(QWidget):
    """Labels and values in two columns."""

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnMinimumWidth(0, _LABEL_PX)
        self._grid.setColumnStretch(1, 1)
        self._shown: tuple[tuple[str, str], ...] = ()

    def show_facts(self, facts: Sequence[tuple[str, str]]) -> None:
        """Show labels and values."""
        if tuple(facts) == self._shown:
            return
        self._shown = tuple(facts)
        clear_layout(self._grid)
        for row, (name, value) in enumerate(facts):
            self._grid.addWidget(label(name, "small", wraps=True), row, 0, Qt.AlignmentFlag.AlignTop)
            text = label(value, "fact", wraps=True)
            text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            text.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
            self._grid.addWidget(text, row, 1, Qt.AlignmentFlag.AlignTop)


class AspectRows(QWidget):
    """How close a match is in each aspect, and how much the aspect counts.

    Signals
    -------
    weighed : (str, float)
        The weight of an aspect was changed.
    """

    weighed = Signal(str, float)

    def __init__(self) -> None:
        super().__init__()
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(8)
        self._grid.setVerticalSpacing(2)
        self._grid.setColumnMinimumWidth(0, _LABEL_PX)
        self._grid.setColumnStretch(1, 1)
        self._names: tuple[str, ...] = ()
        self._bars: dict[str, ShareBar] = {}
        self._sliders: dict[str, QSlider] = {}

    def show_aspects(self, aspects: Sequence[tuple[str, float]], weights: Mapping[str, float]) -> None:
        """Show the aspects of a match, and the weights of the query."""
        names = tuple(name for name, _ in aspects)
        if names != self._names:
            self._names = names
            self._make_rows()
        for name, percentile in aspects:
            bar, slider = self._bars[name], self._sliders[name]
            bar.share = percentile / 100
            bar.setToolTip(
                self.tr("Closer in {aspect} than {share} % of the library").format(
                    aspect=name, share=f"{percentile:.0f}"
                )
            )
            bar.setAccessibleName(bar.toolTip())
            bar.update()
            slider.blockSignals(True)
            slider.setValue(round(weights.get(name, 1.0) * _STEPS))
            slider.blockSignals(False)

    def _make_rows(self) -> None:
        clear_layout(self._grid)
        self._bars, self._sliders = {}, {}
        for row, name in enumerate(self._names):
            self._bars[name] = ShareBar(0.0, "")
            slider = QSlider(Qt.Orientation.Horizontal)
            slider.setRange(0, 2 * _STEPS)
            slider.setPageStep(_STEPS)
            slider.setFixedWidth(56)
            slider.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            slider.setAccessibleName(self.tr("Weight of {aspect}").format(aspect=name))
            slider.setToolTip(self.tr("How much {aspect} counts").format(aspect=name))
            slider.valueChanged.connect(partial(self._weigh, name))
            self._sliders[name] = slider
            self._grid.addWidget(label(name.capitalize(), "small"), row, 0)
            self._grid.addWidget(self._bars[name], row, 1)
            self._grid.addWidget(slider, row, 2)

    def _weigh(self, name: str, step: int) -> None:
        self.weighed.emit(name, step / _STEPS)


class Inspector(QScrollArea):
    """Everything about the current sound.

    Signals
    -------
    aspect_weighed : (str, float)
    aspects_reset : ()
    closed : ()
    """

    aspect_weighed = Signal(str, float)
    aspects_reset = Signal()
    closed = Signal()

    def __init__(self, colours: Tokens, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("inspector")
        self.setWidgetResizable(True)
        self.setFrameShape(QScrollArea.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumWidth(220)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)  # a click leaves the focus in the list
        self.setAccessibleName(self.tr("Inspector"))
        self._name = ElidedLabel("now")
        self._folder = ElidedLabel("small")
        self._cross: QToolButton = icon_button(
            theme.icon("close", colours.muted), self.tr("Hide inspector (Ctrl+I)"), self.closed.emit
        )
        self._cross.setIconSize(QSize(12, 12))
        self._hint = label(self.tr("Select a sound to see its properties."), "muted", wraps=True)
        self._band = label("", "muted", wraps=True)
        self._aspects = AspectRows()
        self._aspects.weighed.connect(self.aspect_weighed)
        self._match = Section(self.tr("Match"), self._band, self._aspects)
        self._reset = button(self.tr("Reset weights"), "link", self.aspects_reset.emit)
        policy = self._reset.sizePolicy()
        policy.setRetainSizeWhenHidden(True)  # nothing below jumps
        self._reset.setSizePolicy(policy)
        self._match.add_to_heading(self._reset)
        self.rating = RatingRow(colours)
        self.words = WordSection(colours)
        self.words.tab_after = self.rating.heart
        self._words = Section(self.tr("Tags and suggested words"), self.words)
        self.note = NoteField()
        self._note_section = Section(self.tr("Note"), self.note)
        self.collections = CollectionRow()
        self._collection_section = Section(self.tr("Collections"), self.collections)
        self._properties = Facts()
        self._property_section = Section(self.tr("Properties"), self._properties)
        self._metadata = [Facts() for _ in range(_N_GROUPS)]
        self._metadata_sections = [Section("", facts) for facts in self._metadata]
        self._lay_out()
        self.show_sound(None, None, (), ())

    def _lay_out(self) -> None:
        titles = QVBoxLayout()
        titles.setSpacing(2)
        titles.addWidget(self._name)
        titles.addWidget(self._folder)
        top = QHBoxLayout()
        top.setSpacing(4)
        top.addLayout(titles, 1)
        top.addWidget(self._cross, 0, Qt.AlignmentFlag.AlignTop)
        sheet = styled(QWidget(), "sheet")
        sheet.setMinimumWidth(1)
        self.sections = QVBoxLayout(sheet)
        self.sections.setContentsMargins(12, 8, 12, 12)
        self.sections.setSpacing(16)
        self.sections.addLayout(top)
        self.sections.addWidget(self._hint)
        self.sections.addWidget(self.rating)
        for section in (self._match, self._words, self._note_section, self._collection_section):
            self.sections.addWidget(section)
        for section in (self._property_section, *self._metadata_sections):
            self.sections.addWidget(section)
        self.sections.addStretch(1)
        self.setWidget(sheet)

    def show_sound(
        self,
        name: str | None,
        folder: str | None,
        properties: Sequence[tuple[str, str]],
        metadata: Sequence[MetadataGroup],
    ) -> None:
        """Show a sound, or none.

        Parameters
        ----------
        name, folder : str or None
        properties : sequence of (label, value)
        metadata : sequence of MetadataGroup
        """
        has_sound = name is not None
        self._hint.setVisible(not has_sound)
        self._name.set_text(name or "")
        self._folder.set_text(folder or "")
        for part in (self.rating, self._words, self._note_section, self._collection_section, self._property_section):
            part.setVisible(has_sound)
        self._properties.show_facts(properties)
        for number, (facts, section) in enumerate(zip(self._metadata, self._metadata_sections, strict=True)):
            section.setVisible(number < len(metadata))
            if number < len(metadata):
                section.heading.setText(metadata[number].name)
                facts.show_facts(metadata[number].entries)
        if not has_sound:
            self.show_match(None, {})

    def show_annotations(self, state: AnnotationState | None) -> None:
        """Show stars, favourite, note and collections of the current sound."""
        self.rating.show_state(state or AnnotationState())
        self.note.show_note(state.note if state else "")
        self.collections.show_collections(state.collections if state else ())

    def show_match(self, match: Match | None, weights: Mapping[str, float]) -> None:
        """Show why the current sound matched, or nothing."""
        has_sound = not self._hint.isVisibleTo(self)
        self._match.setVisible(match is not None and has_sound)
        if match is None:
            return
        is_rated = match.band is not None or (match.percentile is not None and not match.is_named)
        self._band.setText(f"{match_text(match).capitalize()} · {match.why}" if is_rated else match.why.capitalize())
        self._aspects.setVisible(bool(match.aspects))
        self._reset.setVisible(bool(match.aspects) and bool(weights))
        self._aspects.show_aspects(match.aspects, weights)

    def recolour(self, colours: Tokens) -> None:
        """Use the colours of another theme."""
        self._cross.setIcon(theme.icon("close", colours.muted))
        self.rating.recolour(colours)
        self.words.recolour(colours)
        self.viewport().update()

    def sizeHint(self) -> QSize:
        """Return the usual width."""
        return QSize(WIDTH_PX, 400)
