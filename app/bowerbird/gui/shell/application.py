"""The composition root: every part of the window is created and connected here."""

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final, Literal

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication

from bowerbird.audio.waveform import measure_peaks
from bowerbird.base import paths
from bowerbird.base.errors import BowerbirdError
from bowerbird.base.settings import Settings, load_settings, save_settings
from bowerbird.base.text import printable
from bowerbird.catalogue.records import Folder, FolderState
from bowerbird.domain.fields import SORT_FIELDS
from bowerbird.domain.names import root_name
from bowerbird.domain.query import RELEVANCE, Example, Location
from bowerbird.encoders.ear.thesaurus import own_thesaurus_fault
from bowerbird.encoders.protocol import Encoder
from bowerbird.encoders.registry import DEFAULT_ENCODER, encoder_named
from bowerbird.gui.browse.annotations_presenter import AnnotationsPresenter
from bowerbird.gui.browse.browsing_presenter import BrowsingPresenter
from bowerbird.gui.browse.cells import ROOMY_ROW_PX, ROW_PX
from bowerbird.gui.browse.columns import DEFAULT_COLUMNS
from bowerbird.gui.browse.edits_presenter import EditsPresenter
from bowerbird.gui.browse.folders_presenter import FoldersPresenter
from bowerbird.gui.browse.indexing_presenter import IndexingPresenter
from bowerbird.gui.browse.playing_presenter import MAX_DB, MIN_DB, Music, PlayingPresenter, music_of
from bowerbird.gui.browse.recording_presenter import RecordingPresenter
from bowerbird.gui.browse.rejected_presenter import RejectedPresenter
from bowerbird.gui.browse.shelf_presenter import ShelfItem, ShelfPresenter
from bowerbird.gui.browse.tempo_and_key_view import TempoAndKeyDialog
from bowerbird.gui.browse.waveform_presenter import WaveformPresenter
from bowerbird.gui.browse.words_presenter import WordsPresenter
from bowerbird.gui.encoders.encoder_texts import short_title
from bowerbird.gui.encoders.encoders_presenter import EncodersPresenter
from bowerbird.gui.encoders.encoders_view import EncodersDialogProxy
from bowerbird.gui.listening.listening_tests import Listening
from bowerbird.gui.map.map_presenter import COLOURS, DEFAULT_COLOUR, MapPresenter
from bowerbird.gui.shell import actions, dialogs, theme
from bowerbird.gui.shell import exceptions as boundary
from bowerbird.gui.shell.ask_name import ask_for_name
from bowerbird.gui.shell.drives import is_local
from bowerbird.gui.shell.event_bridge import EventBridge, QueryThread
from bowerbird.gui.shell.keys import KeyMap
from bowerbird.gui.shell.keys_view import KeySheet
from bowerbird.gui.shell.lazy_dialog import LazyDialog
from bowerbird.gui.shell.reveal import reveal
from bowerbird.gui.shell.settings_view import SettingsWindow
from bowerbird.gui.shell.single_window import StartListener, listener_or_answer
from bowerbird.gui.shell.window import MainWindow
from bowerbird.gui.shell.window_state import restore_geometry, saved_geometry
from bowerbird.gui.translation import translate, use_translator
from bowerbird.jobs.runner import JobEnded
from bowerbird.library.annotations.history import History
from bowerbird.library.audition.loudness import EvenLoudness
from bowerbird.library.audition.music import estimate_music
from bowerbird.library.demo import demo_folder
from bowerbird.library.encoders.choice import searched_encoder, wanted_encoder
from bowerbird.library.folders import remove_folder
from bowerbird.library.library import Library
from bowerbird.library.search.browsing import Browsing, FolderPane
from bowerbird.library.search.folding import Folding
from bowerbird.playback.device import LATENCIES_S, list_outputs
from bowerbird.playback.events import Started
from bowerbird.playback.player import Player
from bowerbird.playback.recorder import Recorder
from bowerbird.playback.render import render_for_drag
from bowerbird.playback.request import Request

_SWITCH_S = 0.001
"""The longest time that another thread of Python may block the window."""

_LOOK_EVERY_MS = 5000
"""How often drives are looked for that have gone or returned."""

_SEEK_SHARE: Final = 0.1
"""Of the visible waveform, that a key moves the position by."""

_OFFER_AFTER_MS = 1500
"""How long words stay before an encoder that may know them is offered: they may be unfinished."""


