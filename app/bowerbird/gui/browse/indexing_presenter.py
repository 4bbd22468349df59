"""Indexing from the window: one run at a time; further folders wait for its end."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from bowerbird.base.errors import EncoderError
from bowerbird.base.text import count_text, progress_text
from bowerbird.domain.events import (
    BatchRecorded,
    FolderListed,
    FolderUnreachable,
    IndexingFinished,
    Progress,
    SoundsListed,
)
from bowerbird.encoders.protocol import Encoder
from bowerbird.gui.translation import QT_TRANSLATE_NOOP, translate
from bowerbird.jobs.control import Control
from bowerbird.jobs.progress import Report
from bowerbird.jobs.runner import JobRunner, Work
from bowerbird.library.indexing.index import index_folders
from bowerbird.library.indexing.worker_pool import n_workers_for
from bowerbird.library.library import Library
from bowerbird.library.search.learned_words import has_learned_words, update_learned_words
from bowerbird.library.search.neighbours import update_index

logger = logging.getLogger(__name__)

_END_WITHIN_S: Final = 10.0
_N_QUIET: Final = 20
"""Up to so many sounds, a run that the user did not start shows no progress."""

_ACTIVITIES: Final = frozenset(
    {
        QT_TRANSLATE_NOOP("Indexing", "Finding copies"),
        QT_TRANSLATE_NOOP("Indexing", "Hashing samples"),
        QT_TRANSLATE_NOOP("Indexing", "Reading metadata"),
        QT_TRANSLATE_NOOP("Indexing", "Reading names"),
    }
)
"""What a run does besides embedding, as it is named in events."""


@dataclass(frozen=True, slots=True)
class IndexingState:
    """The content of the progress line.

    Attributes
    ----------
    text : str
    share : float or None
        The part that is done, in [0, 1]; None while it is not known.
    is_paused : bool
    """

    text: str
    share: float | None
    is_paused: bool


@dataclass(frozen=True, slots=True)
class UnfinishedState:
    """What the status line says while sounds are not analysed and nothing is analysing them."""

    text: str


class IndexingView(Protocol):
    """What the presenter needs of the window."""

    def show_indexing(self, state: IndexingState | None) -> None:
        """Show the progress line, or hide it."""

    def show_unfinished(self, state: UnfinishedState | None) -> None:
        """Show that the analysis was stopped before its end, or hide that."""

    def library_changed(self, *, is_final: bool) -> None:
        """Read rows again."""

    def complain(self, sentence: str) -> None:
        """Show an error."""


class IndexingPresenter:
    """Starts, pauses and cancels indexing, and shows its progress.

    Parameters
    ----------
    view : IndexingView
    library : Library
    encoder : Encoder
    post : callable
        Carries events from the job's thread to `handle` in the window's.
    further : Encoder or None
        The library's further encoder, if it has one.
    title_of : callable
        Returns the title of an encoder for its name.
    is_held : bool
        Whether the user stopped the analysis: it is resumed only when they ask for it.
    load : str
        low or normal: one core, or all of them.
    """

    def __init__(
        self,
        view: IndexingView,
        library: Library,
        encoder: Encoder,
        post: Callable[[object], None],
        *,
        further: Encoder | None = None,
        title_of: Callable[[str], str] = str,
        is_held: bool = False,
        load: str = "normal",
    ) -> None:
        self._view = view
        self._library = library
        self._encoder = encoder
        self._post = post
        self._further = None if further is None or further.id == encoder.id else further
        self._title_of = title_of
        self._folders: list[Path] = []
        self.runner = JobRunner(post, name="indexing", end_within_s=_END_WITHIN_S)
        self._learning = JobRunner(post, name="learning", end_within_s=_END_WITHIN_S)
        self._waiting: list[Path] = []
        self._changed: list[Path] = []
        self._is_quiet = False
        self._is_rescan_waiting = False
        self._state = IndexingState("", None, is_paused=False)
        self._is_held = is_held
        self._load = load
        self._n_analysed, self._n_present = 0, 0
        self._n_before = 0  # analysed by the run that the current one resumes

    @property
    def is_held(self) -> bool:
        """Whether the user stopped the analysis, or paused it: it is resumed only when they ask for it."""
        control = self.runner.control
        return self._is_held or (control is not None and control.is_paused)

    @property
    def is_running(self) -> bool:
        """Whether a job is running."""
        return self.runner.is_running

    @property
    def encoder_ids(self) -> tuple[str, ...]:
        """Ids of the encoders that embed every sound."""
        further = () if self._further is None else (self._further.id,)
        return (self._encoder.id, *further)

    def add(self, folders: Sequence[Path]) -> None:
        """Index folders now, or after the current run."""
        if self.is_running:
            self._waiting += [folder for folder in folders if folder not in self._waiting]
        else:
            self._index(list(folders))

    def update(self, directories: Sequence[Path]) -> None:
        """Bring directories up to date in which files have changed: quietly, with one worker, after the current run.

        If the user stopped the analysis, nothing happens: resuming it finds the changes.
        """
        if self._is_held:
            return
        self._changed += [path for path in directories if path not in self._changed]
        if not self.is_running:
            self._index_changed()

    def _index_changed(self) -> None:
        directories, self._changed = self._changed, []
        self._index(directories, n_workers=1, is_quiet=True)

    def rescan(self) -> None:
        """Bring every folder up to date, now or after the current run."""
        if self.is_running:
            self._is_rescan_waiting = True
        else:
            self._index([])

    def set_load(self, load: str) -> None:
        """Use more or fewer cores, from the next run on; a current run is restarted."""
        if load != self._load:
            self._load = load
            self._restart()

    def count(self, n_analysed: int, n_present: int) -> None:
        """Take note of how many sounds were analysed, and how many there are."""
        self._n_analysed, self._n_present = n_analysed, n_present
        self._show_unfinished()

    def resume(self, folders: Sequence[Path]) -> None:
        """Resume what an earlier run left, with one worker: the user did not start it. Not if they stopped it.

        Where nothing was left, a library that was indexed before words were learned from names learns them now.
        """
        if self.is_running or self._is_held:
            return
        if folders:
            self._index(list(folders), n_workers=1)
        elif not has_learned_words(self._library, self._encoder):
            self._learning.start(
                "Learning words",
                lambda control, _: update_learned_words(self._library, self._encoder, control),
                ended=lambda _, error: self._has_learned(error),
            )

    def _has_learned(self, error: str | None) -> None:
        if error is None:
            self._view.library_changed(is_final=True)
        else:  # the user did not ask for it, and searches go on
            logger.warning("words of names were not learned: %s", error)

    def encode_with(self, further: Encoder | None) -> None:
        """Use a further encoder, or none, from the next run on; a current run is restarted."""
        is_same = (further and further.id) == (self._further and self._further.id)
        self._further = further
        if not is_same:
            self._restart()

    def _restart(self) -> None:
        """Start the current run again, if there is one."""
        if self.is_running and not self.runner.is_stopping:
            self.runner.cancel()  # finished work is kept: the next run continues from there
            self._waiting = self._folders + [path for path in self._waiting if path not in self._folders]
            self._is_rescan_waiting = self._is_rescan_waiting or not self._folders

    def toggle_pause(self) -> None:
        """Pause, or resume."""
        control = self.runner.control
        if control is None:
            return
        self._is_quiet = False
        if control.is_paused:
            control.resume()
        else:
            control.pause()
        self._show(self._state.text, self._state.share)

    def cancel(self) -> None:
        """Stop; finished work is kept. Queued folders are dropped too."""
        self._waiting.clear()
        self._changed.clear()
        self._is_rescan_waiting = False
        if self.is_running:
            self._is_held = True
            self._is_quiet = False
            self.runner.cancel()
            self._show(translate("Indexing", "Stopping"), self._state.share)

    def close(self) -> None:
        """Stop and wait for the end."""
        self._waiting.clear()
        self._changed.clear()
        self._learning.close()
        self.runner.close()

    def _index(self, folders: list[Path], n_workers: int | None = None, *, is_quiet: bool = False) -> None:
        further = self._further

        def work(control: Control, report: Report) -> None:  # noqa: ARG001 - events say more
            failure = None
            try:
                index_folders(
                    self._library,
                    folders,
                    encoder=self._encoder,
                    control=control,
                    post=self._post,
                    n_workers=n_workers or n_workers_for(self._load),
                    further=further,
                )
            except EncoderError as error:  # of the further encoder: everything else is done
                failure = error
            update_index(self._library, self._encoder, control)
            if failure is not None:
                raise failure
            if further is not None:
                update_index(self._library, further, control)

        self._learning.cancel()  # the run learns them at its end
        self._folders = folders
        self._n_before = self._n_analysed if self._is_held and not folders else 0
        self._is_held = False
        self._is_quiet = is_quiet
        self._show_unfinished()
        self._start(translate("Indexing", "Looking for sounds"), work)

    def _start(self, text: str, work: Work) -> None:
        if self.runner.start("Indexing", work, ended=lambda _result, error: self._finish(error)):
            self._show(text, None)

    def handle(self, event: object) -> None:
        """Take an event of the job, in the window's thread."""
        match event:
            case SoundsListed():
                self._show(translate("Indexing", "{sounds} found").format(sounds=count_text(event.n_found)), None)
            case FolderListed():
                self._view.library_changed(is_final=False)
            case FolderUnreachable():
                if not self._is_quiet:  # a directory that was changed, and deleted meanwhile
                    self._view.complain(event.sentence)
            case Progress():
                self._is_quiet = self._is_quiet and event.n_total <= _N_QUIET
                n_before = 0 if event.activity else self._n_before
                n_done, n_total = n_before + event.n_done, n_before + event.n_total
                text = progress_text(n_done, n_total, event.per_second, event.left_s)
                if event.activity:
                    text = f"{self._name_of(event.activity)} · {text}"
                self._show(text, n_done / max(1, n_total))
            case BatchRecorded():
                self._view.library_changed(is_final=False)
            case IndexingFinished():
                if event.fault_sentence is not None:
                    self._view.complain(event.fault_sentence)
                self._show(translate("Indexing", "Preparing similarity search"), 1.0)
                self._view.library_changed(is_final=True)
            case _:
                self._learning.handle(event)
                self.runner.handle(event)

    def _finish(self, error: str | None) -> None:
        self._folders = []
        self._view.library_changed(is_final=True)
        if error is not None:
            self._view.complain(error)
        if self._waiting:
            folders, self._waiting = self._waiting, []
            self._index(folders)
        elif self._is_rescan_waiting:
            self._is_rescan_waiting = False
            self._changed.clear()
            self._index([])
        elif self._changed and not self._is_held:
            self._index_changed()
        else:
            self._view.show_indexing(None)
            self._show_unfinished()

    def _show_unfinished(self) -> None:
        is_unfinished = self._is_held and not self.is_running and self._n_analysed < self._n_present
        text = translate("Indexing", "{n} of {total} analysed").format(
            n=f"{self._n_analysed:,}", total=f"{self._n_present:,}"
        )
        self._view.show_unfinished(UnfinishedState(text) if is_unfinished else None)

    def _name_of(self, activity: str) -> str:
        """Return an activity in the language of the window; others are named after their encoder."""
        return translate("Indexing", activity) if activity in _ACTIVITIES else self._title_of(activity)

    def _show(self, text: str, share: float | None) -> None:
        if self._is_quiet:
            return
        control = self.runner.control
        is_paused = control is not None and control.is_paused
        self._state = IndexingState(text, share, is_paused)
        self._view.show_indexing(self._state)
