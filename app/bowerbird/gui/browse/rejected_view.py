"""The page of rejected sounds: one collapsible group a reason, with its remedy, and the files below it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from PySide6.QtCore import (
    QAbstractItemModel,
    QItemSelectionModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QFontMetrics, QGuiApplication, QKeyEvent, QKeySequence, QPainter, QResizeEvent
from PySide6.QtWidgets import (
    QBoxLayout,
    QHBoxLayout,
    QMenu,
    QStyle,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTreeView,
    QVBoxLayout,
    QWidget,
)

from bowerbird.base.text import count_text, printable
from bowerbird.catalogue.records import RejectedGroup, RejectedSound
from bowerbird.gui.browse.rejected_presenter import heading
from bowerbird.gui.shell import theme
from bowerbird.gui.shell.styled import Menu, button, label

_Index: TypeAlias = QModelIndex | QPersistentModelIndex

_ROW_PX: Final = 24
_GROUP_GAP_PX: Final = 8
_GAP_PX: Final = 12
_NAME_SHARE: Final = 0.6
_NARROW_PX: Final = 520
_SMALL: Final = 11 / 13
_LEFT: Final = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
_RIGHT: Final = int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
_WRAPPED: Final = int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignTop) | int(Qt.TextFlag.TextWordWrap)
_TEXT, _TOOL_TIP, _ACCESSIBLE = (
    int(role) for role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole, Qt.ItemDataRole.AccessibleTextRole)
)


class RejectedModel(QAbstractItemModel):
    """Groups, and the sounds in each; rows are read from the groups when they are painted."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.groups: tuple[RejectedGroup, ...] = ()

    def set_groups(self, groups: Sequence[RejectedGroup]) -> None:
        """Replace everything."""
        self.beginResetModel()
        self.groups = tuple(groups)
        self.endResetModel()

    def group_at(self, index: _Index) -> RejectedGroup | None:
        """Return the group at an index; None where there is a sound."""
        return self.groups[index.row()] if index.isValid() and not index.internalId() else None

    def sound_at(self, index: _Index) -> RejectedSound | None:
        """Return the sound at an index; None where there is a group."""
        number = index.internalId() if index.isValid() else 0
        return self.groups[number - 1].sounds[index.row()] if number else None

    def index(self, row: int, column: int, parent: _Index | None = None) -> QModelIndex:
        """Return the index of a group, or of a sound in one."""
        if parent is None or not parent.isValid():
            return self.createIndex(row, column, 0)
        return self.createIndex(row, column, parent.row() + 1)

    def parent(self, index: Any = None) -> Any:
        """Return the group of a sound; without an index, the owner."""
        if index is None:
            return super().parent()
        number = index.internalId() if index.isValid() else 0
        return self.createIndex(number - 1, 0, 0) if number else QModelIndex()

    def rowCount(self, parent: _Index | None = None) -> int:
        """Return the number of groups, or of sounds in one."""
        if parent is None or not parent.isValid():
            return len(self.groups)
        group = self.group_at(parent)
        return len(group.sounds) if group is not None else 0

    def columnCount(self, parent: _Index | None = None) -> int:
        """Return one."""
        return 1

    def data(self, index: _Index, role: int = _TEXT) -> Any:
        """Return texts; the delegate reads the rest."""
        if role not in {_TEXT, _TOOL_TIP, _ACCESSIBLE}:
            return None
        group, sound = self.group_at(index), self.sound_at(index)
        if group is not None:
            whole = f"{group.reason}, {count_text(len(group.sounds))}. {group.remedy}"
            return group.reason if role == _TEXT else whole if role == _ACCESSIBLE else None
        if sound is None:
            return None
        if role == _TOOL_TIP:
            return f"{printable(str(sound.path))}\n{printable(sound.reason)}"
        folder = printable(str(sound.path.parent))
        return printable(sound.path.name) if role == _TEXT else f"{printable(sound.path.name)}, {folder}"


@dataclass(frozen=True, slots=True)
class _Fonts:
    """The fonts of a row, each with its metrics."""

    bold: QFont
    small: QFont

    @classmethod
    def of(cls, font: QFont) -> "_Fonts":
        bold, small = QFont(font), QFont(font)
        bold.setWeight(QFont.Weight.DemiBold)
        small.setPixelSize(max(9, round(font.pixelSize() * _SMALL)))
        return cls(bold, small)