class Application:
    """The window with everything behind it.

    Parameters
    ----------
    library : Library
    settings : Settings
    encoder : Encoder
        The built-in encoder, which embeds every sound of every library.

    Raises
    ------
    CatalogueError
        When the library cannot be opened.
    """

    def __init__(self, library: Library, settings: Settings, encoder: Encoder) -> None:
        library.create()
        library.delete_removed()
        self._library = library
        self._settings = settings
        self._reader = library.read()
        self._bridge = EventBridge()
        searched, wanted = searched_encoder(library), wanted_encoder(library)
        self._is_closed = False
        self._is_recorded = False
        self._complaint = searched.warning or wanted.warning or own_thesaurus_fault()
        self._lists = (QueryThread(), Browsing(library, searched.encoder))
        self._similar = (QueryThread(), Browsing(library, searched.encoder))
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        self._application = application
        self._keys = KeyMap(actions.ACTIONS, settings.keys)
        self.window = window = MainWindow(self._reader, self._apply_theme(), self._keys)
        self._settings_window = LazyDialog(self._make_settings_window)
        self._key_sheet = LazyDialog(self._make_key_sheet)
        self._player = Player(
            post=self._bridge.post,
            latency=settings.latency if settings.latency in LATENCIES_S else "low",
            output=settings.output,
            even_gain=EvenLoudness(library).gain_db,
        )
        self._question = QTimer(window, singleShot=True, interval=_OFFER_AFTER_MS)
        self.browsing = BrowsingPresenter(
            window,
            lists=self._lists,
            similar=self._similar,
            understood=self._words_understood,
            pane_read=self._pane_read,
        )
        self._rendering = QueryThread()
        self.playing = PlayingPresenter(
            window,
            self._player,
            is_auto_play=settings.is_auto_play,
            is_loop=settings.is_loop,
            is_even=settings.is_even,
            render=lambda request: render_for_drag(request, paths.cache_path() / "dragged"),
            prepare=self._render_ahead,
        )
        self._details = QueryThread()
        self.waveform = WaveformPresenter(window.waveform, self._details)
        self.indexing = IndexingPresenter(
            window,
            library,
            encoder,
            self._bridge.post,
            further=wanted.encoder,
            title_of=short_title,
            is_held=settings.is_analysis_held,
            load=settings.analysis_load,
        )
        self.map = MapPresenter(
            window.map,
            library,
            searched.encoder,
            queries=self._details,
            post=self._bridge.post,
            is_indexing=lambda: self.indexing.is_running,
            colour_by=settings.map_colour if settings.map_colour in COLOURS else DEFAULT_COLOUR,
        )
        window.map.hover.setChecked(settings.has_map_hover)
        self._edit_history = History(library)
        self.edits = EditsPresenter(window, self._lists[0], self._edit_history, changed=self._edited)
        self.words = WordsPresenter(
            window,
            self._similar,
            library,
            self.edits,
            selected=window.chosen_ids,
            search=self.browsing.search_for,
            has_suggestions=settings.has_suggestions,
        )
        self.annotations = AnnotationsPresenter(window, library, self._lists[0], self.edits, selected=window.chosen_ids)
        self._recorder = Recorder()
        self._recording_queries = QueryThread()
        self.recording = RecordingPresenter(
            window.recording,
            self._recorder,
            self._recording_queries,
            paths.recordings_path(),
            found=lambda path: self._show_similar([Example(path)]),
            stop_playback=self.playing.stop,
        )
        self.shelf = ShelfPresenter(window, library, self._lists[0], self.browsing, self.edits)
        self._folder_queries = QueryThread()
        self.folders = FoldersPresenter(
            window,
            library,
            self._folder_queries,
            indexing=self.indexing,
            edits=self.edits,
            post=self._bridge.post,
            changed=self._edited,
            leave=self._leave,
            is_local=is_local,
        )
        self._look_timer = QTimer(window, interval=_LOOK_EVERY_MS)
        self.rejected = RejectedPresenter(window, library, self._details, index=self.indexing.add)
        self._encoders_dialog = EncodersDialogProxy(window)
        self.models = EncodersPresenter(
            self._encoders_dialog,
            library,
            queries=self._lists[0],
            post=self._bridge.post,
            search_by=self._search_by,
            encode_with=self.indexing.encode_with,
            rescan=self.indexing.rescan,
            is_indexing=lambda: self.indexing.is_running,
            has_offer=settings.has_offer,
        )
        self.listening = Listening(window, library, player=self._player, post=self._bridge.post, labels=settings.labels)
        self._connect()
        self._connect_map()
        self._restore()

    @property
    def is_empty(self) -> bool:
        """Whether the library has no folder yet."""
        return not self._reader.folders()

    def start(self, folders: Sequence[Path]) -> None:
        """Show the window, then fill it."""
        self.window.show()
        self.browsing.refresh()
        self.shelf.refresh()
        self.models.refresh()
        self._warm_up()
        self._player.prepare()
        if self._complaint:
            self.window.complain(self._complaint)
        self._look_timer.start()
        if folders:
            self.folders.add(folders)
        else:  # resume what an earlier run left, or what a new encoder needs
            queries, browsing = self._similar
            queries.run(
                "pending",
                lambda: [
                    folder
                    for folder in browsing.pending_folders(*self.indexing.encoder_ids)
                    if os.path.isdir(folder)  # noqa: PTH112 - unlike Path's, it never raises
                ],
                done=self._resume,
                failed=self.window.complain,
            )

    def _resume(self, folders: Sequence[Path]) -> None:
        self.indexing.resume(folders)

    def _pane_read(self, pane: FolderPane) -> None:
        self.indexing.count(pane.n_analysed, pane.n_present)
        self.folders.refresh()

    def _warmed_up(self, has_text_encoder: bool) -> None:
        self.browsing.set_text_encoder(is_available=has_text_encoder)

    def _words_understood(self, is_understood: bool) -> None:
        if is_understood:
            self._question.stop()
            self.models.words_understood(True)
        else:
            self._question.start()

    def _warm_up(self) -> None:
        queries, browsing = self._similar
        queries.run("warm up", browsing.warm_up, done=self._warmed_up, failed=self.window.complain)

    def _search_by(self, encoder: Encoder) -> None:
        """Search with another encoder in both threads, then run the current query again."""
        for queries, browsing in (self._lists, self._similar):
            queries.run("use", partial(browsing.use, encoder), done=lambda _: None, failed=self.window.complain)
        self._warm_up()
        self.browsing.refresh()
        self.words.refresh()
        self.map.use(encoder)

    # Wiring

    def _connect(self) -> None:
        window = self.window
        self._bridge.received.connect(self._handle)
        self._question.timeout.connect(lambda: self.models.words_understood(False))
        window.files_dropped.connect(self._dropped)
        window.closing.connect(self.close)
        self._encoders_dialog.connect(self.models)
        window.status.notice_dismissed.connect(self._save_dismissal)
        window.status.resume_clicked.connect(self.indexing.rescan)
        self._connect_list()
        self._connect_playing()
        self._connect_annotations()
        self._connect_actions()

    def _connect_list(self) -> None:
        window = self.window
        window.search.textChanged.connect(self.browsing.text_changed)
        window.folders.chosen.connect(self.browsing.location_chosen)
        self._connect_folders()
        window.table.order_chosen.connect(lambda order, down: self.browsing.order_chosen(order, is_descending=down))
        window.sound_moved_to.connect(lambda *_: self.browsing.settle())
        window.relaxed.connect(self.browsing.relax)
        window.cleared.connect(self.browsing.clear_everything)
        window.search.textEdited.connect(self._edit_words)
        window.search.finished.connect(self._finish_typing)
        window.search.left.connect(self.browsing.enter)
        window.recording.opened.connect(self.recording.start)
        window.recording.finished.connect(self.recording.finish)
        window.recording.cancelled.connect(self.recording.cancel)
        window.recording.refresh_wanted.connect(self.recording.refresh)
        window.filters.changed.connect(self.browsing.set_filters)
        window.chips.filter_removed.connect(self.browsing.remove_filter)
        window.chips.recent_left.connect(self.browsing.leave_recent)
        window.chips.filters_cleared.connect(self.browsing.remove_filters)
        window.chips.example_removed.connect(self.browsing.remove_example)
        window.chips.examples_cleared.connect(self.browsing.remove_examples)
        window.chips.example_weighed.connect(self.browsing.weigh)
        window.chips.example_turned.connect(self.browsing.turn)
        window.inspector.aspect_weighed.connect(self.browsing.weigh_aspect)
        window.inspector.aspects_reset.connect(self.browsing.reset_aspects)
        window.refresh_wanted.connect(self.browsing.refresh)
        window.refresh_wanted.connect(self.rejected.refresh)
        window.rejected_wanted.connect(self.rejected.refresh)
        window.rejected.tree.retry_asked.connect(self.rejected.retry)

    def _connect_folders(self) -> None:
        tree, status = self.window.folders, self.window.status
        tree.remove_asked.connect(self._remove)
        tree.locate_asked.connect(self._locate)
        tree.forget_asked.connect(self.folders.forget_missing)
        tree.rescan_asked.connect(self.folders.rescan)
        tree.watch_toggled.connect(lambda folder, is_on: self.folders.set_watched(folder, is_watched=is_on))
        tree.reveal_asked.connect(lambda path: reveal(path, is_folder=True))
        status.relink_accepted.connect(self.folders.accept_relink)
        status.relink_declined.connect(self.folders.add_anyway)
        status.relink_dismissed.connect(self.folders.dismiss_relink)
        status.locate_clicked.connect(self._locate_away)
        self.window.locate_wanted.connect(self._locate_away)
        self._look_timer.timeout.connect(self.folders.look)

    def _connect_playing(self) -> None:
        window = self.window
        window.sound_moved_to.connect(
            lambda sound, start_s, is_passing: self.playing.selected(
                sound.path if sound else None,
                start_s=start_s,
                is_quiet=is_passing,
                music=music_of(sound.bpm, sound.root_key) if sound else None,
            )
        )
        window.waveform.position_clicked.connect(self.playing.play_from)
        window.moment_chosen.connect(self.playing.choose_moment)
        window.waveform.region_chosen.connect(self.playing.choose_region)
        window.waveform.detail_changed.connect(self.waveform.refresh)
        window.query_played.connect(self.playing.play_other)
        window.query_peaks_wanted.connect(self._read_query_peaks)
        window.sound_moved_to.connect(
            lambda sound, _, is_passing: None if is_passing or sound is None else self._prefetch()
        )
        window.sound_moved_to.connect(lambda _sound, _start_s, is_passing: None if is_passing else self._estimate())
        window.model.files_for_drag = self.playing.files_for_drag
        window.dragged.connect(self.shelf.record_dragged)
        window.transport.volume_chosen.connect(self.playing.set_volume)
        window.transport.pitch_stepped.connect(self.playing.shift_pitch)
        window.transport.pitch_reset.connect(self.playing.reset_pitch)
        window.transport.speed_stepped.connect(self.playing.step_speed)
        window.transport.speed_reset.connect(lambda: self.playing.set_speed(1.0))
        window.transport.channel_chosen.connect(self.playing.set_channel)
        window.example_played.connect(self.playing.play_example)
        window.playhead_wanted.connect(lambda: window.show_position(self.playing.position_s))

    def _connect_annotations(self) -> None:
        window = self.window
        window.sound_shown.connect(
            lambda sound, is_passing: self.words.moved(sound.id if sound else None, is_passing=is_passing)
        )
        window.table.current_lost.connect(lambda: self.words.moved(None, is_passing=False))
        window.sound_shown.connect(
            lambda sound, is_passing: self.annotations.moved(sound.id if sound else None, is_passing=is_passing)
        )
        window.table.current_lost.connect(lambda: window.inspector.show_sound(None, None, (), ()))
        window.table.current_lost.connect(lambda: self.annotations.moved(None, is_passing=False))
        window.inspector.rating.rated.connect(self.annotations.rate)
        window.inspector.rating.favourite_toggled.connect(self.annotations.toggle_favourite)
        window.inspector.note.written.connect(self.annotations.write_note)
        window.inspector.note.left.connect(window.table.setFocus)
        window.inspector.collections.toggled.connect(self.annotations.toggle_collection)
        window.inspector.collections.new_asked.connect(self._collect)
        window.shelf.opened.connect(self.shelf.open)
        window.shelf.rename_asked.connect(self._rename)
        window.shelf.delete_asked.connect(self._delete)
        window.shelf.clear_asked.connect(self.shelf.clear_history)
        window.words.visibility_changed.connect(lambda is_visible: self.words.set_visible(is_visible=is_visible))
        window.words.searched.connect(self.words.search)
        window.words.denied.connect(self.words.deny)
        window.words.given.connect(self.words.give)
        window.refresh_wanted.connect(self.words.refresh)

    def _connect_actions(self) -> None:
        window = self.window
        actions.connect(
            window.actions_by_name,
            {
                "add_folder": self._add_folder,
                "add_demo": lambda: self.indexing.add([demo_folder()]),
                "remove_folder": self._remove_chosen,
                "rescan": self.indexing.rescan,
                "rescan_folder": self._rescan_chosen,
                "watch_folder": self._watch_chosen,
                "locate_folder": self._locate_chosen,
                "forget_missing": self._forget_chosen,
                "reveal_folder": self._reveal_chosen,
                "pause": self.indexing.toggle_pause,
                "cancel": self.indexing.cancel,
                "models": self._encoders_dialog.open,
                "quit": window.close,
                "back": self.browsing.go_back,
                "forward": self.browsing.go_forward,
                "search": window.focus_search,
                "filters": self._open_filters,
                "surprise": self.browsing.surprise,
                "record": lambda: window.recording.open_below(window.header),
                "clear": self._clear,
                "copy_path": window.copy_path,
                "locate": window.locate,
                "play": self.playing.toggle,
                "replay": self.playing.replay,
                "stop": self.playing.stop,
                "similar": self._find_similar,
                "similar_speeds": partial(self._find_similar, has_other_speeds=True),
                "more_like": self._refine,
                "less_like": partial(self._refine, is_unlike=True),
                "add_word": self._add_word,
                "undo": self.edits.undo,
                "redo": self.edits.redo,
                "favourite": self.annotations.toggle_favourite,
                **{f"star_{n}": partial(self.annotations.rate, n) for n in range(1, 6)},
                "collect": self._collect,
                "save_search": self._save_search,
                "clear_history": self.shelf.clear_history,
                "seek_back": partial(self._seek, -_SEEK_SHARE),
                "seek_forward": partial(self._seek, _SEEK_SHARE),
                "mark_start": partial(self._mark, "start"),
                "mark_end": partial(self._mark, "end"),
                "loop": lambda: self.playing.set_loop(is_loop=window.actions_by_name["loop"].isChecked()),
                "auto_play": self._toggle_auto_play,
                "louder": partial(window.transport.change_volume, 1),
                "quieter": partial(window.transport.change_volume, -1),
                "reverse": lambda: self.playing.set_reversed(is_reversed=window.actions_by_name["reverse"].isChecked()),
                "even": lambda: self.playing.set_even(is_even=window.actions_by_name["even"].isChecked()),
                "pitch_up": lambda: self.playing.shift_pitch(1),
                "pitch_down": lambda: self.playing.shift_pitch(-1),
                "reset_treatment": self.playing.reset,
                "tempo_and_key": self._open_tempo_and_key,
                "map": self._toggle_map,
                "spectrogram": lambda: window.waveform.set_spectrogram(
                    is_spectrogram=window.actions_by_name["spectrogram"].isChecked()
                ),
                "lanes": lambda: window.waveform.set_split(is_split=window.actions_by_name["lanes"].isChecked()),
                "zoom_in": window.waveform.zoom_in,
                "zoom_out": window.waveform.zoom_out,
                "zoom_whole": window.waveform.show_whole,
                "folders": window.toggle_folders,
                "inspector": window.toggle_inspector,
                "fold_copies": self._fold,
                "one_per_folder": self._fold,
                "show_folded": window.table.toggle_fold,
                "rejected": window.show_rejected,
                "settings": self._open_settings,
                **self.listening.handlers,
                "keys": self._key_sheet.show,
                "about": lambda: dialogs.show_about(window),
            },
        )
        self._application.styleHints().colorSchemeChanged.connect(lambda _: self.window.recolour(self._apply_theme()))

    def _connect_map(self) -> None:
        window = self.window
        window.list_shown.connect(lambda _: self.shelf.mark())
        window.list_shown.connect(
            lambda state: self.map.list_changed(
                state.listing.ids,
                state.listing.matches,
                has_matches=state.has_matches,
                example_ids=window.example_ids(state.examples),
            )
        )
        window.map.colour_chosen.connect(self.map.choose_colour)
        window.map.hovered.connect(self._hovered)

    def _restore(self) -> None:
        settings, window = self._settings, self.window
        order = settings.order if settings.order in {*SORT_FIELDS, RELEVANCE} else "name"
        folder_ids = {str(folder.path): folder.id for folder in self._reader.folders()}
        folder_id = folder_ids.get(settings.folder) if settings.folder else None
        location = Location(folder_id, settings.directory) if folder_id and settings.directory else None
        self.browsing.restore(location, order, is_descending=settings.is_descending)
        window.folders.choose(location)
        window.actions_by_name["loop"].setChecked(settings.is_loop)
        window.actions_by_name["auto_play"].setChecked(settings.is_auto_play)
        window.actions_by_name["even"].setChecked(settings.is_even)
        window.actions_by_name["lanes"].setChecked(True)
        window.actions_by_name["fold_copies"].setChecked(settings.has_folded_copies)
        window.actions_by_name["one_per_folder"].setChecked(settings.is_one_per_folder)
        self._fold()
        window.want_folders(are_wanted=settings.has_folders)
        window.want_inspector(is_wanted=settings.has_inspector)
        window.show_history(can_go_back=False, can_go_forward=False)
        window.show_undo(None, None)
        is_valid = MIN_DB <= settings.volume_db <= MAX_DB  # not for NaN
        window.transport.show_volume(settings.volume_db if is_valid else 0.0)
        window.show_indexing(None)
        restore_geometry(
            window, geometry=settings.geometry, splitter=settings.splitter, rows_splitter=settings.rows_splitter
        )
        window.table.show_columns(settings.columns or DEFAULT_COLUMNS, settings.column_widths)
        window.table.set_row_height(self._row_px())

    def _fold(self) -> None:
        self.browsing.set_folding(self._folding)

    @property
    def _folding(self) -> Folding:
        """What the menu says is folded."""
        switches = self.window.actions_by_name
        return Folding(
            has_folded_copies=switches["fold_copies"].isChecked(),
            is_one_per_folder=switches["one_per_folder"].isChecked(),
        )

    def _handle(self, events: list[object]) -> None:
        if self._is_closed:  # the player says that it has stopped
            return
        for event in events:
            self.indexing.handle(event)
            self.folders.handle(event)
            self.playing.handle(event)
            if isinstance(event, Started):
                self._record_played(event.path)
            self.models.handle(event)
            self.listening.handle(event)
            self.map.handle(event)
            if (
                isinstance(event, JobEnded) and event.runner is self.indexing.runner
            ):  # the library may have its first sounds
                self.models.refresh()
                self.map.library_changed()

    def _estimate(self) -> None:
        """Estimate the tempo and key of the current sound where it is to be played in others."""
        path = self.playing.path
        if path is not None and self.playing.lacks_music:
            self._details.run(
                "music",
                lambda: estimate_music(path),
                done=lambda found: self.playing.learn(path, Music(found.bpm, found.key)),
                failed=lambda _: None,  # playback says why the file cannot be decoded
            )

    def _read_query_peaks(self, path: Path) -> None:
        self._details.run(
            "query peaks",
            lambda: measure_peaks(path),
            done=lambda measured: self.window.show_query_peaks(path, *measured),
            failed=lambda _: None,  # the search has said it
        )

    def _record_played(self, path: Path) -> None:
        sound = self.window.current_sound
        if sound is not None and sound.path == path:
            self.shelf.record("played", sound.id)

    # User actions

    def _add_folder(self) -> None:
        states = self.window.folders.states
        folder = dialogs.ask_for_folder(self.window, states[-1].folder.path if states else None)
        if folder is not None:
            self.folders.add([folder])

    def _chosen_state(self) -> FolderState | None:
        return self.window.folders.state_of(self.browsing.location)

    def _rescan_chosen(self) -> None:
        location, state = self.browsing.location, self._chosen_state()
        if location is not None and state is not None:
            self.folders.rescan(state.folder, self.window.folders.path_of(location))

    def _watch_chosen(self) -> None:
        state = self._chosen_state()
        if state is not None:
            self.folders.set_watched(state.folder, is_watched=self.window.actions_by_name["watch_folder"].isChecked())

    def _locate_chosen(self) -> None:
        state = self._chosen_state()
        if state is not None:
            self._locate(state.folder)

    def _locate_away(self) -> None:
        """Locate the selected folder, or else one that is not connected."""
        states = [self._chosen_state(), *self.window.folders.states]
        state = next((state for state in states if state is not None and not state.is_connected), None)
        if state is not None:
            self._locate(state.folder)

    def _locate(self, folder: Folder) -> None:
        path = dialogs.ask_for_moved_folder(self.window, printable(root_name(folder.path)), folder.path)
        if path is not None:
            self.folders.relink(folder, path)

    def _forget_chosen(self) -> None:
        state = self._chosen_state()
        if state is not None:
            self.folders.forget_missing(state.folder)

    def _reveal_chosen(self) -> None:
        location = self.browsing.location
        if location is not None:
            reveal(self.window.folders.path_of(location), is_folder=True)

    def _leave(self, folder: Folder) -> None:
        """Show all sounds if a folder is selected, or a directory in it."""
        location = self.browsing.location
        if location is not None and location.folder_id == folder.id:
            self.browsing.location_chosen(None)

    def _remove_chosen(self) -> None:
        folder = self.window.folders.root_at(self.browsing.location)
        if folder is not None:
            self._remove(folder)

    def _remove(self, folder: Folder) -> None:
        if self.indexing.is_running:
            self.window.complain(
                translate("Folders", "Folders cannot be removed during analysis. Pause or cancel it first.")
            )
            return
        self._leave(folder)
        self.edits.make(
            lambda: remove_folder(self._library, folder),
            done=lambda: self.window.show_news(
                translate("Folders", "“{name}” was removed from the library. Undo brings it back.").format(
                    name=printable(folder.path.name)
                )
            ),
        )

    def _find_similar(self, *, has_other_speeds: bool = False) -> None:
        examples = self.window.chosen_examples(self.playing.region)
        if examples:
            self.browsing.find_similar(examples, has_other_speeds=has_other_speeds)

    def _refine(self, *, is_unlike: bool = False) -> None:
        examples = self.window.chosen_examples(self.playing.region)
        if examples:
            self.browsing.refine([replace(example, is_unlike=is_unlike) for example in examples])

    def _show_similar(self, examples: Sequence[Example]) -> None:
        self.browsing.find_similar(examples)

    def _dropped(self, dropped: list[Path]) -> None:
        folders = [path for path in dropped if os.path.isdir(path)]  # noqa: PTH112 - unlike Path's, it never raises
        if folders:
            self.folders.add(folders)
        files = [path for path in dropped if path not in folders]
        if files:
            self._show_similar([Example(path) for path in files])

    def _finish_typing(self) -> None:
        self.browsing.finish_typing()
        text = self.browsing.state.text.strip()
        if text and not self._is_recorded:  # the box is left again when the list takes the focus
            self._is_recorded = True
            self.shelf.record("queried", text, is_shown=True)

    def _edit_words(self, _: str) -> None:
        self._is_recorded = False

    def _open_filters(self) -> None:
        self.window.filters.open_below(self.window.header.filters, self.window.chips, self.browsing.filters)

    def _edited(self) -> None:
        """Show a change of data wherever it is seen."""
        self.browsing.refresh()
        self.words.refresh()
        self.annotations.refresh()
        self.shelf.refresh()
        self.map.library_changed()

    def _collect(self) -> None:
        name = ask_for_name(
            self.window, translate("Collections", "New collection"), verb=translate("Collections", "Create")
        )
        if name is not None:
            self.annotations.collect_in_new(name)

    def _save_search(self) -> None:
        title, verb = translate("Searches", "Save search"), translate("Searches", "Save")
        name = ask_for_name(self.window, title, self.shelf.suggested_name(), verb=verb)
        if name is not None:
            self.shelf.save(name)

    def _rename(self, item: ShelfItem) -> None:
        name = ask_for_name(self.window, translate("Shelf", "Rename"), item.text, verb=translate("Shelf", "Rename"))
        if name is None:
            return
        if item.collection is not None:
            self.annotations.rename(item.collection, name)
        elif item.search is not None:
            self.shelf.rename(item.search, name)

    def _delete(self, item: ShelfItem) -> None:
        if item.collection is not None:
            self.annotations.delete(item.collection)
        elif item.search is not None:
            self.shelf.delete(item.search)

    def _add_word(self) -> None:
        self.window.show_inspector()
        self.window.words.begin(self.words.placeholder())

    def _clear(self) -> None:
        """Stop playback, clear the region, zoom out, or clear the search: one of them with each press of Escape.

        Before that, leave the list of rejected sounds.
        """
        if self.window.leave_rejected():
            return
        if self.playing.stop():
            return
        if self.playing.region is not None:
            self.playing.clear_region()
            self.window.waveform.clear_region()
            return
        if self.window.waveform.show_whole():
            return
        self.browsing.clear()

    def _save_dismissal(self) -> None:
        """Save at once that the offer was dismissed: it must not come back after a crash either."""
        if self._settings.has_offer != self.models.has_offer:
            self._settings = replace(self._settings, has_offer=self.models.has_offer)
            save_settings(self._settings, paths.settings_path())

    def _render_ahead(self, request: Request) -> None:
        """Render what may be dragged soon; if that fails, the drag says why."""
        self._rendering.run(
            "render",
            lambda: render_for_drag(request, paths.cache_path() / "dragged"),
            done=lambda _: None,
            failed=lambda _: None,
        )

    def _seek(self, share: float) -> None:
        """Play from a position that is later by a share of the visible waveform."""
        shown = self.window.waveform.shown
        self.window.waveform.clear_region()
        self.playing.seek(share * shown.length_s, duration_s=shown.duration_s)

    def _mark(self, edge: Literal["start", "end"]) -> None:
        region = self.playing.mark(edge, duration_s=self.window.waveform.shown.duration_s)
        if region is not None:
            self.window.waveform.select_region(region.start_s, region.end_s)

    def _open_tempo_and_key(self) -> None:
        self.window.show_target(self.playing.target)  # the switch shows whether one is chosen, not that it was pressed
        dialog = TempoAndKeyDialog(self.window, self.playing.target)
        dialog.music_chosen.connect(self.playing.follow)
        dialog.music_chosen.connect(lambda _: self._estimate())
        dialog.show()

    def _prefetch(self) -> None:
        self.playing.prefetch(self.window.likely_paths())

    def _toggle_map(self) -> None:
        self.window.toggle_map()
        self.map.set_visible(is_visible=self.window.actions_by_name["map"].isChecked())

    def _hovered(self, sound_id: int | None) -> None:
        """Play the sound under the pointer, or stop when it has left; the selected sound stays the current one."""
        sound = self._reader.rows([sound_id]).get(sound_id) if sound_id is not None else None
        if sound is not None:
            self.playing.play_other(sound.path, 0.0)
        else:
            self.playing.stop()

    def _toggle_auto_play(self) -> None:
        self.playing.is_auto_play = self.window.actions_by_name["auto_play"].isChecked()

    # Settings

    def _apply_theme(self) -> theme.Tokens:
        settings = self._settings
        return theme.apply(self._application, settings.theme, text_size_px=settings.text_size_px)

    def _row_px(self) -> int:
        """Return the height of a row: it grows with the text."""
        larger_px = theme.base_px(self._settings.text_size_px) - theme.BASE_PX
        return (ROOMY_ROW_PX if self._settings.has_roomy_rows else ROW_PX) + max(0, larger_px)

    def _open_settings(self) -> None:
        self._settings_window.show().show_settings(self._settings, self.window.table.columns)
        self._settings_window.update(lambda window: window.show_ignored(self._reader.ignored_patterns()))
        self._lists[0].run("outputs", list_outputs, done=self._show_outputs, failed=self.window.complain)

    def _show_outputs(self, outputs: Sequence[str]) -> None:
        self._settings_window.update(lambda window: window.show_outputs(outputs, self._settings.output))

    def _make_settings_window(self) -> SettingsWindow:
        made = SettingsWindow(self.window)
        made.changed.connect(self.change_setting)
        made.column_changed.connect(lambda name, is_shown: self.window.table.choose_column(name, is_shown=is_shown))
        made.ignored_changed.connect(self.folders.ignore)
        made.keys_asked.connect(self._key_sheet.show)
        return made

    def _make_key_sheet(self) -> KeySheet:
        return KeySheet(self.window, self._keys, self._keys_changed)

    def _keys_changed(self) -> None:
        actions.show_keys(self.window.actions_by_name, self._keys)
        self.window.show_target(self.playing.target)

    def change_setting(self, name: str, value: Any) -> None:
        """Change a setting; it takes effect at once."""
        self._settings = replace(self._settings, **{name: value})
        match name:
            case "theme" | "text_size_px":
                self.window.recolour(self._apply_theme())
                self.window.table.set_row_height(self._row_px())
            case "has_roomy_rows":
                self.window.table.set_row_height(self._row_px())
            case "output" | "latency":
                self._player.choose_output(self._settings.output, latency=self._settings.latency)
            case "has_suggestions":
                self.words.set_suggestions(are_shown=bool(value))
            case "analysis_load":
                self.indexing.set_load(str(value))
            case _:
                raise ValueError(name)

    def close(self) -> None:
        """Save the settings, and end every thread."""
        order, is_descending = self.browsing.order
        location = self.browsing.location
        settings = replace(
            self._settings,
            folder=next(
                (str(entry.path) for entry in self._reader.folders() if location and entry.id == location.folder_id),
                None,
            ),
            directory=location.directory if location else None,
            order=order,
            is_descending=is_descending,
            volume_db=self._player.volume_db,
            is_auto_play=self.playing.is_auto_play,
            is_loop=self.playing.is_loop,
            is_even=self.playing.is_even,
            has_folded_copies=self._folding.has_folded_copies,
            is_one_per_folder=self._folding.is_one_per_folder,
            has_folders=self.window.are_folders_wanted,
            columns=list(self.window.table.columns),
            column_widths=self.window.table.column_widths,
            keys=self._keys.changed,
            has_inspector=self.window.is_inspector_wanted,
            is_analysis_held=self.indexing.is_held,
            has_offer=self.models.has_offer,
            labels=self.listening.labels,
            map_colour=self.map.colour_of_list,
            has_map_hover=self.window.map.hover.isChecked(),
            **saved_geometry(self.window),
        )
        save_settings(settings, paths.settings_path())
        self.window.inspector.note.save()
        self._is_closed = True
        self._look_timer.stop()
        self._folder_queries.close(self.folders.close)
        self.listening.close()
        self._recorder.cancel()
        self._recording_queries.close(self._recorder.cancel)
        self.map.close()
        self._details.close(lambda: None)
        self._rendering.close(lambda: None)
        self._player.close()
        self._encoders_dialog.close()
        self._settings_window.close()
        self._key_sheet.close()
        self.models.close()
        self.indexing.close()
        for queries, browsing in (self._lists, self._similar):
            queries.close(browsing.close)
        self._reader.close()


