"""The main window: its layout, and the signals of its parts. It contains no rule about sounds."""

import os
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtGui import (
    QAction,
    QCloseEvent,
    QDragEnterEvent,
    QDragLeaveEvent,
    QDragMoveEvent,
    QDropEvent,
    QGuiApplication,
    QIcon,
    QKeySequence,
    QMouseEvent,
    QResizeEvent,
    QShortcut,
)
from PySide6.QtWidgets import (
    QMainWindow,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from bowerbird.base.text import printable
from bowerbird.catalogue.protocol import Reader
from bowerbird.catalogue.records import FolderState, RejectedGroup, SoundRow
from bowerbird.domain.metadata import SoundMetadata
from bowerbird.domain.peaks import Peaks
from bowerbird.domain.query import Example, Location
from bowerbird.gui.browse.annotations_presenter import AnnotationState
from bowerbird.gui.browse.browsing_presenter import ListState, example_of
from bowerbird.gui.browse.empty_texts import EmptyAction, EmptyText, empty_text
from bowerbird.gui.browse.filter_view import FilterPanel
from bowerbird.gui.browse.folders_presenter import RelinkOffer, away_text
from bowerbird.gui.browse.folders_view import FolderTree
from bowerbird.gui.browse.indexing_presenter import IndexingState, UnfinishedState
from bowerbird.gui.browse.inspector_view import WIDTH_PX, Inspector
from bowerbird.gui.browse.placeholders import EmptyState, relaxation_text
from bowerbird.gui.browse.playing_presenter import Music, Region
from bowerbird.gui.browse.query_history import ListPosition
from bowerbird.gui.browse.recording_view import RecordingPanel
from bowerbird.gui.browse.rejected_view import RejectedPage
from bowerbird.gui.browse.search_bar import ChipStrip, Header, SearchField
from bowerbird.gui.browse.shelf_presenter import ShelfSection
from bowerbird.gui.browse.shelf_view import Shelf
from bowerbird.gui.browse.sound_facts import property_facts
from bowerbird.gui.browse.sounds_model import SoundsModel
from bowerbird.gui.browse.status_line import StatusLine
from bowerbird.gui.browse.table_view import SoundTable
from bowerbird.gui.browse.transport_view import Transport
from bowerbird.gui.browse.waveform_state import Marker
from bowerbird.gui.browse.waveform_view import WaveformView
from bowerbird.gui.browse.words_presenter import WordState
from bowerbird.gui.map.map_view import MapView
from bowerbird.gui.shell import actions, theme
from bowerbird.gui.shell.drops import DropHint, drag_files, dropped_paths, files_of
from bowerbird.gui.shell.keys import KeyMap
from bowerbird.gui.shell.reveal import reveal
from bowerbird.gui.shell.styled import Menu, resize_within_screen, styled
from bowerbird.gui.shell.theme import Tokens
from bowerbird.library.search.browsing import FolderPane, Relaxation
from bowerbird.playback.request import Treatment

_PLAYHEAD_MS: Final = 16
_REFRESH_MS: Final = 700
_NO_FOLDERS_PX: Final = 720
_NO_INSPECTOR_PX: Final = 960
"""In a narrower window the inspector is hidden until it is asked for, and then takes the space of the folders."""

_ALONE_PX: Final = 560
"""In a narrower window the inspector, or the folders, take the space of the list as well."""

_N_LIKELY: Final = 6
MAX_EXAMPLES: Final = 20
"""Sounds to search by at once: more average out to what every sound is like."""


class MainWindow(QMainWindow):
    """The window. `bowerbird.gui.shell.application` connects it to its presenters.

    Signals
    -------
    sound_moved_to : (SoundRow or None, start_s: float, is_quiet: bool)
        `is_quiet`: it is not to be played. `start_s` is where the match begins in a long sound, else 0.
    sound_shown : (SoundRow or None, is_passing: bool)
        Follows every `sound_moved_to`; `is_passing` only while a key repeats.
    files_dropped : list of Path
    relaxed : Relaxation
    cleared : ()
        Everything that restricts the list is to be cleared.
    query_played : (Path, start_s: float)
    example_played : Example
    moment_chosen : (start_s: float, end_s: float, is_passing: bool)
        The row of a moment was selected: it is the region of its sound.
    dragged : list of int
        Ids of sounds that another program has taken.
    query_peaks_wanted : Path
        The waveform of an example that is not in the library is to be read.
    list_shown : (ListState)
    playhead_wanted : ()
        The playback position is to be shown.
    refresh_wanted : ()
        Rows changed a while ago and are to be read again.
    locate_wanted : ()
        A folder that is not connected is to be located.
    rejected_wanted : ()
        The list of rejected sounds has become visible.
    closing : ()
    """

    sound_moved_to = Signal(object, float, bool)
    sound_shown = Signal(object, bool)
    files_dropped = Signal(list)
    relaxed = Signal(object)
    cleared = Signal()
    query_played = Signal(object, float)
    example_played = Signal(object)
    moment_chosen = Signal(float, float, bool)
    dragged = Signal(list)
    query_peaks_wanted = Signal(object)
    list_shown = Signal(object)
    playhead_wanted = Signal()
    refresh_wanted = Signal()
    locate_wanted = Signal()
    rejected_wanted = Signal()
    closing = Signal()

    def __init__(self, reader: Reader, colours: Tokens, keys: KeyMap) -> None:
        super().__init__()
        self._reader = reader
        self._colours = colours
        self._has_folders = bool(reader.folders())
        self._empty_shown: tuple[EmptyText, tuple[Relaxation, ...]] | None = None
        self._state: ListState | None = None
        self._sound: SoundRow | None = None
        self._is_inspector_wanted = True
        self._is_inspector_asked_for = False
        self._are_folders_wanted = True
        self._are_folders_asked_for = False
        self._has_dragged_folders = False
        self._query_path: Path | None = None
        self._ground = styled(QWidget(), "ground")
        self.model = SoundsModel(reader, self)
        self.table = SoundTable(self.model, colours)
        self.actions_by_name: dict[str, QAction] = actions.make_actions(self, self._ground, self.table, keys)
        self.map = MapView(colours, name_of=self._name_of, complain=self.complain)
        for surface in self.map.surfaces:
            actions.add_to_map(self.actions_by_name, surface)
        self.search = SearchField(colours)
        self._menus = Menu(self)
        self.header = Header(self.search, self.actions_by_name, self._menus)
        self.filters = FilterPanel(self)
        self.filters.closed.connect(lambda: self.actions_by_name["filters"].setChecked(False))
        self.recording = RecordingPanel(self)
        self.chips = ChipStrip(colours)
        self.status = StatusLine(colours)
        self.folders = FolderTree()
        self.folders.addAction(self.actions_by_name["play"])
        self.shelf = Shelf()
        self.empty_state = EmptyState()
        self.rejected = RejectedPage(back=self.leave_rejected)
        self.waveform = WaveformView(colours)
        self.inspector = Inspector(colours)
        self.words = self.inspector.words
        self.transport = Transport(self.actions_by_name, colours)
        self.setWindowTitle("Bowerbird")
        self.setWindowIcon(QIcon(theme.icon("bowerbird", colours.accent)))
        self.setAcceptDrops(True)
        resize_within_screen(self, 1200, 760)
        self.setMinimumSize(260, 360)
        self._lay_out()
        actions.fill_menus(self, self._menus, self.actions_by_name)
        self._connect()
        self.recolour(colours)

    def _lay_out(self) -> None:
        self._pages = QStackedWidget()
        for page in (self.table, self.map, self.empty_state, self.rejected):
            self._pages.addWidget(page)
        self.splitter = QSplitter(Qt.Orientation.Horizontal, childrenCollapsible=False)
        self.side = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        self.side.addWidget(self.folders)
        self.side.addWidget(self.shelf)
        self.side.setStretchFactor(0, 1)
        self.side.setSizes([420, 220])
        self.splitter.addWidget(self.side)
        self.splitter.addWidget(self._pages)
        self.splitter.addWidget(self.inspector)
        self.splitter.setSizes([200, 740, WIDTH_PX])
        self.splitter.setStretchFactor(1, 1)
        self.side.setMinimumWidth(120)
        self.rows_splitter = QSplitter(Qt.Orientation.Vertical, childrenCollapsible=False)
        self.rows_splitter.addWidget(self.splitter)
        self.rows_splitter.addWidget(self.waveform)
        self.rows_splitter.setSizes([600, 132])
        self.rows_splitter.setStretchFactor(0, 1)
        layout = QVBoxLayout(self._ground)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(self.header)
        layout.addWidget(self.chips)
        layout.addWidget(self.status)
        layout.addWidget(self.rows_splitter, 1)
        layout.addWidget(self.transport)
        self.setCentralWidget(self._ground)
        self._drop_hint = DropHint(self)
        self._menu_key = QShortcut(QKeySequence("F10"), self, self.header.menu.showMenu)

    def _connect(self) -> None:
        self.table.moved.connect(self._moved)
        self.table.selection_changed.connect(self.chips.show_selected)
        self.table.dragged.connect(self.dragged)
        self.chips.example_played.connect(self.example_played)
        self.table.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.table.customContextMenuRequested.connect(
            lambda at: self._show_context_menu(self.table.viewport().mapToGlobal(at))
        )
        self.map.canvas.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.map.canvas.customContextMenuRequested.connect(
            lambda at: self._show_context_menu(self.map.canvas.mapToGlobal(at))
        )
        self.table.doubleClicked.connect(lambda _: self.actions_by_name["replay"].trigger())
        self.map.sound_chosen.connect(self._chosen_on_map)
        self.map.sounds_selected.connect(self._selected_on_map)
        self.map.drag_wanted.connect(self._drag_from_map)
        self.waveform.region_dragged.connect(self._drag_region)
        self.waveform.query_clicked.connect(lambda start_s: self.query_played.emit(self._query_path, start_s))
        self.search.escaped.connect(self.actions_by_name["clear"].trigger)
        self.words.left.connect(self.table.setFocus)
        self.words.add_asked.connect(self.actions_by_name["add_word"].trigger)
        self.chips.rejected_clicked.connect(self.show_rejected)
        for used in (self.folders.clicked, self.folders.activated, self.shelf.opened):
            used.connect(lambda _: self.leave_folders())
        self.rejected.tree.reveal_asked.connect(reveal)
        self.status.pause_clicked.connect(self.actions_by_name["pause"].trigger)
        self.status.cancel_clicked.connect(self.actions_by_name["cancel"].trigger)
        self.inspector.closed.connect(self.actions_by_name["inspector"].trigger)
        self._playhead_timer = QTimer(self, interval=_PLAYHEAD_MS)
        self._playhead_timer.timeout.connect(self.playhead_wanted.emit)
        self._refresh_timer = QTimer(self, singleShot=True, interval=_REFRESH_MS)
        self._refresh_timer.timeout.connect(self._refresh)

    def recolour(self, colours: Tokens) -> None:
        """Use the colours of another theme."""
        self._colours = colours
        actions.recolour(self.actions_by_name, colours)
        self._show_play_icon()
        self.table.recolour(colours)
        self.map.recolour(colours)
        self.waveform.recolour(colours)
        self.inspector.recolour(colours)
        self.transport.recolour(colours)
        self.header.recolour(colours)
        self.search.recolour(colours)
        self.chips.recolour(colours)
        self.status.recolour(colours)

    # Shown by presenters: the list

    def show_list(self, state: ListState) -> None:
        """Show rows, or a sentence where there are none."""
        if self._state is not None and not state.is_same_query:
            self.status.clear_error()
        is_same = state.is_same_query and self.model.shows(state.listing)
        self._state = state
        self.chips.show_state(state)
        self.search.show_unknown(state.listing.unknown_words)
        self._show_query(state.examples)
        self.table.show_order(state.order, is_descending=state.is_descending, has_matches=state.has_matches)
        if is_same:
            self.model.refresh()
        else:
            self.table.show_rows(state.listing, keeps_scroll=state.is_same_query)
        if state.position is not None:
            self.table.return_to(state.position)
            row = self.model.row_of(state.position.current_id, state.position.moment_s)
            if row >= 0:
                self._move_to(self.model.sound(row), self.model.matched_region(row)[0], is_quiet=True)
            self._show_selection_on_map()
        if state.is_same_query:
            self._read_current_again()
        self._show_match()
        if not len(state.listing.ids):
            self._show_empty_state(state)
        if not self.is_showing_rejected or not state.is_same_query:
            self.show_sounds()
        self.list_shown.emit(state)

    def _read_current_again(self) -> None:
        """Show the current sound as it is now: it may have been analysed meanwhile."""
        sound = self._reader.rows([self._sound.id]).get(self._sound.id) if self._sound is not None else None
        if sound is not None and self._sound is not None and sound.content_id != self._sound.content_id:
            self._sound = sound
            self.show_sound(sound)

    def _show_query(self, examples: Sequence[Example]) -> None:
        """Show the waveform of the first example above that of the current sound."""
        path = next((example.path for example in examples if not example.is_unlike), None)
        if path == self._query_path:
            return
        self._query_path = path
        sound = self._reader.sound_at(path) if path is not None else None
        peaks = self._reader.peaks(sound.content_id) if sound and sound.content_id is not None else None
        if sound is not None and peaks is not None:
            self.waveform.show_query(peaks, printable(sound.name), sound.duration_s or 0.0)
            return
        self.waveform.clear_query()
        if path is not None:  # a file outside the library
            self.query_peaks_wanted.emit(path)

    def show_query_peaks(self, path: Path, peaks: Peaks, duration_s: float) -> None:
        """Show the waveform of an example that is not in the library."""
        if path == self._query_path:
            self.waveform.show_query(peaks, printable(path.name), duration_s)

    def _show_empty_state(self, state: ListState) -> None:
        text = empty_text(
            state,
            has_folders=self._has_folders,
            selected=self.folders.state_of(self.folders.chosen_location),
            states=self.folders.states,
            is_indexing=self.status.is_indexing,
            is_unfinished=self.status.is_unfinished,
            has_rejected=not self.chips.rejected_link.isHidden(),
        )
        if self._empty_shown == (text, state.listing.relaxations):
            return  # a button that is being pressed is not replaced
        self._empty_shown = (text, state.listing.relaxations)
        actions: list[tuple[str, Callable[[], object]]] = [
            (relaxation_text(relaxation, is_filtered=state.is_filtered), partial(self.relaxed.emit, relaxation))
            for relaxation in (state.listing.relaxations if text.has_relaxations else ())
        ]
        acts: dict[EmptyAction, tuple[str, Callable[[], object]]] = {
            "add_folder": (self.tr("Add a folder"), self.actions_by_name["add_folder"].trigger),
            "add_demo": (self.tr("Try the demo sounds"), self.actions_by_name["add_demo"].trigger),
            "locate": (self.tr("Locate…"), self.locate_wanted.emit),
            "resume": (self.tr("Resume analysis"), self.status.resume_clicked.emit),
            "show_rejected": (self.tr("Show rejected sounds"), self.show_rejected),
            "clear": (self.tr("Clear the search"), self.cleared.emit),
        }
        actions += [acts[name] for name in text.actions]
        is_first_start = "add_demo" in text.actions
        self.empty_state.show_sentence(text.sentence, actions, details=text.details, is_first_start=is_first_start)

    def show_sounds(self) -> None:
        """Show the rows, or the map of them."""
        page = self.map if self.actions_by_name["map"].isChecked() else self.table
        self._pages.setCurrentWidget(page if self.model.rowCount() else self.empty_state)

    def toggle_map(self) -> None:
        """Show the sounds as a map or as rows, after the action was triggered; the same sounds stay selected."""
        if self.actions_by_name["map"].isChecked():
            self._show_selection_on_map()
        self.show_sounds()
        for page in (self.map, self.table):
            if page is self._pages.currentWidget():
                page.setFocus(Qt.FocusReason.OtherFocusReason)

    @property
    def is_showing_rejected(self) -> bool:
        """Whether the list of rejected sounds is visible."""
        return self._pages.currentWidget() is self.rejected

    def show_rejected(self) -> None:
        """Show the list of rejected sounds, or return to the sounds."""
        if not self.leave_rejected():
            self._pages.setCurrentWidget(self.rejected)
            self.rejected.setFocus(Qt.FocusReason.OtherFocusReason)
            self.rejected_wanted.emit()

    def leave_rejected(self) -> bool:
        """Return from the list of rejected sounds to the sounds; return whether it was visible."""
        if not self.is_showing_rejected:
            return False
        self.show_sounds()
        page = self.map if self._pages.currentWidget() is self.map else self.table
        page.setFocus(Qt.FocusReason.OtherFocusReason)
        return True

    def show_rejected_groups(self, groups: Sequence[RejectedGroup]) -> None:
        """Show rejected sounds, by the class of their reasons."""
        had_focus = self.is_showing_rejected and not self.rejected.tree.isVisible()
        self.rejected.show_groups(groups)
        if had_focus and groups:
            self.rejected.setFocus(Qt.FocusReason.OtherFocusReason)

    def show_folder_pane(self, pane: FolderPane) -> None:
        """Show the tree of directories, and the number of rejected sounds."""
        self.folders.show_directories(pane.directories, pane.folders)
        self.chips.show_rejected(pane.n_rejected)
        self._has_folders = bool(pane.folders)
        self._show_folder_actions()
        self._refresh_empty_state()

    def show_folder_states(self, states: Sequence[FolderState]) -> None:
        """Show which folders are connected and watched."""
        self.folders.show_states(states)
        self.model.show_away([state.folder.path for state in states if not state.is_connected])
        self._show_folder_actions()
        self._refresh_empty_state()

    def _refresh_empty_state(self) -> None:
        if self._state is not None and not len(self._state.listing.ids):
            self._show_empty_state(self._state)

    def show_relink(self, offer: RelinkOffer | None) -> None:
        """Ask whether a folder has moved, or hide the question."""
        self.status.show_question(offer.text if offer is not None else None)

    def _show_folder_actions(self) -> None:
        """Enable what can be done with the selected folder, and say if it is not connected."""
        location = self.folders.chosen_location
        folder, state = self.folders.root_at(location), self.folders.state_of(location)
        is_connected = state is not None and state.is_connected
        is_away = state is not None and not state.is_connected
        names = self.actions_by_name
        for name in ("rescan_folder", "reveal_folder"):
            names[name].setEnabled(is_connected)
        names["remove_folder"].setEnabled(folder is not None)
        for name in ("watch_folder", "locate_folder"):
            names[name].setEnabled(folder is not None and state is not None)
        names["watch_folder"].setChecked(folder is not None and state is not None and state.folder.is_watched)
        n_missing = state.n_missing if state is not None and is_connected and folder is not None else 0
        names["forget_missing"].setEnabled(n_missing > 0)
        forget, n = self.tr("Forget missing so&unds"), f"{n_missing:,}"
        names["forget_missing"].setText(f"{forget} ({n})" if n_missing else forget)
        self.status.show_away(away_text(state.folder) if is_away and state is not None else None)

    def set_search_text(self, text: str) -> None:
        """Set the text of the search box."""
        if text != self.search.text():  # the cursor stays where somebody types
            self.search.setText(text)

    def show_location(self, location: Location | None) -> None:
        """Mark a directory in the tree."""
        self.folders.choose(location)
        self._show_folder_actions()

    def mark_shelf(self, key: str | None) -> None:
        """Mark the entry of the shelf that stands for the current query, or none."""
        self.shelf.mark(key)

    def show_history(self, *, can_go_back: bool, can_go_forward: bool) -> None:
        """Enable or disable Back and Forward."""
        self.actions_by_name["back"].setEnabled(can_go_back)
        self.actions_by_name["forward"].setEnabled(can_go_forward)

    def play_example(self, example: Example) -> None:
        """Make a sound that is searched by the current one, and let the keys of the list work."""
        sound = self._reader.sound_at(example.path)
        if sound is not None:
            self.table.clear_selection()
            self._move_to(sound, 0.0)
        page = self.map if self.actions_by_name["map"].isChecked() else self.table
        page.setFocus(Qt.FocusReason.OtherFocusReason)

    def list_position(self) -> ListPosition:
        """Return where the list stands."""
        return self.table.position()

    def show_search_placeholder(self, *, has_text_encoder: bool) -> None:
        """Show in the search box what can be typed."""
        self.search.set_placeholder(has_text_encoder=has_text_encoder)

    # Shown by presenters: indexing and playback

    def show_indexing(self, state: IndexingState | None) -> None:
        """Show the progress line, or hide it."""
        self.status.show_indexing(state)
        self.actions_by_name["pause"].setEnabled(state is not None)
        self.actions_by_name["cancel"].setEnabled(state is not None)
        paused = state is not None and state.is_paused
        self.actions_by_name["pause"].setText(self.tr("Resume anal&ysis") if paused else self.tr("&Pause analysis"))

    def show_unfinished(self, state: UnfinishedState | None) -> None:
        """Show that the analysis was stopped before its end, or hide that."""
        self.status.show_unfinished(state)

    def library_changed(self, *, is_final: bool) -> None:
        """Read rows again soon, or at once at the end of a run."""
        if is_final:
            self._refresh_timer.stop()
            self._refresh()
        elif not self._refresh_timer.isActive():
            self._refresh_timer.start()

    def _refresh(self) -> None:
        self.refresh_wanted.emit()

    def show_undo(self, undo: str | None, redo: str | None) -> None:
        """Show what Undo and Redo would do."""
        for name, text, edit in (("undo", self.tr("&Undo"), undo), ("redo", self.tr("Red&o"), redo)):
            self.actions_by_name[name].setEnabled(edit is not None)
            self.actions_by_name[name].setText(f"{text}: {edit.replace('&', '&&')}" if edit else text)

    def show_news(self, sentence: str) -> None:
        """Show briefly what was done."""
        self.status.show_news(sentence)

    def show_annotations(self, state: AnnotationState | None) -> None:
        """Show the annotations of the current sound."""
        self.inspector.show_annotations(state)

    def show_shelf(self, sections: Sequence[ShelfSection]) -> None:
        """Show collections, saved searches and the history."""
        self.shelf.show_sections(sections)

    def show_playing(self, path: Path | None) -> None:
        """Mark the sound that plays, or none."""
        is_current = path is not None and self._sound is not None and self._sound.path == path
        self.model.mark_playing(self._sound.id if is_current and self._sound else None)
        self.map.mark_playing(self._id_at(path))
        self.transport.show_other(printable(path.name) if path is not None and not is_current else None)
        if path is not None:
            self._playhead_timer.start()
        else:
            self._playhead_timer.stop()
            self.show_position(None)
        self._show_play_icon()

    def _show_play_icon(self) -> None:
        name = "stop" if self._playhead_timer.isActive() else "play"
        self.actions_by_name["play"].setIcon(theme.icon(name, self._colours.text))

    def show_position(self, position_s: float | None) -> None:
        """Show the playback position."""
        self.waveform.show_playhead(position_s)
        self.transport.show_position(position_s)

    def show_words(self, chips: Sequence[WordState] | None, *, has_sound: bool) -> None:
        """Show the words of the current sound; None while they are being looked up."""
        self.words.show_words(chips, has_sound=has_sound)

    def show_treatment(self, treatment: Treatment) -> None:
        """Show how the current sound is played."""
        self.transport.show_treatment(treatment)
        self.actions_by_name["reverse"].setChecked(treatment.is_reversed)

    def show_target(self, target: Music) -> None:
        """Show the tempo and key that sounds are played in."""
        action = self.actions_by_name["tempo_and_key"]
        action.setChecked(target != Music())
        plain = actions.tool_tip(action)
        action.setToolTip(f"{plain}\n{target}" if target != Music() else plain)

    def show_music_note(self, note: str) -> None:
        """Show that the tempo or key of the current sound is not known, where sounds are to be played in others."""
        self.transport.show_music_note(note)

    def likely_paths(self) -> list[Path]:
        """Return the files of the rows around the current one, which are likely to be selected next."""
        row = self.table.currentIndex().row()
        around = [row + sign * step for step in range(1, _N_LIKELY + 1) for sign in (1, -1)]
        sounds = [self.model.sound(each) for each in around if 0 <= each < self.model.rowCount()]
        return [sound.path for sound in sounds if sound is not None and not sound.is_missing]

    def show_device(self, sentence: str | None) -> None:
        """Show a problem of the sound device, or none."""
        self.transport.show_device(sentence)

    def complain(self, sentence: str) -> None:
        """Show an error."""
        self.status.show_error(sentence)

    # User actions

    def _moved(self, row: int, is_passing: bool) -> None:
        start_s, end_s = self.model.matched_region(row)
        is_moment = self.model.moment_s(row) is not None
        self._move_to(self.model.sound(row), start_s, is_passing=is_passing, is_quiet=is_moment)
        if is_moment:
            self.waveform.select_region(start_s, end_s)
            self.moment_chosen.emit(start_s, end_s, is_passing)

    def _move_to(
        self, sound: SoundRow | None, start_s: float, *, is_passing: bool = False, is_quiet: bool = False
    ) -> None:
        """Make a sound the current one: in passing while a key repeats, quietly where it is not to be played."""
        self._sound = sound
        self.show_sound(sound)
        self.sound_moved_to.emit(sound, start_s, is_passing or is_quiet)
        self.sound_shown.emit(sound, is_passing)

    def _chosen_on_map(self, sound_id: int) -> None:
        """Move to a sound of the map, which may be outside of the list, and play it."""
        row = self.model.row_of(sound_id)
        if row < 0:
            self.table.clear_selection()
            self._move_to(self._reader.rows([sound_id]).get(sound_id), 0.0, is_passing=False)
        elif row == self.table.currentIndex().row() and self.table.selected_rows() == [row]:
            self.actions_by_name["replay"].trigger()
        else:
            self.table.select(row, is_quiet=True)
            self._moved(row, False)

    def _selected_on_map(self, sound_ids: list[int]) -> None:
        """Select the same sounds in the list, without playing."""
        self.table.clear_selection()
        if sound_ids:
            self.table.return_to(ListPosition(None, 0, sound_ids[-1], np.array(sound_ids, np.int64)))
            self._move_to(self._reader.rows(sound_ids[-1:]).get(sound_ids[-1]), 0.0, is_quiet=True)

    def _drag_region(self) -> None:
        if self._sound is not None and drag_files(self.waveform, self.model.dragged_files([self._sound.path])):
            self.dragged.emit([self._sound.id])

    def _drag_from_map(self) -> None:
        if drag_files(self.map, self.model.dragged_files(self.chosen_paths())):
            self.dragged.emit(self.chosen_ids())

    def _show_selection_on_map(self) -> None:
        position = self.table.position()
        others = [sound_id for sound_id in position.selected_ids.tolist() if sound_id != position.current_id]
        is_current = len(others) < len(position.selected_ids)
        self.map.select([*others, position.current_id] if is_current and position.current_id is not None else others)

    def _name_of(self, sound_id: int) -> str:
        sound = self._reader.rows([sound_id]).get(sound_id)
        return printable(sound.name) if sound is not None else ""

    def _id_at(self, path: Path | None) -> int | None:
        sound = self._reader.sound_at(path) if path is not None else None
        return sound.id if sound is not None else None

    def example_ids(self, examples: Sequence[Example]) -> list[int]:
        """Return the ids of those examples that are sounds of the library."""
        ids = [self._id_at(example.path) for example in examples if not example.is_unlike]
        return [sound_id for sound_id in ids if sound_id is not None]

    def show_sound(self, sound: SoundRow | None) -> None:
        """Show a sound's waveform and properties."""
        peaks = self._reader.peaks(sound.content_id) if sound and sound.content_id is not None else None
        metadata = self._reader.metadata(sound.id) if sound else SoundMetadata()
        if sound is None or peaks is None or not sound.rate_hz:
            self.waveform.clear_sound()
        else:
            self.waveform.show_sound(
                peaks,
                rate_hz=sound.rate_hz,
                duration_s=sound.duration_s or 0.0,
                path=sound.path,
                n_channels=sound.n_channels or 1,
                markers=[Marker(point.start_s, point.name) for point in metadata.cue_points],
            )
        details = self._reader.details(sound.id) if sound else None
        self.transport.show_sound(sound, details)
        if sound is None:
            self.inspector.show_sound(None, None, (), ())
        else:
            self.inspector.show_sound(
                printable(sound.name), printable(sound.directory), property_facts(sound, details), metadata.groups
            )
        self._show_match()

    def _show_match(self) -> None:
        """Show in the inspector why the current sound matched."""
        row = self.model.row_of(self._sound.id if self._sound else None)
        if row >= 0 and self.model.sound_id(self.table.currentIndex().row()) == self.model.sound_id(row):
            row = self.table.currentIndex().row()  # it may be a moment
        self.inspector.show_match(self.model.match_in(row), self._state.aspects if self._state else {})

    @property
    def current_sound(self) -> SoundRow | None:
        """The current sound."""
        return self._sound

    def chosen_examples(self, region: Region | None) -> list[Example]:
        """Return the examples for a search: the selected region, or the selected sounds."""
        if region is not None and self._sound is not None:
            return [example_of(self._sound.path, (region.start_s, region.end_s))]
        if len(self.chosen_ids()) > MAX_EXAMPLES:
            self.complain(self.tr("Select at most {n} sounds to search by.").format(n=MAX_EXAMPLES))
            return []
        return [Example(path) for path in self.chosen_paths()]

    def chosen_ids(self) -> list[int]:
        """Return the ids of the selected sounds without reading rows: there may be a hundred thousand."""
        if self._pages.currentWidget() is self.map:
            return self.map.selected_ids
        ids: list[int] = self.model.sound_ids(self.table.selected_rows()).tolist()
        return ids

    def chosen_paths(self) -> list[Path]:
        """Return the files of the selected sounds; on the map, some may be outside of the list."""
        if self._pages.currentWidget() is self.map:
            rows = self._reader.rows(self.map.selected_ids)
            return [rows[sound_id].path for sound_id in self.map.selected_ids if sound_id in rows]
        sounds = [self.model.sound(row) for row in self.table.selected_rows()]
        return list(dict.fromkeys(sound.path for sound in sounds if sound is not None))

    def copy_path(self) -> None:
        """Copy the selected sounds as files, as they would be dragged, and their paths as text, one per line."""
        paths = self.chosen_paths()
        files = self.model.dragged_files(paths) if len(paths) <= MAX_EXAMPLES else files_of(paths)
        files.setText("\n".join(printable(str(path)) for path in paths))
        QGuiApplication.clipboard().setMimeData(files)

    def locate(self) -> None:
        """Show the current sound in the system's file manager."""
        if self._sound is not None:
            reveal(self._sound.path)

    def focus_search(self) -> None:
        """Move the focus to the search box."""
        self.search.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.search.selectAll()

    def enter_list(self, *, is_new: bool) -> None:
        """Move the focus from the search box into the list; the first sound of a new list is played.

        Parameters
        ----------
        is_new : bool
            Whether it was searched for since the last time.
        """
        if self._pages.currentWidget() is self.map:
            self.map.setFocus(Qt.FocusReason.OtherFocusReason)
        elif self.model.rowCount():
            self.table.setFocus(Qt.FocusReason.OtherFocusReason)
            row = self.table.currentIndex().row()
            if is_new and row == 0 and self.table.selected_rows() == [0]:
                self._moved(0, False)
            elif is_new or row < 0 or not self.table.selected_rows():
                self.table.select(0, is_quiet=False)

    def _show_context_menu(self, position: QPoint) -> None:
        menu = Menu(self)
        menu.addActions([self.actions_by_name[name] for name in actions.CONTEXT_MENU])
        menu.exec(position)
        menu.deleteLater()

    # Qt events

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Accept files and folders."""
        paths = dropped_paths(event.mimeData())
        if paths:
            self._has_dragged_folders = any(os.path.isdir(path) for path in paths)  # noqa: PTH112 - never raises
            event.acceptProposedAction()
            self.dragMoveEvent(event)

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        """Show where the files would land."""
        targets, text = self._landing(event)
        if targets:
            self._drop_hint.show_over(targets, text)
            event.setDropAction(Qt.DropAction.CopyAction)  # the file stays where it is
            event.accept()
        else:
            self._drop_hint.hide()
            event.ignore()

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Hide the hint."""
        self._drop_hint.hide()
        super().dragLeaveEvent(event)

    def dropEvent(self, event: QDropEvent) -> None:
        """Emit the dropped files."""
        self._drop_hint.hide()
        paths = dropped_paths(event.mimeData())
        if paths and self._landing(event)[0]:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.files_dropped.emit(paths)

    def _landing(self, event: QDropEvent) -> tuple[list[QWidget], str]:
        """Return the parts of the window that a drop would land on, and what it would do; no parts for nothing.

        Folders are added wherever they are dropped, and files are examples to search by. Sounds that are dragged from
        the list become examples on the search box.
        """
        at = event.position().toPoint()
        is_over_search = self.header.rect().contains(self.header.mapFrom(self, at))
        if event.source() is not None and not is_over_search:  # dragged from this window
            return [], ""
        if self._has_dragged_folders:
            return [self.folders if self.folders.isVisible() else self._pages], self.tr("Add to the library")
        return [self.header if is_over_search else self._pages], self.tr("Find similar sounds")

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Hide what does not fit a narrow window; there the inspector has to be asked for again."""
        super().resizeEvent(event)
        if event.oldSize().width() >= _NO_INSPECTOR_PX > self.width():
            self._is_inspector_asked_for = False
        if event.oldSize().width() >= _NO_FOLDERS_PX > self.width():
            self._are_folders_asked_for = False
        self.fit()

    def fit(self) -> None:
        """Hide what does not fit."""
        width_px = self.width()
        is_inspector_wanted = self.actions_by_name["inspector"].isChecked()
        has_inspector = is_inspector_wanted and (width_px >= _NO_INSPECTOR_PX or self._is_inspector_asked_for)
        has_room = width_px >= (_NO_INSPECTOR_PX if has_inspector else _NO_FOLDERS_PX)
        has_folders = self.actions_by_name["folders"].isChecked() and (has_room or self._are_folders_asked_for)
        is_alone = (has_inspector or has_folders) and width_px < _ALONE_PX
        self.side.setVisible(has_folders)
        self.inspector.setVisible(has_inspector)
        self._pages.setVisible(not is_alone)
        self.transport.fit(width_px)
        has_menu_bar = self.menuBar().isNativeMenuBar() or width_px >= self.menuBar().sizeHint().width()
        self.menuBar().setVisible(has_menu_bar)
        self._menu_key.setEnabled(not has_menu_bar)
        self.header.fit(width_px, has_menu_bar=has_menu_bar)

    @property
    def is_inspector_wanted(self) -> bool:
        """Whether the inspector is shown in wide windows."""
        return self._is_inspector_wanted

    def want_inspector(self, *, is_wanted: bool) -> None:
        """Show the inspector in wide windows, or never unasked."""
        self._is_inspector_wanted = is_wanted
        self.actions_by_name["inspector"].setChecked(is_wanted)
        self.fit()

    def show_inspector(self) -> None:
        """Show the inspector, even in a narrow window."""
        self.actions_by_name["inspector"].setChecked(True)
        self._is_inspector_asked_for = self.width() < _NO_INSPECTOR_PX
        self._are_folders_asked_for = False
        self.fit()

    def toggle_inspector(self) -> None:
        """Show or hide the inspector, after its action was triggered."""
        if self.width() < _NO_INSPECTOR_PX:  # there it is hidden although it is switched on
            is_shown = not self.inspector.isVisible()
            self.actions_by_name["inspector"].setChecked(is_shown or self._is_inspector_wanted)
            self._is_inspector_asked_for = is_shown
            self._are_folders_asked_for = False
        else:
            self._is_inspector_wanted = self.actions_by_name["inspector"].isChecked()
        self.fit()

    @property
    def are_folders_wanted(self) -> bool:
        """Whether the folders are shown in wide windows."""
        return self._are_folders_wanted

    def want_folders(self, *, are_wanted: bool) -> None:
        """Show the folders in wide windows, or never unasked."""
        self._are_folders_wanted = are_wanted
        self.actions_by_name["folders"].setChecked(are_wanted)
        self.fit()

    def toggle_folders(self) -> None:
        """Show or hide the folders, after their action was triggered."""
        if self.width() < _NO_FOLDERS_PX or (self.inspector.isVisible() and self.width() < _NO_INSPECTOR_PX):
            is_shown = not self.side.isVisible()
            self.actions_by_name["folders"].setChecked(is_shown or self._are_folders_wanted)
            self._are_folders_asked_for = is_shown
            self._is_inspector_asked_for = False
            self.fit()
            if is_shown:
                self.folders.setFocus(Qt.FocusReason.OtherFocusReason)
            else:
                self._focus_pages()
        else:
            self._are_folders_wanted = self.actions_by_name["folders"].isChecked()
            self.fit()

    def leave_folders(self) -> None:
        """Return from the folders to the list, where they have taken its space."""
        if self._are_folders_asked_for and not self._pages.isVisible():
            self._are_folders_asked_for = False
            self.fit()
            self._focus_pages()

    def _focus_pages(self) -> None:
        page = self._pages.currentWidget()
        if page is not None:
            page.setFocus(Qt.FocusReason.OtherFocusReason)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        """Go back and forward with the extra buttons of the mouse."""
        names = {Qt.MouseButton.BackButton: "back", Qt.MouseButton.ForwardButton: "forward"}
        if event.button() in names:
            self.actions_by_name[names[event.button()]].trigger()
        else:
            super().mousePressEvent(event)

    def closeEvent(self, event: QCloseEvent) -> None:
        """Emit `closing` while the parts still exist."""
        self.closing.emit()
        super().closeEvent(event)