class RejectedDelegate(QStyledItemDelegate):
    """Paints a group as its reason, its count and its remedy; a sound as its name and its folder."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        """Paint a row."""
        model = index.model()
        assert isinstance(model, RejectedModel)
        options = QStyleOptionViewItem(option)
        self.initStyleOption(options, index)
        options.text = ""
        options.widget.style().drawControl(QStyle.ControlElement.CE_ItemViewItem, options, painter, options.widget)
        group, sound = model.group_at(index), model.sound_at(index)
        painter.save()
        if group is not None:
            self._paint_group(painter, options, group)
        elif sound is not None:
            self._paint_sound(painter, options, sound)
        painter.restore()

    def _paint_group(self, painter: QPainter, options: QStyleOptionViewItem, group: RejectedGroup) -> None:
        colours, fonts = theme.shown(), _Fonts.of(options.font)
        rect = QRect(options.rect).adjusted(4, 0, -_GAP_PX, 0)
        line = QRect(rect.left(), rect.top() + _GROUP_GAP_PX, rect.width(), _row_px(options.font))
        count = f"{len(group.sounds):,}"
        painter.setFont(options.font)
        painter.setPen(colours.colour("muted"))
        painter.drawText(line, _RIGHT, count)
        count_px = options.fontMetrics.horizontalAdvance(count)
        painter.setFont(fonts.bold)
        painter.setPen(colours.colour("text"))
        reason = QFontMetrics(fonts.bold).elidedText(
            group.reason, Qt.TextElideMode.ElideRight, line.width() - count_px - _GAP_PX
        )
        painter.drawText(line, _LEFT, reason)
        painter.setFont(fonts.small)
        painter.setPen(colours.colour("muted"))
        below = QRect(rect.left(), line.bottom(), rect.width(), rect.bottom() - line.bottom())
        painter.drawText(below, _WRAPPED, group.remedy)

    def _paint_sound(self, painter: QPainter, options: QStyleOptionViewItem, sound: RejectedSound) -> None:
        colours = theme.shown()
        rect = QRect(options.rect).adjusted(4, 0, -_GAP_PX, 0)
        name, folder = printable(sound.path.name), printable(str(sound.path.parent))
        metrics, middle = options.fontMetrics, Qt.TextElideMode.ElideMiddle
        name = metrics.elidedText(name, middle, round(rect.width() * _NAME_SHARE))
        painter.setFont(options.font)
        painter.setPen(colours.colour("text"))
        painter.drawText(rect, _LEFT, name)
        rest = rect.adjusted(metrics.horizontalAdvance(name) + _GAP_PX, 0, 0, 0)
        painter.setPen(colours.colour("muted"))
        painter.drawText(rest, _RIGHT, metrics.elidedText(folder, Qt.TextElideMode.ElideLeft, rest.width()))

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:
        """Return the height of a row: of a group, with its remedy wrapped to the width of the view."""
        model, view = index.model(), option.widget
        assert isinstance(model, RejectedModel)
        font = view.font() if view is not None else option.font
        group = model.group_at(index)
        if group is None or not isinstance(view, QTreeView):
            return QSize(0, _row_px(font))
        room_px = view.viewport().width() - view.indentation() - 4 - _GAP_PX
        remedy = QFontMetrics(_Fonts.of(font).small).boundingRect(
            QRect(0, 0, max(60, room_px), 1 << 16), _WRAPPED, group.remedy
        )
        return QSize(0, _GROUP_GAP_PX + _row_px(font) + remedy.height() + 4)


def _row_px(font: QFont) -> int:
    return max(_ROW_PX, QFontMetrics(font).height() + 6)


class RejectedTree(QTreeView):
    """The groups; Enter shows a file in the file manager.

    Signals
    -------
    reveal_asked : Path
    retry_asked : list of RejectedSound
    """

    reveal_asked = Signal(object)
    retry_asked = Signal(list)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.groups_model = RejectedModel(self)
        self.setModel(self.groups_model)
        self.setItemDelegate(RejectedDelegate(self))
        self.setHeaderHidden(True)
        self.setIndentation(16)
        self.setSelectionMode(QTreeView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QTreeView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setExpandsOnDoubleClick(False)
        self.setAccessibleName(self.tr("Rejected sounds"))
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.customContextMenuRequested.connect(self._open_menu)
        self.doubleClicked.connect(self._open)

    def show_groups(self, groups: Sequence[RejectedGroup]) -> None:
        """Show groups; those that were collapsed stay so, and the current row stays current."""
        model = self.groups_model
        if tuple(groups) == model.groups:
            return
        tops = [model.index(row, 0) for row in range(model.rowCount())]
        collapsed = {model.groups[top.row()].code for top in tops if not self.isExpanded(top)}
        current, scrolled_px = self.current_sound, self.verticalScrollBar().value()
        model.set_groups(groups)
        chosen = QModelIndex()
        for row, group in enumerate(model.groups):
            top = model.index(row, 0)
            self.setExpanded(top, group.code not in collapsed)
            if current is not None and current in group.sounds:
                chosen = model.index(group.sounds.index(current), 0, top)
        first = model.index(0, 0)
        if not chosen.isValid():
            chosen = model.index(0, 0, first) if self.isExpanded(first) else first
        elif not self.isExpanded(chosen.parent()):  # Qt would expand the group of a current row
            chosen = chosen.parent()
        # Not setCurrentIndex, which adds to the selection while Ctrl is pressed, as it is in Ctrl+E.
        self.selectionModel().setCurrentIndex(chosen, QItemSelectionModel.SelectionFlag.ClearAndSelect)
        if current is None:
            self.scrollToTop()
        else:
            self.verticalScrollBar().setValue(scrolled_px)

    @property
    def current_sound(self) -> RejectedSound | None:
        """The current sound; None on a group."""
        return self.groups_model.sound_at(self.currentIndex())

    def chosen_sounds(self) -> list[RejectedSound]:
        """Return the selected sounds from the top; a selected group stands for all of its sounds."""
        chosen: dict[int, RejectedSound] = {}
        for index in sorted(
            self.selectedIndexes(), key=lambda index: (index.internalId() or index.row() + 1, index.row())
        ):
            group, sound = self.groups_model.group_at(index), self.groups_model.sound_at(index)
            for each in group.sounds if group is not None else (sound,):
                if each is not None:
                    chosen[each.id] = each
        return list(chosen.values())

    def copy_paths(self) -> None:
        """Copy the paths of the selected sounds, one per line."""
        QGuiApplication.clipboard().setText("\n".join(printable(str(sound.path)) for sound in self.chosen_sounds()))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Show a file with Enter, collapse a group with it, copy paths."""
        if event.key() in {Qt.Key.Key_Return, Qt.Key.Key_Enter}:
            self._open(self.currentIndex())
        elif event.matches(QKeySequence.StandardKey.Copy):
            self.copy_paths()
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Wrap the remedies to the new width."""
        super().resizeEvent(event)
        self.scheduleDelayedItemsLayout()

    def _open(self, index: QModelIndex) -> None:
        sound = self.groups_model.sound_at(index)
        if sound is not None:
            self.reveal_asked.emit(sound.path)
        elif index.isValid():
            self.setExpanded(index, not self.isExpanded(index))

    def _open_menu(self, position: QPoint) -> None:
        if not self.chosen_sounds():
            return
        menu = Menu(self)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.fill_menu(menu)
        menu.popup(self.viewport().mapToGlobal(position))

    def fill_menu(self, menu: QMenu) -> None:
        """Add what can be done with the selected sounds."""
        sounds, current = self.chosen_sounds(), self.current_sound
        reveal = menu.addAction(self.tr("Show in file manager"))
        reveal.setEnabled(current is not None)
        if current is not None:
            reveal.triggered.connect(lambda: self.reveal_asked.emit(current.path))
        copied = self.tr("Copy path") if len(sounds) == 1 else self.tr("Copy paths")
        menu.addAction(copied, self.copy_paths)
        menu.addSeparator()
        retry = (
            self.tr("Try again")
            if len(sounds) == 1
            else self.tr("Try {sounds} again").format(sounds=count_text(len(sounds)))
        )
        menu.addAction(retry, lambda: self.retry_asked.emit(sounds))


class RejectedPage(QWidget):
    """A heading with the total, the groups, and the way back.

    Parameters
    ----------
    back : callable
        Returns to the sounds.
    """

    def __init__(self, back: Callable[[], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading = label(heading(()), "heading")
        self.tree = RejectedTree()
        self._retry = button(self.tr("Try all again"), "", self._retry_all)
        self.setFocusProxy(self.tree)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self._retry)
        buttons.addWidget(button(self.tr("Back to sounds"), "", back))
        buttons.addStretch(1)
        self._top = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        self._top.setSpacing(8)
        self._top.addWidget(self.heading, 1)
        self._top.addLayout(buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(12, 12, 12, 0)
        layout.setSpacing(8)
        layout.addLayout(self._top)
        layout.addWidget(self.tree, 1)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the buttons below the heading where they do not fit beside it."""
        super().resizeEvent(event)
        is_narrow = self.width() < _NARROW_PX
        self._top.setDirection(QBoxLayout.Direction.TopToBottom if is_narrow else QBoxLayout.Direction.LeftToRight)

    def show_groups(self, groups: Sequence[RejectedGroup]) -> None:
        """Show groups and the total."""
        self.heading.setText(heading(groups))
        self._retry.setVisible(bool(groups))
        self.tree.setVisible(bool(groups))
        self.tree.show_groups(groups)

    def _retry_all(self) -> None:
        self.tree.retry_asked.emit([sound for group in self.tree.groups_model.groups for sound in group.sounds])