def keep_turns_short() -> None:
    """Let nothing of the Python process block the window for long, once the window has been made.

    Threads take turns more often, and collections of garbage, which stop all threads, leave out what is there already:
    with the modules of the program they took up to 180 ms.
    """
    sys.setswitchinterval(_SWITCH_S)
    gc.freeze()


def open_window(arguments: Sequence[str]) -> int:
    """Open the window and return the exit code when it is closed."""
    parser = argparse.ArgumentParser(prog="bowerbird", description="Open the window.")
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="folders to add")
    parser.add_argument("--demo", action="store_true", help="add the demo sounds when the library is empty")
    parser.add_argument("--library", type=Path, help="folder of the library")
    try:
        options = parser.parse_args(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    absent = [folder for folder in options.folders if not os.path.isdir(folder)]  # noqa: PTH112
    if absent:
        print(  # noqa: T201 - before there is a window
            f"Cannot find the folder or command {absent[0]}. Check the spelling, or see bowerbird --help.",
            file=sys.stderr,
        )
        return 2
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        if os.environ.get("QT_QPA_PLATFORM") is None:
            print(  # noqa: T201
                "There is no display for the window. Use the commands instead: bowerbird --help.", file=sys.stderr
            )
            return 2
    library = paths.library_path(options.library)
    folders = [folder.absolute() for folder in options.folders]
    boundary.log_qt()
    application = QApplication(["bowerbird"])
    use_translator(QApplication.translate)
    application.setApplicationName("Bowerbird")
    application.setDesktopFileName("bowerbird")
    application.setStyle("Fusion")
    listener = listener_or_answer(library, folders)
    if listener == "shown":
        print("Bowerbird is open already. Its window is in front now.", file=sys.stderr)  # noqa: T201
        return 0
    try:
        problems: list[str] = []
        program = Application(
            Library.open(library),
            load_settings(paths.settings_path(), problems.append),
            encoder_named(DEFAULT_ENCODER),
        )
    except BowerbirdError as error:
        print(error, file=sys.stderr)  # noqa: T201
        theme.apply(application, "system")
        dialogs.show_error(str(error))
        return 2
    if options.demo and not folders and program.is_empty:
        folders = [demo_folder()]
    boundary.show_uncaught(program.window)
    boundary.close_on_signals(program.window)
    if isinstance(listener, StartListener):
        listener.attach(program.window, program.folders.add)
    else:
        problems.append(
            translate("Start", "Another window of this library is open and does not answer. Close one of the two.")
        )
    keep_turns_short()
    program.start(folders)
    for problem in problems:
        program.window.complain(problem)
    return application.exec()
